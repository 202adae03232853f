"""Incidents: what stopped a process, for the process owner to mend and retry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from engine.context import Context
from engine.errors import EngineError, NotFound
from engine.models import Incident, ProcessInstance, StartSubscription, Timer
from engine.rights import require, role_packs
from engine.types import Actor


class Incidents:
    """Use cases about incidents."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, actor: Actor, pack: str | None = None) -> list[Mapping[str, Any]]:
        """Open incidents of the packs the actor looks after, newest first."""
        packs = role_packs(actor, "manager", "process_owner", "auditor")
        query = select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id.desc()).limit(200)
        if packs is not None:
            query = query.where(Incident.pack.in_(packs))
        if pack is not None:
            query = query.where(Incident.pack == pack)
        with self._context.store.read() as session:
            return [shown(row) for row in session.scalars(query)]

    def retry(self, actor: Actor, incident_id: int) -> None:
        """Mark an incident resolved and let what waits behind it run at once: a failed timer, or failed start."""
        now = self._context.clock.now()
        with self._context.store.write() as session:
            incident = session.get(Incident, incident_id)
            if incident is None:
                raise NotFound(what={"zh": "异常", "en": "incident"}, id=str(incident_id))
            require(actor, incident.pack, "manager", "process_owner", action={"zh": "重试", "en": "retry"})
            incident.resolved_at, incident.resolved_by = now, actor.id
            if incident.instance_id:
                session.execute(
                    update(Timer)
                    .where(Timer.instance_id == incident.instance_id, Timer.attempts > 0)
                    .values(run_at=now, attempts=0)
                )
            else:
                session.execute(
                    update(StartSubscription)
                    .where(StartSubscription.pack == incident.pack, StartSubscription.failed)
                    .values(run_at=now, attempts=0)
                )
        self._context.wake(now)


def record(context: Context, error: EngineError) -> None:
    """Write an incident in a transaction of its own; the same one again only raises its count.

    One of an instance that never came into being, because its first step failed, belongs to the pack alone.
    """
    params = error.params
    element = str(params.get("element_id") or params.get("element") or "")
    instance_id = params.get("instance_id")
    now = context.clock.now()
    pack = str(params.get("pack", ""))
    with context.store.write() as session:
        if instance_id is not None and session.get(ProcessInstance, instance_id) is None:
            instance_id = None
        same = Incident.instance_id.is_(None) if instance_id is None else Incident.instance_id == instance_id
        known = session.scalar(
            select(Incident)
            .where(
                same,
                Incident.pack == pack,
                Incident.element_id == element,
                Incident.code == error.code,
                Incident.resolved_at.is_(None),
            )
            .limit(1)
        )
        if known is not None:
            known.count += 1
            return
        session.add(
            Incident(
                instance_id=instance_id,
                pack=pack,
                element_id=element,
                code=error.code,
                message_zh=error.text("zh"),
                message_en=error.text("en"),
                created_at=now,
                count=1,
            )
        )


def shown(row: Incident) -> dict[str, Any]:
    return {
        "id": row.id,
        "instance_id": row.instance_id,
        "pack": row.pack,
        "element_id": row.element_id,
        "code": row.code,
        "message": {"zh": row.message_zh, "en": row.message_en},
        "created_at": row.created_at,
        "count": row.count,
    }
