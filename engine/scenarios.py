"""Golden walks of a pack: start, complete, advance time, compare. Run on the real engine with virtual time.

Every step goes through the database, so the instance is saved and loaded again after each of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from engine import Engine, feel, open_engine
from engine.clock import VirtualClock
from engine.config import Config
from engine.errors import EngineError
from engine.models import Complaint, HistoryEvent, Outbox, ProcessInstance, UserTask, UserTaskGroup
from engine.packs import Pack
from engine.runtime import state
from engine.types import SYSTEM, Actor

MAX_SWEEPS = 1_000
_MEMBERS = 4
"""Made-up members per group: enough for every rule that asks for another person."""


_UNKNOWN = object()


class Mismatch(Exception):
    """A scenario did not go as written: what was expected and what was found."""


@dataclass
class Outcome:
    """How one scenario went."""

    file: str
    title: str
    ok: bool
    step: int = 0
    problem: str = ""
    passed: frozenset[str] = frozenset()
    clauses: tuple[str, ...] = ()


@dataclass
class Walk:
    """A running scenario."""

    engine: Engine
    clock: VirtualClock
    pack: Pack
    instance_id: str = ""
    number: str | None = None
    sent_before: int = 0
    passed: set[str] = field(default_factory=set)


def run_scenarios(pack: Pack, config: Config, only: str | None = None) -> Iterator[Outcome]:
    """Run every scenario of ``pack`` (or those whose file name contains ``only``), each in a database of its own."""
    for path in sorted(pack.files):
        if path.startswith("scenarios/") and path.endswith(".toml") and (only is None or only in path):
            yield run_scenario(pack, path, config)


def run_scenario(pack: Pack, path: str, config: Config) -> Outcome:
    """Run one scenario file. Never raises for what the scenario or the pack says."""
    try:
        data = tomllib.loads(pack.files[path].decode("utf-8"))
        start = datetime.fromisoformat(str(data["start"]))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, ValueError) as error:
        return Outcome(path, path, False, 0, f"cannot be read: {error!r}")
    outcome = Outcome(path, str(data.get("title", path)), True, clauses=tuple(data.get("clauses", ())))
    clock = VirtualClock(start.astimezone(UTC))
    engine = in_memory(config, clock)
    walk = Walk(engine, clock, pack)
    try:
        _begin(walk, data)
        for number, step in enumerate(data.get("step", ()), 1):
            outcome.step = number
            _step(walk, step)
    except (Mismatch, EngineError) as error:
        outcome.ok = False
        outcome.problem = error.text("en") if isinstance(error, EngineError) else str(error)
        if isinstance(error, EngineError) and error.params.get("errors"):
            outcome.problem += f" {error.params['errors']}"
    finally:
        outcome.passed = frozenset(_passed(walk))
        engine.close()
    return outcome


def in_memory(config: Config, clock: VirtualClock) -> Engine:
    """An engine like the configured one on a database in memory."""
    return open_engine(replace(config, database_url="sqlite://"), clock)


def member(pack: str, group: str, number: int = 1) -> Actor:
    """A made-up member of ``group``."""
    return Actor(id=f"{group}.{number}", name=f"{group} {number}", groups=frozenset({f"{pack}/{group}"}))


def _begin(walk: Walk, data: Mapping[str, Any]) -> None:
    walk.engine.deployments.deploy_files(SYSTEM, walk.pack.files, name=walk.pack.name)
    process = data.get("process")
    if process is not None:
        walk.instance_id = walk.engine.instances.start(SYSTEM, walk.pack.name, str(process), data.get("variables", {}))
        return
    for earlier in data.get("earlier", ()):
        at = datetime.fromisoformat(str(earlier["at"])).astimezone(UTC)
        now = walk.clock.now()
        walk.clock.set(at)
        walk.engine.complaints.file(SYSTEM, walk.pack.name, earlier["intake"])
        walk.clock.set(now)
    started = walk.engine.complaints.file(SYSTEM, walk.pack.name, data.get("intake", {}))
    walk.instance_id, walk.number = started.instance_id, started.number


def _step(walk: Walk, step: Mapping[str, Any]) -> None:
    expected = dict(step.get("expect", {}))
    after = {k: expected.pop(k) for k in ("sent",) if k in expected}
    acts = any(k in step for k in ("complete", "advance", "advance_to", "message"))
    if not acts:
        _compare(walk, {**expected, **after})
        return
    before_keys = ("tasks", "due", "group") if "complete" in step else ()
    _compare(walk, {k: expected.pop(k) for k in before_keys if k in expected})
    walk.sent_before = len(_sent(walk))
    refused = step.get("refused")
    frozen = _snapshot(walk) if refused else None
    try:
        _act(walk, step)
    except EngineError as error:
        if refused is None:
            raise
        if error.code != refused and not (refused == "group" and error.code == "forbidden"):
            raise Mismatch(f"refused with “{error.code}” instead of “{refused}”: {error}") from error
        if _snapshot(walk) != frozen:
            raise Mismatch(f"the step was refused with “{refused}” but something changed") from error
    else:
        if refused is not None:
            raise Mismatch(f"the step should have been refused with “{refused}”")
    _compare(walk, {**expected, **after})


def _act(walk: Walk, step: Mapping[str, Any]) -> None:
    if "complete" in step:
        _complete(walk, step)
    elif "message" in step:
        walk.engine.messages.correlate(SYSTEM, str(step["message"]), walk.number or "", step.get("with", {}))
    else:
        if "advance_to" in step:
            target = datetime.fromisoformat(str(step["advance_to"])).astimezone(UTC)
        else:
            start = walk.clock.now()
            target = walk.engine.calendars[str(step.get("calendar", "calendar"))].add(start, str(step["advance"])).at
        advance(walk.engine, walk.clock, target)


def advance(engine: Engine, clock: VirtualClock, target: datetime) -> None:
    """Move virtual time to ``target``, firing what becomes due on the way, in order and at its own instant."""
    for _ in range(MAX_SWEEPS):
        due = engine.timers.next_at()
        if due is None or due > target:
            break
        clock.set(max(due, clock.now()))
        engine.timers.sweep()
    clock.set(max(target, clock.now()))


def _complete(walk: Walk, step: Mapping[str, Any]) -> None:
    element = str(step["complete"])
    rows = [t for t in _open(walk) if t.element_id == element]
    index = int(step.get("instance", 1)) - 1
    if index >= len(rows):
        raise Mismatch(f"the task “{element}” is not open; open are {sorted(t.element_id for t in _open(walk))}")
    if "department" in step:
        rows = [t for t in rows if f"{walk.pack.name}/{step['department']}" in _groups(walk, t.id)] or rows
        index = 0
    task = rows[index]
    actor = _performer(walk, task, step)
    walk.engine.tasks.complete(actor, task.id, step.get("with", {}))


def _performer(walk: Walk, task: UserTask, step: Mapping[str, Any]) -> Actor:
    groups = [g.split("/", 1)[1] for g in _groups(walk, task.id)]
    group = str(step.get("as", groups[0] if groups else "staff"))
    if "by" in step:
        return Actor(id=str(step["by"]), name=str(step["by"]), groups=frozenset({f"{walk.pack.name}/{group}"}))
    for number in range(1, _MEMBERS + 1):
        actor = member(walk.pack.name, group, number)
        if actor.id not in (task.excluded or {}) and task.assignee in (None, actor.id):
            return actor
    return member(walk.pack.name, group)


def _compare(walk: Walk, expected: Mapping[str, Any]) -> None:
    for key, wanted in expected.items():
        compare = _COMPARE.get(key)
        if compare is None:
            raise Mismatch(f"unknown expectation “{key}”; known are {', '.join(_COMPARE)}")
        compare(walk, wanted)


def _tasks(walk: Walk, wanted: list[str]) -> None:
    _equal("open tasks", sorted(wanted), sorted(t.element_id for t in _open(walk)))


def _due(walk: Walk, wanted: Mapping[str, str]) -> None:
    for element, text in wanted.items():
        dues = [t.due_at for t in _open(walk) if t.element_id == element]
        at = datetime.fromisoformat(str(text))
        if at.astimezone(UTC) not in dues:
            zone = ZoneInfo(walk.engine.config.zone)
            found = [d.astimezone(zone).isoformat() if d else None for d in dues]
            raise Mismatch(f"“{element}” should be due {at.isoformat()}, found {found}")


def _group(walk: Walk, wanted: Mapping[str, str]) -> None:
    for element, group in wanted.items():
        found = {g for t in _open(walk) if t.element_id == element for g in _groups(walk, t.id)}
        if f"{walk.pack.name}/{group}" not in found:
            raise Mismatch(f"“{element}” should be offered to “{group}”, found {sorted(found)}")


def _variables(walk: Walk, wanted: Mapping[str, Any]) -> None:
    with walk.engine.context.store.read() as session:
        instance = session.get_one(ProcessInstance, walk.instance_id)
        found = feel.encode(state.all_variables(instance.data))
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
    _equal("letters sent", sorted(wanted), sorted(_sent(walk)[walk.sent_before :]))


def _ended(walk: Walk, wanted: Any) -> None:
    with walk.engine.context.store.read() as session:
        instance = session.get_one(ProcessInstance, walk.instance_id)
    if wanted is False:
        _equal("state", "active", instance.state)
    else:
        _equal("end event", wanted, instance.end_element)
        _equal("state", "completed", instance.state)


def _passed_by(walk: Walk, wanted: list[str]) -> None:
    missing = sorted(set(wanted) - _passed(walk))
    if missing:
        raise Mismatch(f"not passed: {missing}")


def _not_passed(walk: Walk, wanted: list[str]) -> None:
    found = sorted(set(wanted) & _passed(walk))
    if found:
        raise Mismatch(f"passed although they should not: {found}")


_COMPARE: dict[str, Callable[[Walk, Any], None]] = {
    "tasks": _tasks,
    "due": _due,
    "group": _group,
    "variables": _variables,
    "ledger": _ledger,
    "sent": _sent_now,
    "ended": _ended,
    "passed": _passed_by,
    "not_passed": _not_passed,
}


def _equal(what: str, wanted: Any, found: Any) -> None:
    if wanted != found:
        raise Mismatch(f"{what}: expected {wanted!r}, found {found!r}")


def _plain(value: Any) -> Any:
    return feel.encode(feel.to_feel(value))


def _open(walk: Walk) -> list[UserTask]:
    with walk.engine.context.store.read() as session:
        query = select(UserTask).where(UserTask.instance_id == walk.instance_id, UserTask.state == "open")
        return list(session.scalars(query.order_by(UserTask.created_at, UserTask.element_id, UserTask.id)))


def _groups(walk: Walk, task_id: str) -> list[str]:
    with walk.engine.context.store.read() as session:
        return sorted(session.scalars(select(UserTaskGroup.group_id).where(UserTaskGroup.task_id == task_id)))


def _sent(walk: Walk) -> list[str]:
    with walk.engine.context.store.read() as session:
        return [
            name or ""
            for name in session.scalars(
                select(Outbox.letter).where(Outbox.instance_id == walk.instance_id).order_by(Outbox.id)
            )
        ]


def _passed(walk: Walk) -> set[str]:
    if not walk.instance_id:
        return set()
    with walk.engine.context.store.read() as session:
        query = select(HistoryEvent.element_id).where(
            HistoryEvent.instance_id == walk.instance_id,
            HistoryEvent.type.in_(("element_completed", "timer_fired", "message_received")),
        )
        return {e for e in session.scalars(query) if e}


def _snapshot(walk: Walk) -> tuple[Any, ...]:
    with walk.engine.context.store.read() as session:
        instance = session.get_one(ProcessInstance, walk.instance_id)
    return instance.revision, instance.data, len(_sent(walk)), tuple(t.id for t in _open(walk))
