"""The page of one process instance: diagram, timeline, steps, variables, due dates and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flask import render_template, request, url_for
from flask_babel import gettext as _

from engine.packs import Pack
from engine.types import DueText, HistoryRow, InstanceDetail, Name, TaskRow
from web import access, flow, forms, i18n, rows, startable
from web.task_page import diagrams_of
from web.variables import variables


@dataclass(frozen=True)
class OpenTask:
    """An open task with the reason of its due date and, for managers, who could do it."""

    row: TaskRow
    pill: rows.Due
    due: DueText | None
    candidates: list[tuple[str, str]]
    at: str
    """The due date as the browser's date-time field takes it."""


def show(instance_id: str, problem: str | None = None) -> str:
    """The page; with what went wrong when an action was refused."""
    engine, person = access.engine(), access.actor()
    detail = engine.instances.get(person, instance_id)
    info = deployment_of(detail)
    pack = engine.deployments.parsed(info) if info else None
    manages = person.has_role("manager", detail.pack) and detail.state == "active"
    tasks = [_open_task(row, manages) for row in detail.tasks]
    complaint = engine.complaints.get(person, detail.business_key) if _is_complaint(detail) else None
    asked = request.args.get("do", "")
    diagrams = diagrams_of(detail)
    return render_template(
        "operations/instance.html",
        detail=detail,
        complaint=complaint.row if complaint else None,
        title=_title(detail, pack),
        tasks=tasks,
        manages=manages,
        may_retry=flow.may_retry(detail.pack),
        asked=asked,
        startable=startable.panels(
            startable.found(detail.id), detail.pack, partial(url_for, "operations.activate", instance_id=detail.id)
        ),
        problem=problem,
        diagrams=diagrams,
        diagram_tabs=[{"id": item.process_id, "label": i18n.text(item.title)} for item in diagrams],
        tabs=[
            {"id": "steps", "label": _("各步骤"), "icon": "list-check"},
            {"id": "due", "label": _("期限与理由"), "icon": "stopwatch", "count": len(tasks) + len(detail.timers)},
            {"id": "variables", "label": _("变量"), "icon": "table", "count": len(detail.variables)},
        ],
        history=list(reversed(_history(detail))),
        incidents=[flow.incident(row) for row in detail.incidents],
        variables=variables(detail.variables, pack),
        state_name=flow.state_name(detail.state),
        value=rows.value,
    )


def deployment_of(detail: InstanceDetail) -> str | None:
    """The deployment an instance runs on."""
    found = access.engine().deployments.list(access.actor(), detail.pack)
    return next((info.deployment_id for info in found if info.version == detail.version), None)


def _history(detail: InstanceDetail) -> Sequence[HistoryRow]:
    engine, person = access.engine(), access.actor()
    if _is_complaint(detail):
        return engine.complaints.history(person, detail.business_key or "")
    return engine.instances.history(person, detail.id)


def _is_complaint(detail: InstanceDetail) -> bool:
    info = rows.pack_info(detail.pack)
    return bool(detail.business_key and info and detail.process_id == info.entry and info.channels)


def _title(detail: InstanceDetail, pack: Pack | None) -> Name:
    name = pack.names.process(detail.process_id) if pack else Name(detail.process_id, detail.process_id)
    if not detail.business_key:
        return name
    return Name(f"{name.zh} {detail.business_key}", f"{name.en} {detail.business_key}")


def _open_task(row: TaskRow, manages: bool) -> OpenTask:
    engine, person = access.engine(), access.actor()
    at = row.due_at.astimezone(forms.zone()).strftime("%Y-%m-%dT%H:%M") if row.due_at else ""
    return OpenTask(
        row=row,
        pill=rows.due(row.due_at, row.calendar, row.due_provisional),
        due=engine.tasks.get(person, row.id).due,
        candidates=engine.tasks.candidates(person, row.id) if manages else [],
        at=at,
    )
