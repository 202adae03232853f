"""Messages and signals from outside, and the timers that are due."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from engine import feel
from engine.context import Context
from engine.errors import Conflict, EngineError, ExecutionError, NoSubscription
from engine.execution import Execution
from engine.history import Event
from engine.incidents import record
from engine.models import Complaint, MessageSubscription, ProcessInstance, Timer
from engine.rights import forbidden, sees_complaints
from engine.runtime.machine import Machine
from engine.store import Busy
from engine.types import SYSTEM, Actor

_LOG = logging.getLogger("redress.timers")
_BACK_OFF = (60, 300, 900, 3600, 6 * 3600)
"""Seconds until a failing timer is tried again."""

MAX_ROUNDS = 20


class Messages:
    """Use case: a message correlates with every instance that waits for it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def correlate(
        self, actor: Actor, name: str, correlation_key: str, variables: Mapping[str, Any] | None = None
    ) -> int:
        """Deliver a message. Returns how many instances took it.

        Raises NoSubscription when nobody waits for it, Forbidden when the actor may not see the complaint.
        """
        context = self._context
        try:
            with context.store.write() as session:
                waiting = _waiting(session, "message", name, correlation_key)
                self._check(session, actor, correlation_key, {instance.pack for instance, _ in waiting})
                taken = 0
                for instance, complaint in waiting:
                    subscription = _subscription(session, instance.id, name, correlation_key)
                    if subscription is not None:
                        self._deliver(session, actor, subscription, instance, complaint, dict(variables or {}))
                        taken += 1
                if not taken:
                    raise NoSubscription(key=correlation_key, message=self._label(session, name, correlation_key))
                return taken
        except ExecutionError as error:
            record(context, error)
            raise

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


def broadcast(context: Context, session: Session, source: Execution) -> None:
    """Deliver signals thrown in a step to every other instance that waits for them, in the same transaction.

    Inside the throwing instance the runtime has delivered them already. Raises ExecutionError when signals go on
    calling forth signals.
    """
    queue = deque((source.instance.id, name, variables) for name, variables in source.signals)
    for _ in range(MAX_ROUNDS):
        if not queue:
            return
        thrower, name, variables = queue.popleft()
        for instance, complaint in _waiting(session, "signal", name):
            if instance.id == thrower:
                continue
            session.expunge(instance)
            pack = context.pack(session, instance.deployment_id)
            execution = Execution(context, session, pack, instance, complaint, SYSTEM)
            execution.run(_catch(name, variables))
            queue += ((instance.id, *signal) for signal in execution.signals)
    if queue:
        name = queue[0][1]
        reason = {"zh": f"信号“{name}”引发了无尽的信号", "en": f"the signal “{name}” calls forth signals without end"}
        raise ExecutionError(element=name, reason=reason, instance_id=source.instance.id, pack=source.pack.name)


def _waiting(
    session: Session, kind: str, name: str, key: str | None = None
) -> list[tuple[ProcessInstance, Complaint | None]]:
    """The active instances that wait for it, locked in the order of their ids."""
    waits = exists().where(
        MessageSubscription.instance_id == ProcessInstance.id,
        MessageSubscription.kind == kind,
        MessageSubscription.name == name,
        *([MessageSubscription.correlation_key == key] if key is not None else []),
    )
    rows = session.execute(
        select(ProcessInstance, Complaint)
        .outerjoin(Complaint, Complaint.instance_id == ProcessInstance.id)
        .where(waits, ProcessInstance.state == "active")
        .order_by(ProcessInstance.id)
        .with_for_update(of=[ProcessInstance])
    )
    return [(instance, complaint) for instance, complaint in rows]


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


def _catch(name: str, variables: Mapping[str, Any]) -> Callable[[Machine], None]:
    return lambda machine: machine.catch(name, variables)


class Timers:
    """Use case: the sweep. Each due timer runs in its own transaction and fires once."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def next_at(self) -> datetime | None:
        """When the earliest timer may run; one indexed query."""
        with self._context.store.read() as session:
            return session.scalar(select(func.min(Timer.run_at)))

    def sweep(self, limit: int = 200) -> int:
        """Fire what is due, oldest first. Returns how many timers were taken.

        With nothing due this is one indexed query, however many complaints are open. A timer that fails becomes an
        incident and is pushed back; it never blocks the others. One whose instance somebody works on at the moment is
        left for the next sweep.
        """
        now = self._context.clock.now()
        with self._context.store.read() as session:
            due = session.scalars(
                select(Timer.id).where(Timer.run_at <= now).order_by(Timer.run_at, Timer.id).limit(limit)
            ).all()
        return sum(self._taken(timer_id, now) for timer_id in due)

    def _taken(self, timer_id: int, now: datetime) -> bool:
        try:
            return self._fire(timer_id, now)
        except (Busy, Conflict):
            return False
        except EngineError as error:
            self._failed(timer_id, error)
        except Exception as error:
            _LOG.exception("timer %s failed", timer_id)
            self._failed(timer_id, ExecutionError(element="timer", reason={"zh": repr(error), "en": repr(error)}))
        return True

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
