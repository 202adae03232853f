"""Following a complaint by its number and code: progress, additions, withdrawal, survey."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from engine.errors import EngineError, NotFound
from engine.files import download_headers, size_text
from engine.types import Actor, Name
from web import access, forms, i18n

blueprint = Blueprint("tracking", __name__)

NOTE_LENGTH = 2000
ATTITUDES = (Name("满意", "Satisfied"), Name("一般", "Neither"), Name("不满意", "Dissatisfied"))
_OPEN_FOR = timedelta(hours=2)
_FILES = "files"

Reply = str | AnyResponse | tuple[str, int]


@blueprint.get("/track")
def enter_form() -> Reply:
    """Ask for number and code."""
    return enter_page(request.args.get("number", "")[:64])


@blueprint.post("/track")
@access.limiter.limit("8 per minute; 60 per hour")
def enter() -> Reply:
    """Open a complaint by its number and code."""
    number = unicodedata.normalize("NFKC", request.form.get("number", "")).strip()[:64]
    code = request.form.get("code", "").strip()[:64]
    if not number or not code:
        return enter_page(number, _("请填写投诉编号和查询码。")), 422
    person = _found(number, code)
    if person is None:
        return enter_page(number, _("编号或查询码不对。请对照提交后看到的页面，或受理人员告诉您的编号和查询码。")), 422
    allow(person.number or number)
    return redirect(url_for("public.tracking.page", number=person.number), 303)


@blueprint.get("/track/<number>")
def page(number: str) -> Reply:
    """Where the complaint stands; asks for the code first when it has not been given in this session."""
    person = _person(number)
    if person is None:
        return enter_page(number)
    return _tracking_page(person)


@blueprint.post("/track/<number>/leave")
def leave(number: str) -> Reply:
    """Close the complaint on this device."""
    session.pop("tracked", None)
    session.pop("filed", None)
    flash(_("已退出查询，这台设备上不再显示您的投诉。"), "success")
    return redirect(url_for("public.start"), 303)


@blueprint.post("/track/<number>/add")
@access.limiter.limit("10 per minute; 60 per hour")
def add(number: str) -> Reply:
    """Further information and files."""
    person, note = _person(number), _text("note")
    if person is None:
        return enter_page(number), 403
    uploads = forms.uploads_of(_FILES)
    if not note and not uploads:
        return _tracking_page(person, {"note": _("请写下要补充的情况，或者选择文件。")}), 422
    try:
        if uploads:
            access.engine().complaints.attach(person, number, uploads)
    except EngineError as error:
        return _tracking_page(person, {"files": error.text(i18n.language())}), error.status
    count = len(uploads)
    note = note or _("补充了 %(count)d 个文件", count=count)
    return _send(person, "add_information", {"note": note}, _("已收到您补充的情况，经办人员会看到。"))


@blueprint.post("/track/<number>/contact")
@access.limiter.limit("10 per minute; 60 per hour")
def contact(number: str) -> Reply:
    """Ask to be called, or ask a question."""
    person, note = _person(number), _text("contact_note")
    if person is None:
        return enter_page(number), 403
    if not note:
        return _tracking_page(person, {"contact_note": _("请写下您想问的，或希望我们何时联系您。")}), 422
    return _send(person, "customer_contact", {"note": note}, _("已转告经办人员，他们会与您联系。"))


@blueprint.post("/track/<number>/withdraw")
@access.limiter.limit("10 per minute; 60 per hour")
def withdraw(number: str) -> Reply:
    """Withdraw the complaint, with a reason."""
    person, reason = _person(number), _text("reason")
    if person is None:
        return enter_page(number), 403
    if not reason:
        return _tracking_page(person, {"reason": _("请写明撤诉的原因。")}), 422
    return _send(person, "withdraw", {"withdrawal_reason": reason}, _("已收到您的撤诉申请，我们会与您核实后办结。"))


@blueprint.post("/track/<number>/survey")
@access.limiter.limit("10 per minute; 60 per hour")
def survey(number: str) -> Reply:
    """The answers to the three questions of the callback."""
    person = _person(number)
    if person is None:
        return enter_page(number), 403
    problems = {}
    satisfied, attitude = request.form.get("satisfied", ""), request.form.get("attitude", "")
    if satisfied not in ("yes", "no"):
        problems["satisfied"] = _("请选择是否满意。")
    if attitude not in {str(i) for i in range(len(ATTITUDES))}:
        problems["attitude"] = _("请选择对服务态度的评价。")
    if problems:
        return _tracking_page(person, problems), 422
    answers = {
        "satisfied": satisfied == "yes",
        "attitude": ATTITUDES[int(attitude)].zh,
        "other_issues": _text("other_issues"),
    }
    return _send(person, "survey", answers, _("谢谢，您的评价已记录。"))


@blueprint.get("/track/<number>/<any(add,contact,withdraw,survey,leave):_action>")
def back(number: str, _action: str) -> Reply:
    """The address of an action, opened as a page (a language switch, a bookmark): the page it belongs to."""
    return redirect(url_for("public.tracking.page", number=number, lang=request.args.get("lang")))


@blueprint.get("/track/<number>/files/<attachment_id>")
def file(number: str, attachment_id: str) -> Reply:
    """A file the complainant sent."""
    person = _person(number)
    if person is None:
        return enter_page(number), 403
    row, content = access.engine().complaints.attachment(person, attachment_id)
    return Response(content, headers=download_headers(row.name, row.content_type))


def allow(number: str) -> None:
    """Open a complaint in this session for a while."""
    until = access.engine().clock.now() + _OPEN_FOR
    session["tracked"] = {"number": number, "until": until.isoformat()}


def enter_page(number: str, message: str | None = None) -> str:
    """The page that asks for number and code."""
    return render_template("public/enter.html", number=number[:64], message=message)


def _person(number: str) -> Actor | None:
    tracked = session.get("tracked") or {}
    if tracked.get("number") != number:
        return None
    if datetime.fromisoformat(tracked["until"]) < access.engine().clock.now():
        session.pop("tracked", None)
        return None
    return Actor(id=None, name="complainant", kind="complainant", number=number)


def _found(number: str, code: str) -> Actor | None:
    """The complainant; numbers are often typed in small letters."""
    for written in dict.fromkeys((number, number.upper())):
        with suppress(NotFound):
            return access.engine().complaints.track(written, code)
    return None


def _text(name: str) -> str:
    return request.form.get(name, "").strip()[:NOTE_LENGTH]


def _send(person: Actor, message: str, variables: dict[str, Any], thanks: str) -> Reply:
    number = person.number or ""
    try:
        access.engine().messages.correlate(person, message, number, variables)
    except EngineError as error:
        return _tracking_page(person, {"_": error.text(i18n.language())}), error.status
    flash(thanks, "success")
    return redirect(url_for("public.tracking.page", number=number), 303)


def _tracking_page(person: Actor, problems: dict[str, str] | None = None) -> str:
    view = access.engine().complaints.public_view(person)
    limits = access.engine().config.files
    return render_template(
        "public/tracking.html",
        view=view,
        sentence=_sentence(view),
        steps=_steps(view),
        history=[{"type": "", "at": row["at"], "text": row["text"]} for row in reversed(view["history"])],
        problems=problems or {},
        file_url=lambda row: url_for("public.tracking.file", number=person.number, attachment_id=row.id),
        wrong=lambda name: [problems[name]] if problems and name in problems else [],
        typed=request.form,
        limit=size_text(limits.max_bytes),
        limits=limits,
        accept=",".join(f".{kind}" for kind in ("jpg", *limits.types)),
        attitudes=[(str(i), name) for i, name in enumerate(ATTITUDES)],
        note_length=NOTE_LENGTH,
    )


def _sentence(view: dict[str, Any]) -> str:
    """The one sentence that says where it stands and what comes next."""
    if view["state"] == "cancelled":
        return _("这件投诉已终止办理。")
    if view["state"] == "completed":
        return (
            _("这件投诉已于 %(day)s 办结。", day=i18n.format_date(view["closed_at"]))
            if view["closed_at"]
            else _("这件投诉已办结。")
        )
    now = next((i18n.text(step["label"]) for step in view["steps"] if step["state"] == "now"), _("受理"))
    if view["survey_open"]:
        return _("我们已经答复您，请告诉我们您是否满意。")
    if view["next_date"]:
        return _("正在进行：%(step)s。我们会在 %(at)s 前答复您。", step=now, at=i18n.format_datetime(view["next_date"]))
    ahead = next((i18n.text(step["label"]) for step in view["steps"] if step["state"] == "next"), "")
    if view["replied_at"] is None and ahead:
        return _("正在进行：%(step)s，下一步：%(next)s。", step=now, next=ahead)
    return _("正在进行：%(step)s。", step=now)


def _steps(view: dict[str, Any]) -> list[dict[str, Any]]:
    states = {"done": "done", "now": "current", "next": "open"}
    return [{"name": step["label"], "state": states[step["state"]], "at": step["at"]} for step in view["steps"]]
