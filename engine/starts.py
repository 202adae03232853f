"""Starting processes by their start events: subscriptions open when a version is deployed, and start an instance.

A subscription belongs to a pack, not to a version: deploying a new version opens those that are new, closes those that
are gone or changed, and lets an unchanged one go on, so that a cycle keeps its rhythm and its count when a form or a
letter is corrected. Whatever starts is started in the newest version (Camunda 8, "Message, timer and signal events").

After a pause every missed occurrence of a timer is started on its own and late, as ``scheduled_at`` tells the process,
so no periodic report is lost; but at most the last CATCH_UP of them, so that a cycle of minutes does not flood the
desks. How many were passed over stands in the history. An occurrence that fails is tried again beside its cycle, which
goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import feel
from engine.context import Context
from engine.errors import BadRequest, EngineError
from engine.execution import Execution
from engine.history import Event
from engine.incidents import record
from engine.models import StartSubscription
from engine.packs import Pack
from engine.runtime.model import Element, EventDefinition
from engine.triggers import Schedule, Unreadable, read_trigger, schedule, triggered, written
from engine.types import SYSTEM, Actor

CATCH_UP = 12
"""Missed occurrences that are started after a pause: a year of monthly reports."""

MAX_FAILED = 12
"""Failed occurrences of one start event that are kept to be tried again."""

_LOG = logging.getLogger("redress.timers")


# -- opening and closing -----------------------------------------------------------------------------------------------


def renew(context: Context, session: Session, pack: Pack, deployment_id: str) -> datetime | None:
    """Let the subscriptions of the pack be those of its newest version. Returns when the next timer is due.

    Raises BadRequest naming the start event whose expression gives no name or time now.
    """
    wanted = {(p.id, e.id): e for p in pack.processes.values() if p.executable for e in triggered(p)}
    rows = session.scalars(select(StartSubscription).where(StartSubscription.pack == pack.name).with_for_update()).all()
    current: list[StartSubscription] = []
    for row in rows:
        element = wanted.get((row.process_id, row.element_id))
        if element is None or not _same(row, pack, element):
            session.delete(row)
            continue
        current.append(row)
        if row.deployment_id != deployment_id:
            row.deployment_id = deployment_id
            row.run_at, row.attempts = row.due_at, 0
    session.flush()
    known = {(row.process_id, row.element_id) for row in current}
    opened = [_opened(context, pack, deployment_id, e) for key, e in wanted.items() if key not in known]
    session.add_all(opened)
    return min((row.run_at for row in (*current, *opened) if row.run_at is not None), default=None)


def _same(row: StartSubscription, pack: Pack, element: Element) -> bool:
    event = _event(element)
    calendar = _calendar(pack, element) if event.kind == "timer" else ""
    return (row.kind, row.written, row.calendar) == (event.kind, written(event), calendar)


def _opened(context: Context, pack: Pack, deployment_id: str, element: Element) -> StartSubscription:
    event, now = _event(element), context.clock.now()
    row = StartSubscription(
        pack=pack.name,
        deployment_id=deployment_id,
        process_id=element.process_id,
        element_id=element.id,
        kind=event.kind,
        name="",
        written=written(event),
        calendar="",
        occurrence=0,
        failed=False,
        attempts=0,
    )
    try:
        trigger = read_trigger(event, now.astimezone(context.zone))
    except Unreadable as error:
        reason = {"zh": f"“{element.label}”：{error.zh}", "en": f"“{element.label}”: {error.en}"}
        raise BadRequest(reason=reason) from None
    row.name = trigger.name
    if event.kind == "timer":
        row.calendar = _calendar(pack, element)
        plan, first = schedule(trigger, context.calendars[row.calendar], now)
        row.anchor, row.every, row.last = plan.anchor, plan.every, plan.last
        _proceed(row, plan, first)
    return row


def _event(element: Element) -> EventDefinition:
    assert element.event is not None
    return element.event


def _calendar(pack: Pack, element: Element) -> str:
    return element.properties.get("calendar", pack.calendar)


def opened(session: Session, kind: str, name: str, alone: bool = False) -> Sequence[StartSubscription]:
    """The start events that wait for a message or signal; ``alone`` lets no one else start them meanwhile."""
    query = select(StartSubscription).where(StartSubscription.kind == kind, StartSubscription.name == name)
    query = query.order_by(StartSubscription.id)
    return session.scalars(query.with_for_update() if alone else query).all()


# -- starting ----------------------------------------------------------------------------------------------------------


def begin(
    context: Context,
    session: Session,
    row: StartSubscription,
    actor: Actor,
    event: Event,
    variables: Mapping[str, Any],
    business_key: str | None = None,
) -> Execution:
    """Start an instance at the start event of ``row``; ``event`` says in its history what started it."""
    pack = context.pack(session, row.deployment_id)
    execution = Execution.create(context, session, pack, row.deployment_id, row.process_id, business_key, actor)
    execution.events.append(event)
    execution.start({}, row.element_id, feel.to_feel(dict(variables)))
    return execution


def begin_due(context: Context, session: Session, row_id: int, now: datetime) -> Execution | None:
    """Start the due occurrence of a start timer and move on to the next; None when another node has taken it."""
    query = select(StartSubscription).where(StartSubscription.id == row_id, StartSubscription.run_at <= now)
    row = session.scalar(query.with_for_update(skip_locked=True))
    if row is None:
        return None
    due, passed_over = _take(context, session, row, now)
    payload = {
        "due_at": due.isoformat(),
        "late_seconds": round((now - due).total_seconds(), 3),
        **({"passed_over": passed_over} if passed_over else {}),
    }
    event = Event("timer_fired", row.process_id, row.element_id, payload=payload)
    return begin(context, session, row, SYSTEM, event, {"scheduled_at": due.astimezone(context.zone)})


def _take(context: Context, session: Session, row: StartSubscription, now: datetime) -> tuple[datetime, int]:
    """(when the occurrence was due, how many before it are passed over); the row moves on behind it."""
    assert row.due_at is not None
    if row.failed:
        session.delete(row)
        return row.due_at, 0
    assert row.anchor is not None
    plan = Schedule(row.anchor, row.every, row.last, context.calendars[row.calendar])
    number = max(row.occurrence, plan.first_after(row.occurrence, now) - CATCH_UP)
    due, passed_over = plan.at(number) or row.due_at, number - row.occurrence
    if passed_over:
        _LOG.warning("%s: %s occurrences of %s were passed over", row.pack, passed_over, row.element_id)
    _proceed(row, plan, number + 1)
    return due, passed_over


def _proceed(row: StartSubscription, plan: Schedule, number: int) -> None:
    row.occurrence = number
    row.due_at = row.run_at = plan.at(number)


def put_back(context: Context, row_id: int, error: EngineError, now: datetime, wait: Sequence[int]) -> None:
    """An occurrence failed: it is tried again after a while, its cycle goes on, and there is an incident."""
    with context.store.write() as session:
        row = session.get(StartSubscription, row_id, with_for_update=True)
        if row is None or row.run_at is None or row.run_at > now:
            return
        error.params.setdefault("element_id", row.element_id)
        error.params.setdefault("pack", row.pack)
        if row.failed:
            row.attempts += 1
            row.run_at = now + timedelta(seconds=wait[min(row.attempts, len(wait)) - 1])
        else:
            _keep(context, session, row, now, wait[0])
    record(context, error)


def _keep(context: Context, session: Session, row: StartSubscription, now: datetime, wait: int) -> None:
    """Set the failed occurrence apart, unless so many are waiting already that the fault lies in the process itself."""
    number = row.occurrence
    due, passed_over = _take(context, session, row, now)
    same = (
        StartSubscription.pack == row.pack,
        StartSubscription.process_id == row.process_id,
        StartSubscription.element_id == row.element_id,
    )
    waiting = session.scalar(select(func.count()).where(*same, StartSubscription.failed)) or 0
    if waiting >= MAX_FAILED:
        return
    session.flush()
    copied = ("pack", "deployment_id", "process_id", "element_id", "kind", "name", "written", "calendar")
    session.add(
        StartSubscription(
            **{name: getattr(row, name) for name in copied},
            occurrence=number + passed_over,
            due_at=due,
            run_at=now + timedelta(seconds=wait),
            failed=True,
            attempts=1,
        )
    )
