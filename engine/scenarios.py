"""Golden walks of a pack: start, complete, advance time, compare. Run on the real engine with virtual time.

Every step goes through the database, so the instance is saved and loaded again after each of them. A walk begins with
``[intake]`` (a complaint), with ``process`` and ``[variables]``, or with ``start_message``, a message under ``key`` whose
variables stand in ``[intake]`` or ``[variables]``. A ``process`` that only its timers or signals start begins while time
advances; the walk follows its first instance, and ``started`` counts all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from engine import Engine
from engine.calendars import CalendarError
from engine.clock import VirtualClock
from engine.config import Config
from engine.errors import EngineError
from engine.expectations import compare
from engine.guarantees import Guarantee, Run, broken_by_run, read_guarantees
from engine.models import ProcessInstance, UserTask
from engine.packs import MANIFEST, Pack, load_pack
from engine.rehearsal import Rehearsal
from engine.scenario_files import check_step, moment, read_scenario
from engine.triggers import triggered
from engine.types import SYSTEM, Actor
from engine.walking import Mismatch, Walk, candidates, letters_sent, open_tasks, run_of, snapshot

MAX_SWEEPS = 1_000
_PART = 16
"""Scenarios of one pack that one process runs before it takes others."""
_MEMBERS = 4
"""Made-up members per group: enough for every rule that asks for another person."""


@dataclass
class Outcome:
    """How one scenario went."""

    file: str
    title: str
    ok: bool
    step: int = 0
    problem: str = ""
    problem_zh: str = ""
    passed: frozenset[str] = frozenset()
    run: Run = field(default_factory=Run)
    clauses: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The shape ``redress scenarios --json`` prints."""
        keys = ("file", "title", "ok", "step", "problem", "clauses")
        return {**{key: getattr(self, key) for key in keys}, "passed": sorted(self.passed)}

    def fail(self, error: Exception) -> None:
        """It went wrong, for the reason that ``error`` gives."""
        self.ok, self.problem, self.problem_zh = False, _told(error, "en"), _told(error, "zh")


def run_scenarios(packs: Sequence[Pack], config: Config, only: str | None = None) -> Iterator[tuple[str, Outcome]]:
    """(pack, outcome) of every scenario of ``packs``, or of those whose file name contains ``only``, in their order.

    They run on all processors, each from the same beginning. A pack that cannot be deployed has one outcome: the refusal.
    """
    parts = [
        (pack.name, pack.files, files[first : first + _PART])
        for pack in packs
        for files in [scenario_files(pack, only)]
        for first in range(0, len(files), _PART)
    ]
    with ProcessPoolExecutor(os.cpu_count(), initializer=_prepare, initargs=(config,)) as pool:
        refused: set[str] = set()
        for (name, *_), outcomes in zip(parts, pool.map(_play_part, parts), strict=True):
            yield from ((name, outcome) for outcome in outcomes if name not in refused)
            refused.update(name for outcome in outcomes if outcome.file == MANIFEST)


_CONFIG: Config
"""The settings of a process that runs scenarios."""


def _prepare(config: Config) -> None:
    global _CONFIG
    _CONFIG = config


def _play_part(part: tuple[str, Mapping[str, bytes], Sequence[str]]) -> list[Outcome]:
    name, files, paths = part
    pack = load_pack(files, name)
    try:
        rehearsal = Rehearsal(pack, _CONFIG)
    except Exception as error:
        refusal = Outcome(MANIFEST, pack.names.title.zh, False)
        refusal.fail(error)
        return [refusal]
    with closing(rehearsal):
        return [play(rehearsal, path) for path in paths]


def scenario_files(pack: Pack, only: str | None = None) -> list[str]:
    """The scenario files of ``pack`` whose name contains ``only``, in their order."""
    found = (p for p in sorted(pack.files) if p.startswith("scenarios/") and p.endswith(".toml"))
    return [path for path in found if only is None or only in path]


