"""Lines of the worklist: one statement for the tasks, one for their candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, case, select
from sqlalchemy.orm import Session

from engine.context import Context
from engine.models import Complaint, User, UserTask, UserTaskCandidate
from engine.packs import Pack
from engine.runtime.model import Element
from engine.types import TaskRow

_TASK = (
    UserTask.id,
    UserTask.pack,
    UserTask.state,
    UserTask.deployment_id,
    UserTask.process_id,
    UserTask.element_id,
    UserTask.assignee,
    UserTask.created_at,
    UserTask.due_at,
    UserTask.due_provisional,
    UserTask.due_explanation,
    UserTask.follow_up_at,
    UserTask.priority,
    UserTask.reminders,
    UserTask.draft_by,
    UserTask.instance_id,
    UserTask.blind,
)
_COMPLAINT = tuple(
    case((~UserTask.blind, column)).label(column.key)
    for column in (
        Complaint.number,
        Complaint.matter,
        Complaint.category,
        Complaint.severity,
        Complaint.department,
        Complaint.escalated_at,
    )
)
"""What a line shows of the complaint: nothing, when the task is blind."""


def task_query() -> Select[Any]:
    """Tasks with what a line shows of their complaint and assignee."""
    return (
        select(*_TASK, *_COMPLAINT, User.name.label("assignee_name"))
        .select_from(UserTask)
        .outerjoin(Complaint, Complaint.instance_id == UserTask.instance_id)
        .outerjoin(User, User.id == UserTask.assignee)
    )


def most_urgent_first() -> list[Any]:
    """Overdue tasks come first by their due date alone; those without one come last."""
    return [UserTask.due_at.asc().nulls_last(), UserTask.priority.desc(), UserTask.created_at, UserTask.id]


def task_rows(context: Context, session: Session, rows: Sequence[Row[Any]]) -> tuple[TaskRow, ...]:
    """Lines for the rows of :func:`task_query`."""
    candidates: dict[str, list[str]] = {}
    if rows:
        query = select(UserTaskCandidate.task_id, UserTaskCandidate.candidate).where(
            UserTaskCandidate.task_id.in_([r.id for r in rows])
        )
        for task_id, candidate in session.execute(query.order_by(UserTaskCandidate.candidate)):
            candidates.setdefault(task_id, []).append(candidate)
    return tuple(_row(context.pack(session, r.deployment_id), r, candidates.get(r.id, [])) for r in rows)


def element_of(pack: Pack, process_id: str, element_id: str) -> Element | None:
    """An element of a pack; None when the diagram does not have it."""
    process = pack.processes.get(process_id)
    return process.find(element_id) if process is not None else None


def _row(pack: Pack, row: Row[Any], candidates: list[str]) -> TaskRow:
    element = element_of(pack, row.process_id, row.element_id)
    own = element.properties.get("calendar") if element is not None else None
    return TaskRow(
        id=row.id,
        pack=row.pack,
        element_id=row.element_id,
        name=pack.names.element(row.process_id, row.element_id),
        number=row.number,
        matter=row.matter or "",
        category=row.category,
        severity=row.severity,
        department=row.department,
        escalated=row.escalated_at is not None,
        groups=tuple(c for c in candidates if "/" in c),
        candidate_users=tuple(c for c in candidates if "/" not in c),
        assignee=row.assignee,
        assignee_name=row.assignee_name,
        created_at=row.created_at,
        due_at=row.due_at,
        due_provisional=row.due_provisional,
        calendar=(row.due_explanation or {}).get("calendar") or own or pack.calendar,
        follow_up_at=row.follow_up_at,
        priority=row.priority,
        reminders=row.reminders,
        has_draft=row.state == "open" and row.draft_by is not None,
        instance_id=row.instance_id,
    )
