"""Complaints for staff: the list, one complaint with its promises and its course, entering one, files, messages."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import login_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from engine.errors import BadRequest, EngineError, FileRefused, FormInvalid, TooLarge
from engine.files import download_headers
from engine.forms import BoundForm
from engine.types import Actor, ComplaintRow, PackInfo
from web import access, complaint_page, errors, forms, i18n, rows, startable

blueprint = Blueprint("complaints", __name__)

Reply = str | Response | tuple[str, int] | dict[str, Any]

FILES = "files"
_TEXTS = ("stage", "category", "severity", "department", "q")
_ORDERS = ("due", "received", "closed", "number")
_STATES = ("open", "closed", "all")
_EXPORT = 10_000
_REASON = {"withdraw": "withdrawal_reason"}
"""Process variables that a message's note is given under besides ``note``."""


@blueprint.get("/complaints")
@login_required
def index() -> Reply:
    """The complaints the person may see, by filters that stand in the address."""
    filters = _filters()
    page = access.engine().complaints.list(access.actor(), **filters, page=rows.page_number(), size=20)
    kept = {key: text for key, text in request.args.items() if key != "page" and text}
    return render_template(
        "complaints/index.html",
        page=page,
        lines=complaint_page.lines(page.items),
        value=rows.value,
        page_url=rows.page_url(),
        kept=kept,
        order=filters["order"],
        state=request.args.get("state") or "open",
        choices={
            "category": rows.values_of("category"),
            "severity": rows.values_of("severity"),
            "department": rows.departments(),
            "stage": rows.stages(),
        },
        filtered=bool(kept.keys() - {"order", "state", "pack"}),
        may_enter=bool(access.complaint_packs()),
    )


@blueprint.get("/complaints.csv")
@login_required
def export() -> Response:
    """The same list as a table for spreadsheets; personal data stays masked."""
    filters, person = _filters(), access.actor()
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(complaint_page.headings())
    for row in _all(person, filters):
        writer.writerow([_harmless(cell) for cell in complaint_page.cells(row)])
    response = make_response("\ufeff" + table.getvalue())
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    day = forms.local_now().date().isoformat()
    response.headers["Content-Disposition"] = f'attachment; filename="complaints-{day}.csv"'
    return response


@blueprint.get("/search")
@login_required
def search() -> Reply:
    """Complaints by number, name, telephone or words; a single hit is opened at once."""
    q = request.args.get("q", "").strip()
    found = access.engine().complaints.search(access.actor(), q) if q else ()
    if len(found) == 1 and found[0].number.casefold() == q.casefold():
        return redirect(url_for("complaints.show", number=found[0].number))
    return render_template("complaints/search.html", q=q, lines=complaint_page.lines(found), value=rows.value)


@blueprint.get("/complaints/new")
@login_required
def new() -> Reply:
    """The form for a complaint that came by telephone, letter, mail or at the counter."""
    info = _chosen_pack()
    return _intake_page(info, _intake(info))


@blueprint.post("/complaints/new")
@login_required
def enter() -> Reply:
    """File it."""
    info = _chosen_pack()
    bound = _intake(info, submitted=True)
    if bound.rows_changed:
        return _intake_page(info, bound)
    valid, problems = bound.validate(), {}
    text = request.form.get("received_at", "")
    received_at = forms.instant(text)
    if text and (received_at is None or received_at > access.engine().clock.now() + timedelta(minutes=1)):
        problems["received_at"] = _("请填写不晚于现在的时间。")
    if not valid or problems:
        return _intake_page(info, bound, problems), 422
    uploads = [*forms.uploads(bound), *forms.uploads_of(FILES)]
    now = access.engine().clock.now()
    try:
        filed = access.engine().complaints.file(
            access.actor(),
            info.name,
            bound.values,
            uploads,
            language=i18n.language(),
            received_at=min(received_at, now) if received_at else None,
        )
    except FormInvalid as error:
        forms.take_errors(bound, error.params.get("errors", {}))
        return _intake_page(info, bound), 422
    except (TooLarge, FileRefused) as error:
        return _intake_page(info, bound, {FILES: error.text(i18n.language())}), error.status
    except EngineError as error:
        return _intake_page(info, bound, {"": error.text(i18n.language())}), error.status
    session["filed"] = {"number": filed.number, "code": filed.access_code}
    return redirect(url_for("complaints.show", number=filed.number))


@blueprint.errorhandler(CSRFError)
def expired(error: CSRFError) -> Reply:
    """A form that was open for too long comes back with everything typed, to be submitted once more."""
    if request.endpoint != "complaints.enter" or not access.signed_in():
        return errors.expired(error)
    info = _chosen_pack()
    return _intake_page(info, _intake(info, submitted=True), {"": errors.expired_text()}), 400


@blueprint.post("/complaints/new/conditions")
@login_required
def conditions() -> Reply:
    """Which fields of the intake form do not apply."""
    return {"hidden": forms.hidden_names(_intake(_chosen_pack(), submitted=True))}


