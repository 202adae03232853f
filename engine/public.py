"""What a complainant sees of the own complaint: plain steps, dates and letters; no staff, no internal notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engine import reading
from engine.context import Context
from engine.models import Attachment, Complaint, HistoryEvent, ProcessInstance, UserTask
from engine.packs import Pack
from engine.stages import Stages
from engine.types import Name

SURVEY = "survey"
_PASSED = ("element_entered", "element_completed", "task_completed")


def view(context: Context, session: Session, complaint: Complaint) -> dict[str, Any]:
    """Everything the tracking page shows.

    ``steps``: rows with label, state (done, now, next) and at; ``next_date``: the promised date while an answer is
    awaited; ``messages``: what may be sent now, name and label; ``history``: rows with at and text.
    """
    instance = session.get_one(ProcessInstance, complaint.instance_id)
    pack = context.pack(session, instance.deployment_id)
    events = session.scalars(
        select(HistoryEvent).where(HistoryEvent.instance_id == instance.id).order_by(HistoryEvent.seq)
    ).all()
    open_tasks = session.execute(
        select(UserTask.deployment_id, UserTask.process_id, UserTask.element_id)
        .where(UserTask.instance_id == instance.id, UserTask.state == "open")
        .order_by(UserTask.created_at)
    ).all()
    files = session.scalars(
        select(Attachment)
        .where(Attachment.number == complaint.number, Attachment.added_by.is_(None))
        .order_by(Attachment.added_at)
    )
    waiting = [name for name in reading.waiting_for(session, complaint) if name in pack.messages]
    running = complaint.state in reading.OPEN
    stages = {key: Stages(other) for key, other in context.packs(session, (e.deployment_id for e in events)).items()}
    return {
        "number": complaint.number,
        "title": pack.names.title,
        "state": complaint.state,
        "received_at": complaint.received_at,
        "matter": complaint.matter,
        "demand": complaint.demand,
        "steps": _steps(stages, pack, complaint, events, open_tasks if running else []),
        "next_date": complaint.promise_at if running and complaint.replied_at is None else None,
        "contact": _contact(context),
        "messages": [{"name": name, "label": pack.names.message(name)} for name in waiting],
        "survey_open": SURVEY in waiting,
        "history": _history(pack, complaint, events),
        "result": complaint.result if complaint.replied_at is not None or not running else None,
        "replied_at": complaint.replied_at,
        "closed_at": complaint.closed_at,
        "satisfied": complaint.satisfied,
        "attachments": [reading.attachment_row(f) for f in files],
    }


def _contact(context: Context) -> Name:
    """Whom to call: the organisation, with its number when one is set."""
    name, phone = context.config.organisation, context.config.phone
    return Name(f"{name.zh} {phone}".strip(), f"{name.en} {phone}".strip())


def _steps(
    others: Mapping[str, Stages],
    pack: Pack,
    complaint: Complaint,
    events: Iterable[HistoryEvent],
    open_tasks: Iterable[Row[str, str, str]],
) -> list[dict[str, Any]]:
    """``others`` are the stages of other deployments that called processes come from."""
    own = Stages(pack)
    passed: dict[str, datetime] = {}
    for event in events:
        if event.type in _PASSED and event.element_id is not None and event.process_id is not None:
            stage = others.get(event.deployment_id or "", own).of(event.process_id, event.element_id)
            if stage is not None:
                passed[stage] = event.at
    running = complaint.state in reading.OPEN
    now = complaint.stage if running else None
    tasks = [(others.get(deployment, own), process_id, element_id) for deployment, process_id, element_id in open_tasks]
    here = sorted(tasks, key=lambda task: task[0].of(*task[1:]) != now)
    ahead = next((way for stages, *place in here if (way := stages.ahead(*place))), [])
    ahead = [stage for stage in ahead if stage != now]
    done = sorted((s for s in passed if s != now and s not in ahead), key=lambda s: passed[s])
    rows: list[tuple[str, str, datetime | None]] = [(stage, "done", passed[stage]) for stage in done]
    rows += [(now, "now", passed.get(now))] if now else []
    rows += [(stage, "next", None) for stage in ahead]
    return [{"label": pack.names.stage(stage), "state": state, "at": at} for stage, state, at in rows]


def _history(pack: Pack, complaint: Complaint, events: Iterable[HistoryEvent]) -> list[dict[str, Any]]:
    rows: list[tuple[datetime, Name]] = [
        (complaint.received_at, Name("我们收到了您的投诉", "We received your complaint"))
    ]
    for event in events:
        payload = event.payload or {}
        if event.type == "letter_sent" and payload.get("to") == "complainant":
            subject = str(payload.get("subject") or "")
            rows.append((event.at, Name(f"我们给您发出“{subject}”", f"We sent you a letter: “{subject}”")))
        elif event.type == "message_received" and event.actor == "complainant":
            label = pack.names.message(str(payload.get("message", "")))
            rows.append((event.at, Name(f"我们收到您的“{label.zh}”", f"We received from you: {label.en}")))
    if complaint.replied_at is not None and complaint.replied_at not in {at for at, _ in rows[1:]}:
        rows.append((complaint.replied_at, Name("我们答复了您", "We gave you our answer")))
    if complaint.closed_at is not None and complaint.state == "cancelled":
        rows.append((complaint.closed_at, Name("您的投诉已终止办理", "Work on your complaint was ended")))
    elif complaint.closed_at is not None:
        rows.append((complaint.closed_at, Name("您的投诉已办结", "Your complaint was closed")))
    return [{"at": at, "text": text} for at, text in sorted(rows, key=lambda row: row[0])]
