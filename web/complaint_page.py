"""What stands on the page of a complaint, and the lines of lists of complaints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from engine.errors import EngineError
from engine.types import AdHocSubprocess, ComplaintDetail, ComplaintRow, InstanceDetail, Name
from web import access, i18n, rows, startable, task_page

_NOT_FOR_STAFF = frozenset({"survey"})
"""Messages that only the complainant sends."""


@dataclass(frozen=True)
class Line:
    """A line of a list of complaints."""

    row: ComplaintRow
    pill: rows.Due
    waiting: str
    stage: Name | None


def lines(found: Iterable[ComplaintRow]) -> list[Line]:
    """Complaints as lists show them."""
    return [
        Line(
            row,
            pill_of(row, short=True),
            rows.listed(row.open_tasks),
            rows.names(row.pack).stage(row.stage) if row.stage else None,
        )
        for row in found
    ]


def pill_of(row: ComplaintRow, *, short: bool = False) -> rows.Due:
    """The remaining time of a complaint in the clock of its pack; closed ones have none."""
    info = rows.pack_info(row.pack)
    calendar = access.engine().deployments.parsed(info.deployment_id).calendar if info else "calendar"
    return rows.due(row.due_at if row.state == "active" else None, calendar, short=short)


def headings() -> list[str]:
    """The first row of the exported table."""
    return [
        _("编号"), _("收到时间"), _("渠道"), _("类型"), _("程度"), _("部门"), _("阶段"), _("到期时间"), _("承诺答复"),
        _("办结时间"), _("满意"), _("办理轮次"), _("投诉人"), _("投诉事项"),
    ]  # fmt: skip


def cells(row: ComplaintRow) -> list[str]:
    """A complaint as a row of the exported table."""
    names, text = rows.names(row.pack), i18n.text

    def value(given: Any) -> str:
        return text(names.value(given)) if given not in (None, "") else ""

    def at(moment: datetime | None) -> str:
        return f"{i18n.local(moment):%Y-%m-%d %H:%M}" if moment else ""

    stage = text(names.stage(row.stage)) if row.stage else ""
    return [
        row.number, at(row.received_at), value(row.channel), value(row.category), value(row.severity),
        value(row.department), stage, at(row.due_at), at(row.promise_at), at(row.closed_at),
        value(row.satisfied), str(row.rounds), row.complainant, row.matter,
    ]  # fmt: skip


def show(
    detail: ComplaintDetail,
    *,
    code: str | None = None,
    error: EngineError | None = None,
    kept: Sequence[tuple[str, str]] = (),
) -> str:
    """The page. ``code`` is shown once, right after the complaint was entered."""
    engine, person, row = access.engine(), access.actor(), detail.row
    history = list(reversed(engine.complaints.history(person, row.number)))
    instance = _instance(row.instance_id)
    pack = _pack(detail)
    names = rows.names(row.pack)
    open_ended = startable.found(row.instance_id)
    return render_template(
        "complaints/show.html",
        complaint=detail,
        row=row,
        sentence=sentence(detail, open_ended),
        startable=startable.panels(open_ended, row.pack, partial(url_for, "complaints.activate", number=row.number)),
        kind=_kind(row),
        pill=pill_of(row),
        code=code,
        error=error.text(i18n.language()) if error else None,
        kept=kept,
        history=history,
        done=task_page.done_before(history, pack) if pack else [],
        instance=instance,
        tasks=instance.tasks if instance else (),
        due=rows.due,
        people=_people(instance),
        diagrams=task_page.diagrams_of(instance) if instance else [],
        messages=[(name, names.message(name)) for name in detail.waiting_for if name not in _NOT_FOR_STAFF],
        value=names.value,
        limits=engine.config.files,
        may_operate=any(person.has_role(role, row.pack) for role in access.READERS),
    )


def person_part(detail: ComplaintDetail) -> str:
    """The facts about the complainant, revealed."""
    return render_template("complaints/_person.html", complaint=detail, value=rows.names(detail.row.pack).value)


def files_part(detail: ComplaintDetail, problem: str | None = None) -> str:
    """The evidence and the form to add to it."""
    beside_a_task = "/tasks/" in request.headers.get("HX-Current-URL", "")
    return render_template(
        "complaints/_files.html",
        complaint=detail,
        problem=problem,
        limits=access.engine().config.files,
        counted=beside_a_task,
    )


def sentence(detail: ComplaintDetail, open_ended: Sequence[AdHocSubprocess] = ()) -> str:
    """Where it stands, in one sentence or two; ``open_ended`` are its open ad-hoc subprocesses."""
    row = detail.row
    if row.state == "completed":
        text = _("已于 %(day)s 办结。", day=i18n.format_date(row.closed_at)) if row.closed_at else _("已办结。")
        told = {True: _("客户表示满意。"), False: _("客户表示不满意。"), None: ""}[row.satisfied]
        return text + told
    if row.state == "cancelled":
        return _("已取消，不再办理。")
    if row.state == "suspended":
        return _("已暂停，等待恢复办理。")
    return _waiting(row, open_ended) + _promise(detail)


def _waiting(row: ComplaintRow, open_ended: Sequence[AdHocSubprocess]) -> str:
    if not row.open_tasks and open_ended:
        return _("“%(name)s”正在进行，等待有人启动下一步。", name=i18n.text(open_ended[0].name))
    if not row.open_tasks:
        return _("流程正在等待下一个时间点或客户消息。")
    steps = rows.listed(_("“%(step)s”", step=i18n.text(step)) for step in row.open_tasks)
    if row.due_at is None:
        return _("等待%(steps)s。", steps=steps)
    pill = pill_of(row)
    return _("等待%(steps)s，%(left)s（%(at)s 到期）。", steps=steps, left=pill.remaining_text, at=pill.due_text)


def _promise(detail: ComplaintDetail) -> str:
    row = detail.row
    if detail.replied_at is not None:
        return _("已于 %(at)s 答复客户。", at=i18n.format_datetime(detail.replied_at))
    if row.promise_at is None:
        return ""
    if row.promise_at < access.engine().clock.now():
        return _("承诺 %(at)s 前答复客户，已经错过。", at=i18n.format_datetime(row.promise_at))
    return _("承诺 %(at)s 前答复客户。", at=i18n.format_datetime(row.promise_at))


def _kind(row: ComplaintRow) -> str | None:
    if row.state in ("completed", "cancelled"):
        return "done"
    if row.due_at is not None and row.due_at < access.engine().clock.now():
        return "overdue"
    return "escalated" if row.escalated_at is not None else None


def _people(instance: InstanceDetail | None) -> list[tuple[Name, str]]:
    """Who did what, in the order of the steps."""
    if instance is None:
        return []
    return [(e.name, rows.listed(e.performers)) for e in instance.elements if e.performers and e.type == "userTask"]


def _instance(instance_id: str) -> InstanceDetail | None:
    """The process behind the complaint; None for those who may see the complaint only."""
    try:
        return access.engine().instances.get(access.actor(), instance_id)
    except EngineError:
        return None


def _pack(detail: ComplaintDetail) -> Any:
    """The parsed pack of the deployment the complaint runs on."""
    deployments = access.engine().deployments
    for info in deployments.list(access.actor(), detail.row.pack):
        if info.version == detail.deployment_version:
            return deployments.parsed(info.deployment_id)
    return None