@blueprint.get("/complaints/<number>")
@login_required
def show(number: str) -> Reply:
    """One complaint: where it stands, what was promised, what happened."""
    detail = access.engine().complaints.get(access.actor(), number)
    given = session.get("filed") or {}
    code = given.get("code") if given.get("number") == number else None
    if code:
        session.pop("filed")
    return complaint_page.show(detail, code=code)


@blueprint.post("/complaints/<number>/personal")
@login_required
def personal(number: str) -> Reply:
    """Show personal data in full; the engine logs the view."""
    detail = access.engine().complaints.get(access.actor(), number, reveal=True)
    if request.headers.get("HX-Request"):
        response = make_response(complaint_page.person_part(detail))
    else:
        response = make_response(complaint_page.show(detail))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/complaints/<number>/attachments")
@login_required
def attach(number: str) -> Reply:
    """Add files to the complaint."""
    engine, person = access.engine(), access.actor()
    uploads = forms.uploads_of(FILES)
    problem = None
    try:
        if not uploads:
            raise BadRequest(reason=_("请先选择文件。"))
        engine.complaints.attach(person, number, uploads)
    except EngineError as error:
        problem = error
    if request.headers.get("HX-Request"):
        text = problem.text(i18n.language()) if problem else None
        return complaint_page.files_part(engine.complaints.get(person, number), text), 422 if problem else 200
    if problem:
        flash(problem.text(i18n.language()), "error")
    else:
        flash(_("文件已添加。"), "success")
    return redirect(access.came_from(url_for("complaints.show", number=number)) or "/")


@blueprint.get("/attachments/<attachment_id>")
@login_required
def attachment(attachment_id: str) -> Response:
    """A file of a complaint; pictures are shown, everything else is downloaded."""
    row, content = access.engine().complaints.attachment(access.actor(), attachment_id)
    response = make_response(content)
    response.headers.update(download_headers(row.name, row.content_type, inline="download" not in request.args))
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/complaints/<number>/messages")
@login_required
def message(number: str) -> Reply:
    """Pass on what the customer said: calls again, adds something, withdraws."""
    engine, person = access.engine(), access.actor()
    name, note = request.form.get("message", ""), request.form.get("note", "").strip()[:4000]
    detail = engine.complaints.get(person, number)
    label = i18n.text(rows.names(detail.row.pack).message(name))
    try:
        if not note:
            raise BadRequest(reason=_("请写明客户说了什么。"))
        engine.messages.correlate(person, name, number, {"note": note, _REASON.get(name, "note"): note})
    except EngineError as error:
        return complaint_page.show(detail, error=error, kept=[(label, note)] if note else []), error.status
    flash(_("已记录“%(what)s”，流程已收到。", what=label), "success")
    return redirect(url_for("complaints.show", number=number))


@blueprint.post("/complaints/<number>/ad-hoc/<subprocess_id>/<element_id>")
@login_required
def activate(number: str, subprocess_id: str, element_id: str) -> Reply:
    """Start a step of an open ad-hoc subprocess."""
    detail = access.engine().complaints.get(access.actor(), number)
    startable.start(detail.row.instance_id, subprocess_id, element_id)
    return redirect(url_for("complaints.show", number=number), 303)


def _filters() -> dict[str, Any]:
    args = request.args
    state = args.get("state") or "open"
    order = args.get("order") or ("received" if state != "open" else "due")
    if state not in _STATES or order not in _ORDERS:
        raise BadRequest(reason=_("没有这个筛选条件。"))
    until = forms.instant(args.get("until", ""))
    chosen: dict[str, Any] = {name: args.get(name) or None for name in _TEXTS}
    return chosen | {
        "pack": access.pack(),
        "state": None if state == "all" else state,
        "order": order,
        "overdue": True if args.get("overdue") else None,
        "escalated": True if args.get("escalated") else None,
        "received_from": forms.instant(args.get("from", "")),
        "received_until": until + timedelta(days=1) if until else None,
    }


def _all(person: Actor, filters: dict[str, Any]) -> Iterator[ComplaintRow]:
    size = 200
    for number in range(1, _EXPORT // size + 1):
        page = access.engine().complaints.list(person, **filters, page=number, size=size)
        yield from page.items
        if number >= page.pages:
            return


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _chosen_pack() -> PackInfo:
    offered = access.complaint_packs()
    asked = request.values.get("pack") or access.pack()
    found = next((info for info in offered if info.name == asked), offered[0] if offered else None)
    if found is None:
        raise BadRequest(reason=_("您还没有加入任何投诉制度的组，无法登记投诉。请联系管理员。"))
    return found


def _intake(info: PackInfo, *, submitted: bool = False) -> BoundForm:
    form, _info = access.engine().complaints.intake_form(info.name)
    return forms.bind(form, {}, info.deployment_id, submitted=submitted)


def _intake_page(info: PackInfo, bound: BoundForm, problems: dict[str, str] | None = None) -> str:
    return render_template(
        "complaints/new.html",
        info=info,
        offered=access.complaint_packs(),
        bound=bound,
        problems=problems or {},
        received_at=request.form.get("received_at", ""),
        latest=f"{forms.local_now():%Y-%m-%dT%H:%M}",
        limits=access.engine().config.files,
    )
