"""Messages from outside, and the timers that are due."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CompoundSelect, exists, false, func, select, true, update
from sqlalchemy.orm import Session

from engine import feel, starts
from engine.complaints import Filing
from engine.context import Context
from engine.errors import (
    AlreadyFiled,
    AlreadyStarted,
    Conflict,
    EngineError,
    ExecutionError,
    Forbidden,
    NoSubscription,
    NothingStarts,
)
from engine.execution import Execution
from engine.history import Event
from engine.incidents import record
from engine.instances import check_key
from engine.models import Complaint, MessageSubscription, ProcessInstance, StartSubscription, Timer
from engine.packs import Pack
from engine.rights import forbidden, sees_complaints
from engine.signals import broadcast, waiting
from engine.store import Busy
from engine.types import SYSTEM, Actor, Correlated, MessageStart

_LOG = logging.getLogger("redress.timers")
_BACK_OFF = (60, 300, 900, 3600, 6 * 3600)
"""Seconds until a failing timer is tried again."""


class Messages:
    """Use case: a message is correlated once with every process: with an instance that waits for it, else by a start."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def correlate(
        self, actor: Actor, name: str, correlation_key: str, variables: Mapping[str, Any] | None = None
    ) -> Correlated:
        """Deliver a message, and tell how many instances took it and which were started (Camunda 8, "Messages").

        Of every process one instance takes it: the earliest that waits for it under the key. Where none waits and the
        version in force begins with it, an instance is started, with the key as its business key; a complaint is filed
        instead, with the variables as its intake and the key as its source number. Under one key only one started
        instance of a process runs at a time; an empty key sets no limit. Messages are not kept for later.

        Raises NoSubscription when nobody waits for it, AlreadyStarted and AlreadyFiled when all it could do is start a
        second instance, Forbidden when the actor may not see the complaint or the pack, FormInvalid when the variables
        do not fit the intake form.
        """
        context, given = self._context, dict(variables or {})
        try:
            with context.store.write() as session:
                openings = starts.opened(session, "message", name, alone=bool(correlation_key))
                waits = waiting(session, "message", name, correlation_key)
                self._check(session, actor, correlation_key, {instance.pack for instance, _ in waits})
                took: set[tuple[str, str]] = set()
                for instance, complaint in sorted(waits, key=lambda found: found[0].started_at):
                    subscription = _subscription(session, instance.id, name, correlation_key)
                    if subscription is not None and (instance.pack, instance.process_id) not in took:
                        took.add((instance.pack, instance.process_id))
                        self._deliver(session, actor, subscription, instance, complaint, given)
                rest = [row for row in openings if (row.pack, row.process_id) not in took]
                started, refused = self._start(session, actor, rest, correlation_key, given)
                if not took and not started:
                    raise self._nobody(session, name, correlation_key, refused)
                return Correlated(len(took), tuple(started))
        except ExecutionError as error:
            record(context, error)
            raise

    def _nobody(self, session: Session, name: str, key: str, refused: Sequence[EngineError]) -> EngineError:
        if refused:
            return refused[0]
        return NoSubscription(key=key, message=self._label(session, name, key)) if key else NothingStarts(message=name)

    def _start(
        self, session: Session, actor: Actor, openings: Sequence[StartSubscription], key: str, variables: dict[str, Any]
    ) -> tuple[list[MessageStart], list[EngineError]]:
        """What the message starts, and why it does not start the others."""
        started: list[MessageStart] = []
        refused: list[EngineError] = []
        for row in openings:
            pack = self._context.pack(session, row.deployment_id)
            try:
                if not actor.packs([row.pack]):
                    raise forbidden({"zh": "以消息启动流程", "en": "start a process by a message"}, "staff")
                if key and _runs(session, row, key):
                    label, message = pack.names.process(row.process_id), pack.names.message(row.name)
                    raise AlreadyStarted(
                        process={"zh": label.zh, "en": label.en}, key=key, message={"zh": message.zh, "en": message.en}
                    )
                started.append(self._begin(session, actor, pack, row, key, variables))
            except (Forbidden, AlreadyStarted, AlreadyFiled) as error:
                refused.append(error)
        return started, refused

    def _begin(
        self,
        session: Session,
        actor: Actor,
        pack: Pack,
        row: StartSubscription,
        key: str,
        variables: dict[str, Any],
    ) -> MessageStart:
        context, public = self._context, {k: v for k, v in variables.items() if k not in pack.personal}
        payload: dict[str, Any] = {"message": row.name, "correlation_key": key or None}
        if pack.files_complaints(row.process_id):
            event = Event("message_received", row.process_id, row.element_id, payload=payload)
            now = context.clock.now()
            filed = Filing(context).enter(
                session, actor, row.deployment_id, variables, actor.language, now, key or None, event
            )
            return MessageStart(filed.instance_id, row.pack, row.process_id, filed.number, filed.access_code)
        check_key(key)
        payload["variables"] = feel.encode(feel.to_feel(public))
        event = Event("message_received", row.process_id, row.element_id, payload=payload)
        execution = starts.begin(context, session, row, actor, event, public, key or None)
        broadcast(context, session, execution)
        return MessageStart(execution.instance.id, row.pack, row.process_id, key or None, None)

    def _check(self, session: Session, actor: Actor, key: str, packs: set[str]) -> None:
        if actor.kind == "system":
            return
        if actor.kind == "staff" and len(actor.packs(sorted(packs))) < len(packs):
            raise forbidden({"zh": "向此流程发送消息", "en": "send a message to this process"}, "staff")
        known = session.scalar(select(Complaint.number).where(Complaint.number == key))
        if (
            known is not None
            and session.scalar(select(Complaint.number).where(Complaint.number == key, sees_complaints(actor))) is None
        ):
            raise forbidden({"zh": "向此投诉发送消息", "en": "send a message to this complaint"}, "staff")

    def _label(self, session: Session, name: str, key: str) -> dict[str, str] | str:
        deployment = session.scalar(
            select(ProcessInstance.deployment_id).where(ProcessInstance.business_key == key).limit(1)
        )
        if deployment is None:
            return name
        label = self._context.pack(session, deployment).names.message(name)
        return {"zh": label.zh, "en": label.en}

    def _deliver(
        self,
        session: Session,
        actor: Actor,
        subscription: MessageSubscription,
        instance: ProcessInstance,
        complaint: Complaint | None,
        variables: dict[str, Any],
    ) -> None:
        pack = self._context.pack(session, instance.deployment_id)
        if instance in session:
            session.expunge(instance)
        execution = Execution(self._context, session, pack, instance, complaint, actor)
        public = {k: v for k, v in variables.items() if k not in pack.personal}
        execution.events.append(
            Event(
                "message_received",
                None,
                subscription.element_id,
                subscription.task_id,
                payload={"message": subscription.name, "variables": feel.encode(feel.to_feel(public))},
            )
        )
        execution.run(
            lambda machine: machine.trigger(subscription.task_id, subscription.element_id, feel.to_feel(public))
        )
        broadcast(self._context, session, execution)


