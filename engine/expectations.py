"""What a scenario expects after a step, compared with what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from engine import feel
from engine.errors import Forbidden
from engine.models import Complaint, ProcessInstance
from engine.runtime import state
from engine.types import Actor
from engine.walking import Mismatch, Walk, candidates, instance_of, letters_sent, open_tasks, passed

_UNKNOWN = object()


def compare(walk: Walk, expected: Mapping[str, Any]) -> None:
    """Raise Mismatch for the first expectation that does not hold, or that is not known."""
    for key, wanted in expected.items():
        judge = _COMPARE.get(key)
        if judge is None:
            raise Mismatch(f"unknown expectation “{key}”; known are {', '.join(_COMPARE)}")
        judge(walk, wanted)


def _tasks(walk: Walk, wanted: list[str]) -> None:
    _equal("open tasks", sorted(wanted), sorted(t.element_id for t in open_tasks(walk)))


def _due(walk: Walk, wanted: Mapping[str, str]) -> None:
    for element, text in wanted.items():
        dues = [t.due_at for t in open_tasks(walk) if t.element_id == element]
        at = datetime.fromisoformat(str(text))
        if at.astimezone(UTC) not in dues:
            zone = ZoneInfo(walk.engine.config.zone)
            found = [d.astimezone(zone).isoformat() if d else None for d in dues]
            raise Mismatch(f"“{element}” should be due {at.isoformat()}, found {found}")


def _group(walk: Walk, wanted: Mapping[str, str]) -> None:
    for element, group in wanted.items():
        found = {c for t in open_tasks(walk) if t.element_id == element for c in candidates(walk, t.id)}
        if found.isdisjoint({f"{walk.pack.name}/{group}", group}):
            raise Mismatch(f"“{element}” should be offered to “{group}”, found {sorted(found)}")


def _variables(walk: Walk, wanted: Mapping[str, Any]) -> None:
    found = feel.encode(state.all_variables(instance_of(walk).data))
    for name, value in wanted.items():
        _equal(f"variable {name}", _plain(value), found.get(name))


def _ledger(walk: Walk, wanted: Mapping[str, Any]) -> None:
    with walk.engine.context.store.read() as session:
        complaint = session.get_one(Complaint, walk.number)
    for name, value in wanted.items():
        if name == "escalated":
            _equal("ledger escalated", bool(value), complaint.escalated_at is not None)
            continue
        found = getattr(complaint, name, _UNKNOWN)
        if found is _UNKNOWN:
            raise Mismatch(f"the ledger has no column “{name}”")
        if isinstance(value, bool) and not isinstance(found, bool):
            _equal(f"ledger {name} is set", value, found is not None)
        elif isinstance(found, datetime):
            _equal(f"ledger {name}", datetime.fromisoformat(str(value)).astimezone(UTC), found.astimezone(UTC))
        else:
            _equal(f"ledger {name}", value, found)


def _sent_now(walk: Walk, wanted: list[str]) -> None:
    _equal("letters sent", sorted(wanted), sorted(letters_sent(walk)[walk.sent_before :]))


def _started(walk: Walk, wanted: int) -> None:
    with walk.engine.context.store.read() as session:
        query = select(func.count()).where(ProcessInstance.process_id == walk.process_id)
        _equal("instances started", wanted, session.scalar(query))


def _ended(walk: Walk, wanted: Any) -> None:
    instance = instance_of(walk)
    if wanted is False:
        _equal("state", "active", instance.state)
    else:
        _equal("end event", wanted, instance.end_element)
        _equal("state", "completed", instance.state)


def _passed_by(walk: Walk, wanted: list[str]) -> None:
    missing = sorted(set(wanted) - passed(walk))
    if missing:
        raise Mismatch(f"not passed: {missing}")


def _not_passed(walk: Walk, wanted: list[str]) -> None:
    found = sorted(set(wanted) & passed(walk))
    if found:
        raise Mismatch(f"passed although they should not: {found}")


def _blind(walk: Walk, wanted: list[str]) -> None:
    """Nobody who is offered one of these open tasks may read the complaint, nor finds it on the task."""
    for task in (t for t in open_tasks(walk) if t.element_id in wanted):
        groups = frozenset(c for c in candidates(walk, task.id) if "/" in c)
        reader = Actor(id="somebody", name="somebody", groups=groups)
        with suppress(Forbidden):
            walk.engine.complaints.get(reader, str(walk.number))
            raise Mismatch(f"whoever is offered “{task.element_id}” may read the complaint")
        detail = walk.engine.tasks.get(reader, task.id)
        if detail.row.number is not None or detail.row.matter:
            raise Mismatch(f"“{task.element_id}” tells whose complaint it is about")
    missing = sorted(set(wanted) - {t.element_id for t in open_tasks(walk)})
    if missing:
        raise Mismatch(f"not open: {missing}")


_COMPARE: dict[str, Callable[[Walk, Any], None]] = {
    "tasks": _tasks,
    "due": _due,
    "group": _group,
    "variables": _variables,
    "ledger": _ledger,
    "sent": _sent_now,
    "started": _started,
    "ended": _ended,
    "passed": _passed_by,
    "not_passed": _not_passed,
    "blind": _blind,
}


def _equal(what: str, wanted: Any, found: Any) -> None:
    if wanted != found:
        raise Mismatch(f"{what}: expected {wanted!r}, found {found!r}")


def _plain(value: Any) -> Any:
    return feel.encode(feel.to_feel(value))
