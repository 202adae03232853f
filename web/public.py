"""Pages for complainants: the start page, filing a complaint, and the number and code to keep."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import segno
from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from markupsafe import Markup
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from werkzeug.wrappers import Response as AnyResponse

from engine.errors import EngineError, FileRefused, FormInvalid, NotFound, TooLarge
from engine.files import size_text
from engine.forms import BoundForm, Form
from engine.types import Actor, PackInfo
from web import access, errors, forms, i18n, tracking

blueprint = Blueprint("public", __name__)
blueprint.register_blueprint(tracking.blueprint)

CHANNEL = "channel"
FILES = "evidence"
TRAP = "website"
"""A field people never see; only programs fill it in."""
_ONLINE = ("web", "online", "internet", "site")
_RECEIPT_FOR = timedelta(minutes=30)
_COMPLAINANT = Actor(id=None, name="complainant", kind="complainant")

Reply = str | AnyResponse | tuple[str, int]


@blueprint.context_processor
def _frame() -> dict[str, Any]:
    return {"public_home": url_for("public.start"), "public_title": _("投诉与查询")}


@blueprint.after_request
def _keep_out_of_caches(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.errorhandler(RateLimitExceeded)
def _too_often(error: RateLimitExceeded) -> Reply:
    """What was typed stays on the page."""
    text = _("短时间内提交过多，这一次没有提交。请等一分钟，再按一次按钮；已填写的内容都还在。")
    if request.endpoint == "public.intake_submit":
        form, info = _intake(request.view_args["pack"] if request.view_args else "")
        return _intake_page(form, info, _bound(form, info, submitted=True), notice=text), 429
    if request.endpoint == "public.tracking.enter":
        return tracking.enter_page(request.form.get("number", ""), text), 429
    return errors.answer(429, _("操作太频繁"), text)


@blueprint.get("/")
def start() -> Reply:
    """What one can complain about, and the way to a complaint filed earlier; staff go to their work."""
    if access.signed_in():
        return redirect(url_for("worklist.index"))
    found = [info for info in access.engine().deployments.packs() if info.channels]
    return render_template("public/start.html", offered=found, demo=access.engine().config.mode == "demo")


@blueprint.get("/c/<pack>")
def intake(pack: str) -> Reply:
    """The intake form of a pack."""
    form, info = _intake(pack)
    return _intake_page(form, info, _bound(form, info))


@blueprint.post("/c/<pack>")
@access.limiter.limit("6 per minute; 60 per hour")
def intake_submit(pack: str) -> Reply:
    """File the complaint; the number and the code are shown on the next page."""
    form, info = _intake(pack)
    bound = _bound(form, info, submitted=True)
    if bound.rows_changed:
        return _intake_page(form, info, bound)
    if request.form.get(TRAP):
        text = _("提交没有成功：请再按一次提交按钮。")
        return _intake_page(form, info, bound, notice=text), 422
    if not bound.validate():
        return _intake_page(form, info, bound), 422
    uploads = [*forms.uploads(bound), *forms.uploads_of(FILES)]
    try:
        filed = access.engine().complaints.file(_COMPLAINANT, pack, bound.values, uploads, language=i18n.language())
    except FormInvalid as error:
        forms.take_errors(bound, error.params.get("errors", {}))
        return _intake_page(form, info, bound), error.status
    except (TooLarge, FileRefused) as error:
        return _intake_page(form, info, bound, file_errors=(_file_error(error),)), error.status
    session["filed"] = {
        "number": filed.number,
        "code": filed.access_code,
        "promise": filed.promise_at.isoformat() if filed.promise_at else None,
        "until": (access.engine().clock.now() + _RECEIPT_FOR).isoformat(),
    }
    return redirect(url_for("public.receipt", pack=pack), 303)


@blueprint.post("/c/<pack>/conditions")
@access.limiter.limit("120 per minute")
def conditions(pack: str) -> Response:
    """Which fields do not apply to what has been typed."""
    form, info = _intake(pack)
    return jsonify(hidden=forms.hidden_names(_bound(form, info, submitted=True)))


@blueprint.get("/c/<pack>/receipt")
def receipt(pack: str) -> Reply:
    """The number and the code to keep. The code stands in the session only, for half an hour."""
    filed = _filed()
    if filed is None:
        return redirect(url_for("public.tracking.enter_form"))
    promise = datetime.fromisoformat(filed["promise"]) if filed["promise"] else None
    link = access.engine().config.base_url + url_for("public.tracking.page", number=filed["number"])
    return render_template(
        "public/receipt.html",
        number=filed["number"],
        code=filed["code"],
        promise=promise,
        info=access.engine().deployments.pack(pack),
        link=link,
        qr=_qr(link),
    )


@blueprint.post("/c/<pack>/receipt")
def receipt_noted(pack: str) -> Reply:
    """Number and code are noted down: forget the code and show the progress."""
    filed = _filed()
    session.pop("filed", None)
    if filed is None:
        return redirect(url_for("public.tracking.enter_form"))
    tracking.allow(filed["number"])
    return redirect(url_for("public.tracking.page", number=filed["number"]), 303)


@blueprint.get("/c/<pack>/qr.svg")
def poster(pack: str) -> Response:
    """The address of the intake page as a QR code, for posters, bills and counters."""
    _intake(pack)
    code = segno.make(access.engine().config.base_url + url_for("public.intake", pack=pack), error="m")
    out = io.BytesIO()
    code.save(out, kind="svg", scale=8, border=4, light="#fff")
    response = make_response(out.getvalue())
    response.mimetype = "image/svg+xml"
    response.cache_control.max_age = 86_400
    return response


def _intake(pack: str) -> tuple[Form, PackInfo]:
    form, info = access.engine().complaints.intake_form(pack)
    if not info.channels:
        raise NotFound(what=_("受理页面"), id=pack[:64])
    return form, info


def online_channel(form: Form, info: PackInfo) -> str | None:
    """The channel of what comes in on these pages: the form field's property ``public``, else the one called a web site."""
    for field in form.fields:
        if field.name == CHANNEL and field.properties.get("public"):
            return field.properties["public"]
    return next((key for key, name in info.channels if any(word in name.en.casefold() for word in _ONLINE)), None)