def play(rehearsal: Rehearsal, path: str, changed: Pack | None = None) -> Outcome:
    """Run one scenario file where its pack is deployed. Never raises for what the scenario or the pack says.

    ``changed`` is executed in the place of the pack: a mutant of it.
    """
    outcome = Outcome(path, path, True)
    walk = Walk(rehearsal.engine, rehearsal.clock, rehearsal.pack)
    try:
        data = read_scenario(rehearsal.pack.files[path])
        outcome.title, outcome.clauses = str(data.get("title", path)), tuple(data.get("clauses", ()))
        rehearsal.begin(moment("start", data["start"]), changed)
        try:
            _begin(walk, data)
            for number, step in enumerate(data.get("step", ()), 1):
                outcome.step = number
                check_step(step, walk.pack, walk.engine.calendars)
                _step(walk, step)
        finally:
            outcome.run = run_of(walk)
            outcome.passed = frozenset(outcome.run.trace)
        for guarantee, what in broken_by_run(outcome.run, _promised(walk.pack)):
            raise Mismatch(f"guarantee “{guarantee.id}” is broken: {what}", f"承诺“{guarantee.id}”不成立：{what}")
    except Exception as error:
        outcome.fail(error)
    return outcome


def _told(error: Exception, language: str) -> str:
    if isinstance(error, EngineError):
        return error.text(language) + (f" {error.params['errors']}" if error.params.get("errors") else "")
    if isinstance(error, CalendarError):
        return error.text(language)
    if isinstance(error, Mismatch):
        return error.zh if language == "zh" else str(error)
    what = f"{type(error).__name__}: {error}"
    return f"无法照此进行，请核对此处的写法（{what}）" if language == "zh" else f"cannot be done as written ({what})"


def _promised(pack: Pack) -> list[Guarantee]:
    return read_guarantees(pack)[0]


def member(pack: str, group: str, number: int = 1) -> Actor:
    """A made-up member of ``group``."""
    return Actor(id=f"{group}.{number}", name=f"{group} {number}", groups=frozenset({f"{pack}/{group}"}))


def _begin(walk: Walk, data: Mapping[str, Any]) -> None:
    if "start_message" in data:
        _begin_by_message(walk, data)
        return
    if "process" in data:
        walk.process_id, process = str(data["process"]), walk.pack.processes.get(str(data["process"]))
        if process is not None and len(triggered(process)) == len(process.starts()):
            return
        variables = data.get("variables", {})
        walk.instance_id = walk.engine.instances.start(SYSTEM, walk.pack.name, walk.process_id, variables)
        return
    for earlier in data.get("earlier", ()):
        at = moment("earlier.at", earlier["at"]).astimezone(UTC)
        now = walk.clock.now()
        walk.clock.set(at)
        walk.engine.complaints.file(SYSTEM, walk.pack.name, earlier.get("intake", {}))
        walk.clock.set(now)
    started = walk.engine.complaints.file(SYSTEM, walk.pack.name, data.get("intake", {}))
    walk.instance_id, walk.number = started.instance_id, started.number


def _begin_by_message(walk: Walk, data: Mapping[str, Any]) -> None:
    name, values = str(data["start_message"]), data.get("intake", data.get("variables", {}))
    found = walk.engine.messages.correlate(SYSTEM, name, str(data.get("key", "")), values).started[0]
    walk.instance_id, walk.process_id, walk.number = found.instance_id, found.process_id, found.business_key


def _follow(walk: Walk) -> None:
    """Once something has started the process of the walk, its first instance is the one that is looked at."""
    if not walk.instance_id and walk.process_id:
        with walk.engine.context.store.read() as session:
            query = select(ProcessInstance.id).where(ProcessInstance.process_id == walk.process_id)
            walk.instance_id = session.scalar(query.order_by(ProcessInstance.started_at).limit(1)) or ""


