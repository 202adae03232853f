"""The archive: numbered records of closed complaints, how long they are kept, and legal holds."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from engine.errors import EngineError
from web import access, i18n, rows

blueprint = Blueprint("archive", __name__)

Reply = str | Response | tuple[str, int]

_FILTERS = ("q", "category", "department", "archive_class", "due")


@blueprint.get("/archive")
@login_required
def index() -> Reply:
    """The records, newest first."""
    chosen = {name: request.args.get(name) or None for name in _FILTERS}
    wanted = {name: chosen[name] for name in ("q", "category", "department", "archive_class")}
    page = access.engine().archive.list(
        access.actor(),
        pack=access.pack(),
        due_for_destruction=True if chosen["due"] == "yes" else None,
        page=rows.page_number(),
        **wanted,
    )
    return render_template(
        "archive/index.html",
        page=page,
        chosen=chosen,
        filtered=any(chosen.values()),
        categories=rows.values_of("category"),
        departments=rows.departments(),
        value=rows.value,
        page_url=rows.page_url(),
    )


@blueprint.get("/archive/<path:number>")
@login_required
def record(number: str) -> Reply:
    """One record with the complaint it keeps."""
    return _record_page(number)


@blueprint.post("/archive/<path:number>")
@login_required
def hold(number: str) -> Reply:
    """Keep a record beyond its retention, or lift that; with a reason."""
    on = request.form.get("hold") == "on"
    try:
        access.engine().archive.set_legal_hold(access.actor(), number, on, request.form.get("reason", ""))
    except EngineError as error:
        if error.status in (403, 404):
            raise
        return _record_page(number, error.text(i18n.language())), error.status
    flash(_("已设为法律保全，到期不销毁。") if on else _("已解除法律保全。"), "success")
    return redirect(url_for("archive.record", number=number), 303)


def _record_page(number: str, problem: str | None = None) -> str:
    person = access.actor()
    detail = access.engine().archive.get(person, number)
    return render_template(
        "archive/record.html",
        detail=detail,
        row=detail.row,
        may_hold=any(person.has_role(role, detail.row.pack) for role in ("archivist", "manager")),
        sees_complaint=any(person.has_role(role, detail.row.pack) for role in access.READERS),
        asked=request.args.get("do") == "hold",
        problem=problem,
        value=rows.value,
    )
