"""Starting a process that is not a complaint: an archive request, a periodic report."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from engine.errors import FormInvalid, NotFound
from engine.forms import BoundForm
from engine.types import Startable
from web import access, forms, i18n

Reply = str | Response | tuple[str, int]

blueprint = Blueprint("processes", __name__)


@blueprint.get("/start")
@login_required
def index() -> Reply:
    """What can be started."""
    return render_template("processes/index.html", offered=access.engine().instances.startable(access.actor()))


@blueprint.get("/start/<pack>/<process_id>")
@login_required
def new(pack: str, process_id: str) -> Reply:
    """The form of the start event."""
    chosen = _chosen(pack, process_id)
    return _page(chosen, forms.bind(chosen.form, {}, chosen.deployment_id))


@blueprint.post("/start/<pack>/<process_id>")
@login_required
def start(pack: str, process_id: str) -> Reply:
    """Start it; the next task of it that the person may do opens from the worklist."""
    chosen = _chosen(pack, process_id)
    bound = forms.bind(chosen.form, {}, chosen.deployment_id, submitted=True)
    if bound.rows_changed:
        return _page(chosen, bound)
    if not bound.validate():
        return _page(chosen, bound), 422
    try:
        access.engine().instances.start(access.actor(), pack, process_id, bound.values)
    except FormInvalid as error:
        forms.take_errors(bound, error.params.get("errors", {}))
        return _page(chosen, bound), 422
    flash(_("“%(name)s”已发起，下一步已交给负责的人。", name=chosen.name.text(i18n.language())), "success")
    return redirect(url_for("worklist.index"))


def _chosen(pack: str, process_id: str) -> Startable:
    for offered in access.engine().instances.startable(access.actor()):
        if (offered.pack, offered.process_id) == (pack, process_id):
            return offered
    raise NotFound(what=_("可以发起的流程"), id=process_id)


def _page(chosen: Startable, bound: BoundForm) -> str:
    return render_template("processes/new.html", chosen=chosen, bound=bound)
