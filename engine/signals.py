"""Signals: what is thrown in a step reaches everything that waits for it, and starts what begins with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine import feel, starts
from engine.context import Context
from engine.errors import ExecutionError
from engine.execution import Execution
from engine.history import Event
from engine.models import Complaint, MessageSubscription, ProcessInstance
from engine.runtime.machine import Machine
from engine.types import SYSTEM

MAX_ROUNDS = 20


def broadcast(context: Context, session: Session, source: Execution) -> None:
    """Deliver signals thrown in a step to every other instance that waits for them, in the same transaction.

    Every process whose version in force begins with the signal is started once, in whatever pack. Inside the throwing
    instance the runtime has delivered them already. Raises ExecutionError when signals go on calling forth signals.
    """
    queue = deque((source.instance.id, name, variables) for name, variables in source.signals)
    for _ in range(MAX_ROUNDS):
        if not queue:
            return
        thrower, name, variables = queue.popleft()
        for instance, complaint in waiting(session, "signal", name):
            if instance.id == thrower:
                continue
            session.expunge(instance)
            pack = context.pack(session, instance.deployment_id)
            execution = Execution(context, session, pack, instance, complaint, SYSTEM)
            execution.run(_catch(name, variables))
            queue += ((instance.id, *signal) for signal in execution.signals)
        for row in starts.opened(session, "signal", name):
            personal = context.pack(session, row.deployment_id).personal
            public = {k: v for k, v in variables.items() if k not in personal}
            payload = {"signal": name, "variables": feel.encode(public)}
            event = Event("signal_received", row.process_id, row.element_id, payload=payload)
            execution = starts.begin(context, session, row, SYSTEM, event, public)
            queue += ((execution.instance.id, *signal) for signal in execution.signals)
    if queue:
        name = queue[0][1]
        reason = {"zh": f"信号“{name}”引发了无尽的信号", "en": f"the signal “{name}” calls forth signals without end"}
        raise ExecutionError(element=name, reason=reason, instance_id=source.instance.id, pack=source.pack.name)


def waiting(
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


def _catch(name: str, variables: Mapping[str, Any]) -> Callable[[Machine], None]:
    return lambda machine: machine.catch(name, variables)
