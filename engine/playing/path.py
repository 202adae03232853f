"""What happened on the way: one entry for everything worth a line, told by the machine at the moment it happens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from engine.runtime import Task
from engine.runtime.host import Host, Step
from engine.runtime.machine import Definitions, Machine
from engine.runtime.model import SUBPROCESSES, Element, Flow
from engine.runtime.scopes import ScopeInstance, body_of
from engine.runtime.waits import Wait

Note = Mapping[str, Any]
"""Something to tell of an element, by its ``kind``: started · completed · fired · job · decision · activated."""
_KINDS = {"completed": "passed", "cancelled": "withdrawn"}
_FRAMES = SUBPROCESSES | {"callActivity"}
_AWAITED = ("timer", "message", "signal")
_HIDDEN = frozenset(["loopCounter"])


@dataclass(frozen=True)
class Change:
    """A variable that got another value; ``fresh`` when there was none of that name."""

    name: str
    old: Any
    new: Any
    fresh: bool


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    what: str
    """began · passed · withdrawn · task (a user task was opened) · waits · time (it went on)"""
    at: datetime
    element: Element | None = None
    depth: int = 0
    number: int | None = None
    """which instance of a multi-instance activity"""
    flows: tuple[Flow, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    wait: Wait | None = None
    task_id: str = ""


@dataclass
class Path:
    """The entries so far. ``clock`` tells the virtual time."""

    clock: Callable[[], datetime]
    entries: list[Entry] = field(default_factory=list)
    _variables: dict[Any, dict[str, Any]] = field(default_factory=dict)
    _waits: set[tuple[str, str, str | None]] = field(default_factory=set)
    _notes: dict[str, list[Note]] = field(default_factory=lambda: defaultdict(list))

    @property
    def passed(self) -> set[str]:
        """The elements that were passed so far."""
        return {e.element.id for e in self.entries if e.what == "passed" and e.element is not None}

    def groups(self, element_id: str) -> list[str]:
        """The groups the user task was offered to when it was opened last."""
        offered = (e for e in reversed(self.entries) if e.what == "task" and e.element and e.element.id == element_id)
        return next(([str(g) for g in e.notes[0]["groups"]] for e in offered), [])

    def resume(self, machine: Machine) -> None:
        """A step begins in ``machine``: what its variables are now is no news."""
        self._variables = {_key(s): dict(s.data) for s in machine.all_scopes()} if machine.root else {}

    def pause(self, machine: Machine) -> None:
        """The step is over: tell what is waited for now and was not before."""
        waits = [] if machine.root.completed else [w for w in machine.waits() if w[2].kind in _AWAITED]
        order = {element_id: n for n, (_, element_id, _) in reversed(list(enumerate(waits)))}
        for task_id, element_id, wait in sorted(waits, key=lambda w: order[w[1]]):
            if (task_id, element_id, wait.due) not in self._waits:
                self._waits.add((task_id, element_id, wait.due))
                task = machine.task(task_id)
                self.add("waits", catching(task, element_id), task, wait=wait)

    def note(self, owner: str, **note: Any) -> None:
        """Something to tell with the next entry of ``owner``, a task or element id."""
        self._notes[owner].append(note)

    def add(self, what: str, element: Element | None = None, task: Task | None = None, **more: Any) -> None:
        """Add an entry at the present time."""
        if task is not None:
            more.update(depth=_scope(task).depth, number=_number(task), task_id=str(task.id))
        self.entries.append(Entry(what, self.clock(), element, **more))

    def step(self, machine: Machine, task: Task, step: Step) -> None:
        """The machine took a step."""
        what = _KINDS.get(step.type)
        if step.type == "entered":
            what = "began" if step.element.type in _FRAMES and body_of(task) is None else None
        if what is None:
            return
        flows = _scope(task).spec.scope.flows
        self.add(
            what,
            step.element,
            task,
            flows=tuple(flows[f] for f in step.flows if f in flows),
            changes=tuple(self._changes(task)) if what == "passed" else (),
            notes=self._told(step) if what != "began" else (),
        )

    def _told(self, step: Step) -> tuple[Note, ...]:
        return (*self._notes.pop(step.task_id, ()), *self._notes.pop(step.element.id, ()))

    def _changes(self, task: Task) -> Iterator[Change]:
        """What became of the variables ``task`` can write."""
        for scope in reversed(list(_around(task))):
            known = self._variables.get(_key(scope))
            before = dict(_outside(scope)) if known is None else known
            for name, value in scope.data.items():
                if name in _HIDDEN or (name in before and _same(before[name], value)):
                    continue
                yield Change(name, before.get(name), value, name not in before)
            self._variables[_key(scope)] = dict(scope.data)


class Recorder(Machine):
    """A machine that tells a path of every step."""

    def __init__(self, definitions: Definitions, host: Host, path: Path) -> None:
        super().__init__(definitions, host)
        self.path = path

    def _mark(self, task: Task, kind: str, flows: tuple[str, ...] = ()) -> None:
        known = len(self.steps)
        super()._mark(task, kind, flows)
        for step in self.steps[known:]:
            self.path.step(self, task, step)


def catching(task: Task, element_id: str) -> Element:
    """The element that catches what ``task`` waits for: itself, an event after a gateway, the start of a subprocess."""
    return cast(Element, _scope(task).spec.process.find(element_id))


def _scope(task: Task) -> ScopeInstance:
    return cast(ScopeInstance, task.workflow)


def _key(scope: ScopeInstance) -> Any:
    return scope.host.id if scope.host is not None else None


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and a == b)


def _around(task: Task | None) -> Iterator[ScopeInstance]:
    """The scopes ``task`` is in, innermost first."""
    while task is not None:
        scope = _scope(task)
        yield scope
        task = scope.host


def _outside(scope: ScopeInstance) -> Iterator[tuple[str, Any]]:
    """The variables around a scope that has just been opened."""
    for outer in reversed(list(_around(scope.host))):
        yield from outer.data.items()


def _number(task: Task) -> int | None:
    current: Task | None = task
    while current is not None:
        if body_of(current) is not None:
            return int(current.internal_data["index"]) + 1
        current = _scope(current).host
    return None
