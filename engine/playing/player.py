"""One instance in virtual time, without a database: saved and loaded again after every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from engine.assignment import schedule
from engine.calendars import Calendar, CalendarError
from engine.errors import ExecutionError
from engine.playing.path import Path, Recorder, catching
from engine.runtime import Task, state
from engine.runtime.host import BpmnError
from engine.runtime.machine import Definitions, Machine
from engine.runtime.model import Element
from engine.runtime.scopes import ScopeInstance, visible
from engine.runtime.waits import Wait

MAX_FIRED = 1_000
"""Timers that fire in one stretch of time; what falls due later in it is left for the next step."""


@dataclass(frozen=True)
class Answer:
    """What a job or decision gave: its value, where that came from, and for a decision the rules that fired."""

    value: Any
    origin: str
    """example · scenario · table · nothing"""
    rules: tuple[Mapping[str, Any], ...] = ()


class World(Protocol):
    """What lies outside the diagram."""

    def decide(self, machine: Machine, element: Element, decision: str, variables: Mapping[str, Any]) -> Answer:
        """Take a decision; a fault of the machine when it cannot be taken."""

    def work(self, element: Element, topic: str, inputs: Mapping[str, Any]) -> Answer:
        """The variables a job gives. Raises BpmnError."""

    def calendar(self, element: Element) -> Calendar:
        """The calendar an element counts its time in."""


@dataclass(frozen=True)
class Awaited:
    """Something an instance waits for."""

    task_id: str
    element: Element
    wait: Wait

    @property
    def due(self) -> datetime | None:
        return datetime.fromisoformat(self.wait.due) if self.wait.due else None


class Player:
    """A running instance and its virtual time. It is the runtime's host."""

    def __init__(self, definitions: Definitions, process: str, world: World, at: datetime) -> None:
        """``at`` is the instant it starts, in the zone people live in."""
        self.known = definitions
        self.process = process
        self.world = world
        self.at = at
        self.path = Path(lambda: self.at)
        self._machine: Machine = Recorder(definitions, self, self.path)
        self._stored: bytes | None = None
        self._loaded: Machine | None = None

    # -- steps ----------------------------------------------------------------------------------------------------

    def start(self, variables: Mapping[str, Any], start_element: str | None = None) -> None:
        """Start the process. Raises ExecutionError like every step; what was before the step then stays."""
        machine = self.machine
        self.step(machine, lambda: machine.start(self.process, variables, start_element))

    def complete(self, task: Task, variables: Mapping[str, Any], origin: str) -> None:
        """Complete an open user task with ``variables`` that come from ``origin``."""
        machine, task_id = self.machine, str(task.id)
        self.path.note(task_id, kind="completed", values=variables, origin=origin)
        self.step(machine, lambda: machine.complete(task_id, variables))

    def fire(self, awaited: Awaited, variables: Mapping[str, Any], origin: str) -> None:
        """A timer is due (time goes on to it), a message or signal has come."""
        if awaited.due is not None and awaited.due > self.at:
            self.move(awaited.due)
        machine, wait = self.machine, awaited.wait
        told = {"event": wait.kind, "name": wait.name, "key": wait.key, "values": variables, "origin": origin}
        self.path.note(awaited.element.id, kind="fired", **told)
        self.step(machine, lambda: machine.trigger(awaited.task_id, awaited.element.id, variables))

    def catch(self, name: str, variables: Mapping[str, Any]) -> None:
        """A signal was thrown elsewhere."""
        machine = self.machine
        self.step(machine, lambda: machine.catch(name, variables))

    def activate(self, task: Task, elements: list[str]) -> None:
        """Activate elements of an open ad-hoc subprocess."""
        machine, task_id = self.machine, str(task.id)
        self.step(machine, lambda: machine.activate(task_id, elements))

    def advance(self, to: datetime) -> None:
        """Let time pass, firing what falls due on the way, each at its own instant."""
        for _ in range(MAX_FIRED):
            timers = self.timers()
            if not timers or timers[0][0] > to:
                break
            self.fire(timers[0][1], {}, "")
        self.move(to)

    def move(self, to: datetime) -> None:
        """Set the time; nothing happens by itself."""
        if to > self.at:
            before, self.at = self.at, to.astimezone(self.at.tzinfo)
            self.path.add("time", notes=({"kind": "time", "from": before},))

    def step(self, machine: Machine, step: Callable[[], None]) -> None:
        """Take one step and save what came of it."""
        self._loaded = None
        self.path.resume(machine)
        step()
        stored = state.dump(machine)
        self.path.pause(machine)
        self._machine, self._stored = machine, stored

    # -- what is to be seen ---------------------------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        """The instance as it was saved last, loaded once for looking at it and the next step."""
        if self._stored is None:
            return self._machine
        if self._loaded is None:
            self._loaded = state.restore(self._stored, Recorder(self.known, self, self.path))
        return self._loaded

    @property
    def ended(self) -> bool:
        root = self._machine.root
        return root is not None and bool(root.completed)

    @property
    def end_element(self) -> str | None:
        """The end event that was reached last."""
        return self._machine.end_element

    @property
    def variables(self) -> dict[str, Any]:
        """The process variables."""
        root = self._machine.root
        return root.data if root is not None else {}

    def tasks(self) -> list[Task]:
        """The open user tasks."""
        return user_tasks(self.machine)

    def ad_hoc(self) -> Iterator[tuple[Task, ScopeInstance]]:
        """The ad-hoc subprocesses that may still activate something."""
        return ((s.host, s) for s in self.machine.all_scopes() if s.open_ended and s.host is not None)

    def awaited(self) -> list[Awaited]:
        """What is waited for."""
        if self.ended:
            return []
        machine = self.machine
        return [Awaited(t, catching(machine.task(t), e), wait) for t, e, wait in machine.waits()]

    def timers(self) -> list[tuple[datetime, Awaited]]:
        """The open timers, earliest first."""
        found = [(a.due, a) for a in self.awaited() if a.due is not None]
        return sorted(found, key=lambda pair: (pair[0], pair[1].task_id, pair[1].element.id))

    # -- the runtime's host ---------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self.at

    def decide(self, machine: Machine, task: Task, element: Element) -> Any:
        """Ask the world, and note which rules fired."""
        decision = str(machine.evaluate(task, element.called_decision or "", "decisionId"))
        answer = self.world.decide(machine, element, decision, visible(task))
        self.path.note(
            str(task.id), kind="decision", name=decision, value=answer.value, origin=answer.origin, rules=answer.rules
        )
        return answer.value

    def job(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the world, and note what it gave."""
        topic = str(machine.evaluate(task, element.topic or "", "type"))
        told: dict[str, Any] = {"kind": "job", "name": topic, "inputs": dict(inputs)}
        try:
            answer = self.world.work(element, topic, inputs)
        except BpmnError as error:
            self.path.note(str(task.id), **told, error=error.code, values=error.variables, origin="scenario")
            raise
        self.path.note(str(task.id), **told, values=answer.value, origin=answer.origin)
        values: Mapping[str, Any] = answer.value
        return values

    def signal(self, name: str, variables: Mapping[str, Any]) -> None:
        """There is nobody else to catch it."""

    def user_task_created(self, machine: Machine, task: Task) -> None:
        """Note who is wanted, and by when."""
        element: Element = task.task_spec.element
        due, _, _ = schedule(self, machine, task, element.due_date, "dueDate")
        if due is not None:
            task.internal_data["due"] = due.isoformat()
        who = {
            "assignee": machine.evaluate(task, element.assignee, "assignee") if element.assignee else None,
            "groups": _named(machine, task, element),
        }
        self.path.add("task", element, task, notes=({"kind": "task", "due": due, **who},))

    def due(self, element: Element, start: datetime, duration: str) -> tuple[datetime, bool, dict[str, Any]]:
        """When ``duration`` from ``start`` ends in the element's calendar, and why."""
        try:
            due = self.world.calendar(element).add(start, duration)
        except CalendarError as error:
            reason = {"zh": error.text("zh"), "en": error.text("en")}
            raise ExecutionError(element=element.label, element_id=element.id, reason=reason) from None
        return due.at, due.provisional, due.explanation.to_dict()

    def deployment(self, machine: Machine, task: Task, element: Element, kind: str, wanted: str) -> str | None:
        """Everything stands in one folder."""
        return None

    def definitions(self, deployment: str) -> Definitions:
        """Those of the folder."""
        return self.known


def user_tasks(machine: Machine) -> list[Task]:
    """The open user tasks of ``machine``; the body of a multi-instance one is nobody's task."""
    return [
        task
        for scope in machine.all_scopes()
        for task in scope.alive()
        if task.task_spec.element.type == "userTask" and not hasattr(task.task_spec, "inner")
    ]


def _named(machine: Machine, task: Task, element: Element) -> list[str]:
    """The candidate groups, else the lane."""
    if element.candidate_groups is None:
        return [element.lane] if element.lane else []
    value = machine.evaluate(task, element.candidate_groups, "candidateGroups")
    names = value if isinstance(value, list) else str(value or "").split(",")
    return [str(name).strip() for name in names]