def _runs(session: Session, row: StartSubscription, key: str) -> bool:
    """Whether an instance of the process runs under the key, in whatever version."""
    running = exists().where(
        ProcessInstance.business_key == key,
        ProcessInstance.pack == row.pack,
        ProcessInstance.process_id == row.process_id,
        ProcessInstance.state.in_(("active", "suspended")),
    )
    return bool(session.scalar(select(running)))


def _subscription(session: Session, instance_id: str, name: str, key: str) -> MessageSubscription | None:
    """What a locked instance still waits with; the earliest when there are several."""
    return session.scalar(
        select(MessageSubscription)
        .where(
            MessageSubscription.instance_id == instance_id,
            MessageSubscription.kind == "message",
            MessageSubscription.name == name,
            MessageSubscription.correlation_key == key,
        )
        .order_by(MessageSubscription.id)
        .limit(1)
    )


def due_query(now: datetime, limit: int) -> CompoundSelect[bool, int, datetime]:
    """(whether it starts a process, row id, when it may run) of what is due, oldest first; both parts by index."""
    timers = select(false().label("starts"), Timer.id, Timer.run_at).where(Timer.run_at <= now)
    beginnings = select(true(), StartSubscription.id, StartSubscription.run_at).where(StartSubscription.run_at <= now)
    return timers.union_all(beginnings).order_by("run_at", "id").limit(limit)