def _step(walk: Walk, step: Mapping[str, Any]) -> None:
    expected = dict(step.get("expect", {}))
    after = {k: expected.pop(k) for k in ("sent",) if k in expected}
    acts = any(k in step for k in ("complete", "advance", "advance_to", "message", "activate"))
    if not acts:
        compare(walk, {**expected, **after})
        return
    before_keys = ("tasks", "due", "group") if "complete" in step else ()
    compare(walk, {k: expected.pop(k) for k in before_keys if k in expected})
    walk.sent_before = len(letters_sent(walk))
    refused = step.get("refused")
    frozen = snapshot(walk) if refused else None
    try:
        _act(walk, step)
    except EngineError as error:
        if refused is None:
            raise
        if error.code != refused and not (refused == "group" and error.code == "forbidden"):
            raise Mismatch(f"refused with “{error.code}” instead of “{refused}”: {error}") from error
        if snapshot(walk) != frozen:
            raise Mismatch(f"the step was refused with “{refused}” but something changed") from error
    else:
        if refused is not None:
            raise Mismatch(f"the step should have been refused with “{refused}”")
    _follow(walk)
    compare(walk, {**expected, **after})


def _act(walk: Walk, step: Mapping[str, Any]) -> None:
    if "complete" in step:
        _complete(walk, step)
    elif "message" in step:
        walk.engine.messages.correlate(SYSTEM, str(step["message"]), walk.number or "", step.get("with", {}))
    elif "activate" in step:
        _activate(walk, step)
    else:
        if "advance_to" in step:
            target = moment("advance_to", step["advance_to"]).astimezone(UTC)
            if target < walk.clock.now():
                raise Mismatch(
                    f"advance_to = {step['advance_to']} lies before {_local(walk)}, which it is already: time only goes on",
                    f"advance_to = {step['advance_to']} 早于此时的 {_local(walk)}：时间只能往后走",
                )
        else:
            start = walk.clock.now()
            target = walk.engine.calendars[str(step.get("calendar", "calendar"))].add(start, str(step["advance"])).at
        advance(walk.engine, walk.clock, target)


def _local(walk: Walk) -> str:
    return walk.clock.now().astimezone(walk.engine.context.zone).isoformat()


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
    rows = [t for t in open_tasks(walk) if t.element_id == element]
    index = int(step.get("instance", 1)) - 1
    if index >= len(rows):
        raise Mismatch(f"the task “{element}” is not open; open are {sorted(t.element_id for t in open_tasks(walk))}")
    if "department" in step:
        rows = [t for t in rows if f"{walk.pack.name}/{step['department']}" in candidates(walk, t.id)] or rows
        index = 0
    task = rows[index]
    actor = _performer(walk, task, step)
    walk.engine.tasks.complete(actor, task.id, step.get("with", {}))


def _activate(walk: Walk, step: Mapping[str, Any]) -> None:
    """Start steps of the open ad-hoc subprocess, or of the one named ``in`` when there are several."""
    found = walk.engine.activation.options(SYSTEM, walk.instance_id)
    chosen = [s for s in found if step.get("in", s.element_id) == s.element_id]
    if not chosen or ("in" not in step and len(chosen) > 1):
        wanted = f"“{step['in']}”" if "in" in step else "one ad-hoc subprocess"
        raise Mismatch(f"{wanted} should be open to start steps in; open are {sorted(s.element_id for s in found)}")
    actor = member(walk.pack.name, str(step["as"])) if "as" in step else SYSTEM
    walk.engine.activation.activate(actor, walk.instance_id, chosen[0].task_id, list(step["activate"]))


def _performer(walk: Walk, task: UserTask, step: Mapping[str, Any]) -> Actor:
    offered = candidates(walk, task.id)
    groups = [c.split("/", 1)[1] for c in offered if "/" in c]
    group = str(step.get("as", groups[0] if groups else "staff"))
    if "by" in step:
        return Actor(id=str(step["by"]), name=str(step["by"]), groups=frozenset({f"{walk.pack.name}/{group}"}))
    named = [c for c in offered if "/" not in c and c not in (task.excluded or {})]
    if named and not groups and "as" not in step:
        return Actor(id=named[0], name=named[0])
    for number in range(1, _MEMBERS + 1):
        actor = member(walk.pack.name, group, number)
        if actor.id not in (task.excluded or {}) and task.assignee in (None, actor.id):
            return actor
    return member(walk.pack.name, group)
