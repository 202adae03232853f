"""History events: append-only, each carrying the hash of the one before it in its instance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import HistoryEvent, ProcessInstance
from engine.types import Actor


@dataclass(frozen=True)
class Event:
    """What is to be recorded; who and when are added by :func:`chain`."""

    type: str
    process_id: str | None = None
    element_id: str | None = None
    task_id: str | None = None
    reason: str | None = None
    payload: Mapping[str, Any] | None = None
    on_behalf_of: str | None = None
    deployment_id: str | None = None


@dataclass(frozen=True)
class Broken:
    """A place where the chain of an instance does not hold."""

    instance_id: str
    seq: int
    problem: str
    """changed · missing · tail"""


def chain(instance: ProcessInstance, actor: Actor, at: datetime, events: list[Event]) -> list[dict[str, Any]]:
    """Rows for ``events`` behind the ones ``instance`` already has; moves its chain head."""
    rows: list[dict[str, Any]] = []
    for event in events:
        row: dict[str, Any] = {
            "instance_id": instance.id,
            "seq": instance.history_seq + 1,
            "at": at,
            "actor": actor.id or (actor.kind if actor.kind != "staff" else None),
            "on_behalf_of": event.on_behalf_of,
            "type": event.type,
            "deployment_id": event.deployment_id,
            "process_id": event.process_id,
            "element_id": event.element_id,
            "task_id": event.task_id,
            "reason": event.reason,
            "payload": dict(event.payload) if event.payload is not None else None,
        }
        row["hash"] = link(instance.history_hash, row)
        instance.history_seq, instance.history_hash = row["seq"], row["hash"]
        rows.append(row)
    return rows


def link(previous: str, row: Mapping[str, Any]) -> str:
    """The hash of an event: SHA-256 over the previous hash and its content in canonical JSON."""
    content = {k: v for k, v in row.items() if k not in ("id", "hash")}
    at: datetime = content["at"]
    content["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def verify(session: Session) -> list[Broken]:
    """Recompute every chain; an empty list means that no event was changed, removed or added behind its back."""
    heads = {
        i: (seq, head)
        for i, seq, head in session.execute(
            select(ProcessInstance.id, ProcessInstance.history_seq, ProcessInstance.history_hash)
        )
    }
    broken: list[Broken] = []
    seen: dict[str, tuple[int, str]] = {}
    columns = list(HistoryEvent.__table__.columns)
    query = select(*columns).order_by(HistoryEvent.instance_id, HistoryEvent.seq).execution_options(yield_per=500)
    for row in session.execute(query).mappings():
        instance_id, seq = row["instance_id"], row["seq"]
        last_seq, last_hash = seen.get(instance_id, (0, ""))
        if seq != last_seq + 1:
            broken.append(Broken(instance_id, seq, "missing"))
        elif link(last_hash, dict(row)) != row["hash"]:
            broken.append(Broken(instance_id, seq, "changed"))
        seen[instance_id] = (seq, row["hash"])
    for instance_id, head in heads.items():
        if seen.get(instance_id, (0, "")) != head:
            broken.append(Broken(instance_id, head[0], "tail"))
    return broken