def _bound(form: Form, info: PackInfo, submitted: bool = False) -> BoundForm:
    language, channel = i18n.language(), online_channel(form, info)
    names = access.engine().deployments.names(info.deployment_id)
    sent = None
    if submitted:
        fixed = MultiDict({CHANNEL: channel} if channel else {})
        sent = CombinedMultiDict([fixed, request.form, request.files])
        sent = MultiDict([(k, v) for k, v in sent.items(multi=True) if k != CHANNEL or not channel])
        sent.update(fixed)
    return form.bind({}, sent, language, names.label if language == "en" else None, forms.local_now())


def _intake_page(
    form: Form, info: PackInfo, bound: BoundForm, notice: str | None = None, file_errors: tuple[str, ...] = ()
) -> str:
    hidden = CHANNEL if online_channel(form, info) else None
    limits = access.engine().config.files
    return render_template(
        "public/intake.html",
        info=info,
        bound=bound,
        rows=[shown for row in bound.rows if (shown := [field for field in row if field.name != hidden])],
        own_files=any(field.kind == "filepicker" for field in bound.fields),
        notice=notice,
        file_errors=file_errors,
        limit=size_text(limits.max_bytes),
        limits=limits,
        accept=",".join(f".{kind}" for kind in ("jpg", *limits.types)),
        trap=TRAP,
        evidence=FILES,
    )


def _file_error(error: EngineError) -> str:
    return error.text(i18n.language()) + _("其余内容都还在，请重新选择文件。")


def _filed() -> dict[str, Any] | None:
    filed: dict[str, Any] | None = session.get("filed")
    if filed is None or datetime.fromisoformat(filed["until"]) < access.engine().clock.now():
        session.pop("filed", None)
        return None
    return filed


def _qr(text: str) -> Markup:
    """A QR code as an image that prints and needs no request."""
    return Markup('src="{}"').format(segno.make(text, error="m").svg_data_uri(scale=5, border=2, light="#fff"))