class Timers:
    """Use case: the sweep. Each due timer runs in its own transaction and fires once."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def next_at(self) -> datetime | None:
        """When the earliest timer may run; one indexed query."""
        earliest = select(func.min(Timer.run_at)).union_all(select(func.min(StartSubscription.run_at)))
        with self._context.store.read() as session:
            return min((at for at in session.scalars(earliest) if at is not None), default=None)

    def sweep(self, limit: int = 200) -> int:
        """Fire what is due, oldest first. Returns how many timers were taken.

        With nothing due this is one indexed query, however many complaints are open. A timer that fails becomes an
        incident and is pushed back; it never blocks the others. One whose instance somebody works on at the moment is
        left for the next sweep. Start timers begin an instance of the version in force.
        """
        now = self._context.clock.now()
        with self._context.store.read() as session:
            due = session.execute(due_query(now, limit)).all()
        return sum(self._taken(starts_process, row_id, now) for starts_process, row_id, _ in due)

    def _taken(self, starts_process: bool, row_id: int, now: datetime) -> bool:
        fire, failed = (self._begin, self._begin_failed) if starts_process else (self._fire, self._failed)
        try:
            return fire(row_id, now)
        except (Busy, Conflict):
            return False
        except EngineError as error:
            failed(row_id, error)
        except Exception as error:
            _LOG.exception("timer %s failed", row_id)
            failed(row_id, ExecutionError(element="timer", reason={"zh": repr(error), "en": repr(error)}))
        return True

    def _begin(self, row_id: int, now: datetime) -> bool:
        context = self._context
        with context.store.write() as session:
            execution = starts.begin_due(context, session, row_id, now)
            if execution is not None:
                broadcast(context, session, execution)
            return execution is not None

    def _begin_failed(self, row_id: int, error: EngineError) -> None:
        starts.put_back(self._context, row_id, error, self._context.clock.now(), _BACK_OFF)

    def _fire(self, timer_id: int, now: datetime) -> bool:
        context = self._context
        with context.store.write() as session:
            row = session.execute(
                select(Timer, ProcessInstance, Complaint)
                .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
                .outerjoin(Complaint, Complaint.instance_id == ProcessInstance.id)
                .where(Timer.id == timer_id, Timer.run_at <= now)
                .with_for_update(of=[ProcessInstance, Timer], skip_locked=True)
            ).first()
            if row is None:
                return False
            timer, instance, complaint = row
            if instance.state != "active":
                timer.run_at = now + timedelta(days=1)
                return True
            session.expunge(instance)
            session.expunge(timer)
            pack = context.pack(session, instance.deployment_id)
            execution = Execution(context, session, pack, instance, complaint, SYSTEM)
            payload = {
                "due_at": timer.due_at.isoformat(),
                "late_seconds": round((now - timer.due_at).total_seconds(), 3),
            }
            execution.events.append(Event("timer_fired", None, timer.element_id, timer.task_id, payload=payload))
            execution.run(lambda machine: machine.trigger(timer.task_id, timer.element_id))
            broadcast(context, session, execution)
            return True

    def _failed(self, timer_id: int, error: EngineError) -> None:
        now = self._context.clock.now()
        with self._context.store.write() as session:
            timer = session.get(Timer, timer_id)
            if timer is None:
                return
            wait = _BACK_OFF[min(timer.attempts, len(_BACK_OFF) - 1)]
            instance = session.get(ProcessInstance, timer.instance_id)
            error.params.setdefault("instance_id", timer.instance_id)
            error.params.setdefault("element_id", timer.element_id)
            error.params.setdefault("pack", instance.pack if instance else "")
            session.execute(
                update(Timer)
                .where(Timer.id == timer_id)
                .values(run_at=now + timedelta(seconds=wait), attempts=timer.attempts + 1)
            )
        record(self._context, error)
