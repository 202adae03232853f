"""Operations: what is running, where it is stuck, who is late, and what a manager can do about one process."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as AnyResponse

from engine.errors import BadRequest, EngineError, Forbidden
from engine.types import ComplaintRow, PackInfo, Page
from web import access, flow, forms, i18n, instance_page, rows, startable

blueprint = Blueprint("operations", __name__, url_prefix="/operations")

Reply = str | AnyResponse | tuple[str, int]

FILTERS = ("state", "stage", "department", "category", "severity", "overdue", "escalated", "q")
_EXPORT_AT_ONCE = 200
_EXPORT_AT_MOST = 20_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("")
@login_required
def overview() -> Reply:
    """Where is it stuck, who is late?"""
    info = chosen_pack()
    engine, person = access.engine(), access.actor()
    figures = engine.complaints.figures(person, info.name)
    late = engine.complaints.list(person, pack=info.name, overdue=True, state="open", size=8)
    raised = engine.complaints.list(person, pack=info.name, escalated=True, state="open", size=8)
    diagrams = flow.busy_diagrams(info, engine.instances.overview(person, info.name))
    return render_template(
        "operations/overview.html",
        info=info,
        offered=readable_packs(),
        figures=figures,
        open_trend=_open_trend(figures),
        late=_lines(late),
        raised=_lines(raised),
        diagrams=diagrams,
        busy_tabs=[{"id": d.process_id, "label": i18n.text(d.title), "count": d.active or None} for d in diagrams],
        incidents=engine.incidents.list(person, info.name),
        value=rows.value,
        tabs=tabs("overview"),
        split=flow.distribution,
    )


@blueprint.get("/instances")
@login_required
def instances() -> Reply:
    """All complaints as processes, with the filters of those who supervise them."""
    _require_reader()
    page = _page(rows.page_number(), 20)
    chosen = {name: request.args.get(name) or "" for name in FILTERS}
    return render_template(
        "operations/instances.html",
        page=page,
        lines=_lines(page),
        value=rows.value,
        chosen=chosen,
        filtered=any(chosen.values()),
        stages=flow.stages(),
        departments=rows.departments(),
        categories=rows.values_of("category"),
        severities=rows.values_of("severity"),
        states=flow.states(),
        page_url=rows.page_url(),
        export=url_for("operations.export", **{k: v for k, v in request.args.items() if k != "page" and v}),
        tabs=tabs("instances"),
    )


@blueprint.get("/instances.csv")
@login_required
def export() -> Response:
    """The list with its filters as CSV; personal data stays masked."""
    _require_reader()
    first = _page(1, _EXPORT_AT_ONCE)
    response = Response(stream_with_context(_csv(first)), mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="complaints.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/instances/<instance_id>")
@login_required
def instance(instance_id: str) -> Reply:
    """What happened in one process, and what can be done."""
    return instance_page.show(instance_id)


@blueprint.post("/instances/<instance_id>/assign/<task_id>")
@login_required
def assign(instance_id: str, task_id: str) -> Reply:
    """Give an open task to somebody else."""
    engine, chosen = access.engine(), request.form.get("person", "")
    if not chosen:
        return instance_page.show(instance_id, _("请选择由谁办理。")), 422
    return _act(
        instance_id,
        lambda: engine.tasks.assign(access.actor(), task_id, chosen, request.form.get("reason", "")),
        _("已改派给%(name)s。", name=engine.users.name_of(chosen, i18n.language())),
    )


@blueprint.post("/instances/<instance_id>/due/<task_id>")
@login_required
def set_due(instance_id: str, task_id: str) -> Reply:
    """Change the due date of an open task."""
    at = forms.instant(request.form.get("at", ""))
    if at is None:
        return instance_page.show(instance_id, _("请填写新的到期时间。")), 422
    return _act(
        instance_id,
        lambda: access.engine().tasks.set_due(access.actor(), task_id, at, request.form.get("reason", "")),
        _("到期时间已改为 %(time)s。", time=i18n.format_datetime(at)),
    )


@blueprint.post("/instances/<instance_id>/cancel")
@login_required
def cancel(instance_id: str) -> Reply:
    """End the process before its time."""
    return _act(
        instance_id,
        lambda: access.engine().instances.cancel(access.actor(), instance_id, request.form.get("reason", "")),
        _("流程已取消。"),
    )


@blueprint.post("/instances/<instance_id>/ad-hoc/<subprocess_id>/<element_id>")
@login_required
def activate(instance_id: str, subprocess_id: str, element_id: str) -> Reply:
    """Start a step of an open ad-hoc subprocess."""
    startable.start(instance_id, subprocess_id, element_id)
    return redirect(url_for("operations.instance", instance_id=instance_id), 303)


@blueprint.get("/instances/<instance_id>/<path:_action>")
@login_required
def back(instance_id: str, _action: str) -> Reply:
    """The address of an action, opened as a page (a language switch, a bookmark): the page it belongs to."""
    return redirect(url_for("operations.instance", instance_id=instance_id, lang=request.args.get("lang")))


@blueprint.get("/incidents")
@login_required
def incidents() -> Reply:
    """What stopped processes and waits for somebody to mend it."""
    _require_reader()
    found = access.engine().incidents.list(access.actor(), access.pack())
    return render_template(
        "operations/incidents.html", incidents=[flow.incident(row) for row in found], tabs=tabs("incidents")
    )


@blueprint.post("/incidents/<int:incident_id>/retry")
@login_required
def retry(incident_id: int) -> Reply:
    """Mark an incident as mended and let the process try again."""
    access.engine().incidents.retry(access.actor(), incident_id)
    flash(_("已重试。流程会从受阻处继续；若仍有问题，会再次列在这里。"), "success")
    return redirect(access.local_path(request.form.get("back"), url_for("operations.incidents")))


def readable_packs() -> list[PackInfo]:
    """The packs whose complaints the person may all see."""
    person = access.actor()
    return [info for info in access.packs() if any(person.has_role(role, info.name) for role in access.READERS)]


def chosen_pack() -> PackInfo:
    """The pack the page is about: the one chosen in the header, else the first with complaints."""
    offered = _require_reader()
    return next((info for info in offered if info.name == access.pack()), None) or next(
        (info for info in offered if info.channels), offered[0]
    )


def tabs(active: str) -> list[dict[str, Any]]:
    """The pages of Operations."""
    offered = (
        ("overview", _("总览"), url_for("operations.overview")),
        ("instances", _("全部流程"), url_for("operations.instances")),
        ("incidents", _("流程受阻"), url_for("operations.incidents")),
    )
    return [{"label": label, "url": url, "active": name == active} for name, label, url in offered]


def _require_reader() -> list[PackInfo]:
    offered = readable_packs()
    if not offered:
        raise Forbidden(action=_("查看运行情况"), role=_("主管"))
    return offered


def _act(instance_id: str, action: Any, done: str) -> Reply:
    try:
        action()
    except EngineError as error:
        return instance_page.show(instance_id, error.text(i18n.language())), error.status
    flash(done, "success")
    return redirect(url_for("operations.instance", instance_id=instance_id), 303)


def _page(number: int, size: int) -> Page[ComplaintRow]:
    given = {name: request.args.get(name) or None for name in FILTERS}
    flags = {name: True if given.pop(name) == "yes" else None for name in ("overdue", "escalated")}
    if flags["overdue"] and given["state"] is None:
        given["state"] = "open"
    return access.engine().complaints.list(
        access.actor(), pack=access.pack(), page=number, size=size, order=_order(), **given, **flags
    )


def _order() -> str:
    asked = request.args.get("order", "due")
    if asked not in ("due", "received", "closed", "number"):
        raise BadRequest(reason=_("没有这种排序。"))
    return asked


def _lines(page: Page[ComplaintRow]) -> list[tuple[ComplaintRow, rows.Due]]:
    return [
        (row, rows.due(row.due_at if row.state == "active" else None, flow.calendar(row.pack))) for row in page.items
    ]


def _open_trend(figures: dict[str, Any]) -> list[int]:
    """How many were open at the end of each day, counted back from now."""
    counts = [figures["open"]]
    for day in reversed(figures["per_day"][1:]):
        counts.append(counts[-1] - day["filed"] + day["closed"])
    return list(reversed(counts))


def _csv(first: Page[ComplaintRow]) -> Iterator[str]:
    """A byte-order mark first, so that spreadsheets read the Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    labels = flow.csv_columns()
    writer.writerow(labels)
    yield "\ufeff" + _taken(out)
    number, page = 1, first
    while page.items and (number - 1) * _EXPORT_AT_ONCE < _EXPORT_AT_MOST:
        for row in page.items:
            writer.writerow([_cell(value) for value in flow.csv_values(row)])
        yield _taken(out)
        number += 1
        if number > page.pages:
            return
        page = _page(number, _EXPORT_AT_ONCE)


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = (
        ""
        if value is None
        else f"{i18n.local(value):%Y-%m-%d %H:%M}"
        if isinstance(value, datetime)
        else i18n.text(value)
    )
    return f"'{text}" if text.startswith(_FORMULA) else text
