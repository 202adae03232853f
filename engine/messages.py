"""Messages and signals from outside, and the timers that are due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine import feel
from engine.context import Context
from engine.errors import EngineError, ExecutionError, NoSubscription
from engine.execution import Execution
from engine.history import Event
from engine.incidents import record
from engine.models import Complaint, MessageSubscription, ProcessInstance, Timer
from engine.rights import forbidden, sees_complaints
from engine.runtime.machine import Machine
from engine.types import SYSTEM, Actor

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
                rows = session.execute(
                    select(MessageSubscription, ProcessInstance, Complaint)
                    .join(ProcessInstance, ProcessInstance.id == MessageSubscription.instance_id)
                    .outerjoin(Complaint, Complaint.instance_id == ProcessInstance.id)
                    .where(
                        MessageSubscription.kind == "message",
                        MessageSubscription.name == name,
                        MessageSubscription.correlation_key == correlation_key,
                        ProcessInstance.state == "active",
                    )
                ).all()
                self._check(session, actor, correlation_key)
                if not rows:
                    raise NoSubscription(key=correlation_key, message=self._label(session, name, correlation_key))
                done: set[str] = set()
                for subscription, instance, complaint in rows:
                    if instance.id not in done:
                        done.add(instance.id)
                        self._deliver(session, actor, subscription, instance, complaint, dict(variables or {}))
                return len(done)
        except ExecutionError as error:
            record(context, error)
            raise

    def _check(self, session: Session, actor: Actor, key: str) -> None:
        if actor.kind == "system":
            return
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
    """Deliver signals thrown in a step to every instance that waits for them, in the same transaction."""
    queue = list(source.signals)
    for _ in range(MAX_ROUNDS):
        if not queue:
            return
        name, variables = queue.pop(0)
        rows = session.execute(
            select(MessageSubscription, ProcessInstance, Complaint)
            .join(ProcessInstance, ProcessInstance.id == MessageSubscription.instance_id)
            .outerjoin(Complaint, Complaint.instance_id == ProcessInstance.id)
            .where(
                MessageSubscription.kind == "signal",
                MessageSubscription.name == name,
                ProcessInstance.state == "active",
            )
        ).all()
        for subscription, instance, complaint in rows:
            session.expunge(instance)
            pack = context.pack(session, instance.deployment_id)
            execution = Execution(context, session, pack, instance, complaint, SYSTEM)
            execution.run(_trigger(subscription, variables))
            queue += execution.signals


def _trigger(subscription: MessageSubscription, variables: Mapping[str, Any]) -> Any:
    def step(machine: Machine) -> None:
        machine.trigger(subscription.task_id, subscription.element_id, variables)

    return step


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
        incident and is pushed back; it never blocks the others.
        """
        now = self._context.clock.now()
        with self._context.store.read() as session:
            due = session.scalars(
                select(Timer.id).where(Timer.run_at <= now).order_by(Timer.run_at, Timer.id).limit(limit)
            ).all()
        for timer_id in due:
            try:
                self._fire(timer_id, now)
            except EngineError as error:
                self._failed(timer_id, error)
            except Exception as error:
                failure = ExecutionError(element="timer", reason={"zh": repr(error), "en": repr(error)})
                self._failed(timer_id, failure)
        return len(due)

    def _fire(self, timer_id: int, now: datetime) -> None:
        context = self._context
        with context.store.write() as session:
            timer = session.scalar(
                select(Timer).where(Timer.id == timer_id, Timer.run_at <= now).with_for_update(skip_locked=True)
            )
            if timer is None:
                return
            row = session.execute(
                select(ProcessInstance, Complaint)
                .outerjoin(Complaint, Complaint.instance_id == ProcessInstance.id)
                .where(ProcessInstance.id == timer.instance_id)
                .with_for_update(of=[ProcessInstance])
            ).one()
            instance, complaint = row
            if instance.state != "active":
                timer.run_at = now + timedelta(days=1)
                return
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
