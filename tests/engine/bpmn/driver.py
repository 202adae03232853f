"""Plays a diagram in virtual time, saving and loading the instance after every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from SpiffWorkflow.task import Task

from engine.calendars import RoundTheClock
from engine.feel import to_feel
from engine.runtime import state
from engine.runtime.build import build
from engine.runtime.host import BpmnError
from engine.runtime.machine import Definitions, Machine
from engine.runtime.model import Element
from engine.runtime.reader import Reader
from engine.runtime.scopes import visible

FOLDER = Path(__file__).parent
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
_CALENDAR = RoundTheClock(UTC)


def definitions(content: bytes, name: str = "test.bpmn") -> tuple[Definitions, str]:
    """The executable forms of a file and the id of its first executable process."""
    reader = Reader(content, name)
    errors = [f"{f.element}: {f.en}" for f in reader.findings if f.severity == "error"]
    assert not errors, errors
    return build(reader.processes), next(p.id for p in reader.processes if p.executable)


class Play:
    """A running instance and the world around it. ``reload=False`` keeps the machine in memory between steps."""

    def __init__(self, diagram: str | bytes, reload: bool = True) -> None:
        content = diagram if isinstance(diagram, bytes) else (FOLDER / f"{diagram}.bpmn").read_bytes()
        self.definitions, self.process = definitions(content)
        self.reload = reload
        self.time = START
        self.passed: list[str] = []
        self.cancelled: list[str] = []
        self.jobs: list[tuple[str, dict[str, Any]]] = []
        self.signals: list[tuple[str, dict[str, Any]]] = []
        self.seen: dict[str, list[dict[str, Any]]] = {}
        """user task -> the variables visible when it was created"""
        self.answers: dict[str, Any] = {}
        """topic or decision -> what it returns, or the error code it raises as BpmnError"""
        self.sizes: list[int] = []
        self._machine = Machine(self.definitions, self)
        self._stored: bytes | None = None

    # -- steps ----------------------------------------------------------------------------------------------------

    def start(self, start_element: str | None = None, **variables: Any) -> Play:
        """Start the process with ``variables``."""
        machine = Machine(self.definitions, self)
        self._step(machine, lambda: machine.start(self.process, to_feel(variables), start_element))
        return self

    def complete(self, element: str, index: int = 0, **variables: Any) -> Play:
        """Complete the open user task ``element``, the ``index``-th one of several."""
        machine = self.machine
        task = [t for t in self._tasks(machine) if t.task_spec.element.id == element][index]
        self._step(machine, lambda: machine.complete(str(task.id), to_feel(variables)))
        return self

    def message(self, name: str, key: str = "K1", **variables: Any) -> Play:
        """Deliver a message to the first that waits for it. Raises LookupError when nobody does."""
        machine = self.machine
        for task_id, element_id, wait in list(machine.waits()):
            if (wait.kind, wait.name, wait.key) == ("message", name, key):
                self._step(machine, lambda: machine.trigger(task_id, element_id, to_feel(variables)))  # noqa: B023
                return self
        raise LookupError(name)

    def catch(self, name: str, **variables: Any) -> Play:
        """A signal of another instance."""
        machine = self.machine
        self._step(machine, lambda: machine.catch(name, to_feel(variables)))
        return self

    def advance(self, by: str) -> Play:
        """Let time pass, firing what falls due on the way, each at its own instant."""
        target = _CALENDAR.add(self.time, by).at
        while due := self.timers(target):
            at, task_id, element_id = due[0]
            self.time = max(self.time, at)
            machine = self.machine
            self._step(machine, lambda: machine.trigger(task_id, element_id))  # noqa: B023
        self.time = target
        return self

    def _step(self, machine: Machine, step: Callable[[], None]) -> None:
        machine.steps.clear()
        step()
        self.passed += [s.element.id for s in machine.steps if s.type == "completed"]
        self.cancelled += [s.element.id for s in machine.steps if s.type == "cancelled"]
        self._machine = machine
        if self.reload:
            self._stored = state.dump(machine)
            self.sizes.append(len(self._stored))

    # -- what is to be seen ---------------------------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        """The instance, freshly loaded when it is saved after every step."""
        if self._stored is None:
            return self._machine
        machine = state.load(self._stored, self.definitions, self)
        assert state.dump(machine) == self._stored
        return machine

    @property
    def open(self) -> list[str]:
        """The open user tasks."""
        return sorted(t.task_spec.element.id for t in self._tasks(self.machine))

    @property
    def variables(self) -> dict[str, Any]:
        """The process variables."""
        return self.machine.root.data

    def local(self, element: str, index: int = 0) -> Mapping[str, Any]:
        """The variables visible to the open user task ``element``."""
        return visible([t for t in self._tasks(self.machine) if t.task_spec.element.id == element][index])

    def timers(self, until: datetime | None = None) -> list[tuple[datetime, str, str]]:
        """(due, task id, element id) of the open timers, earliest first."""
        found = [(datetime.fromisoformat(w.due), t, e) for t, e, w in self.machine.waits() if w.due]
        return sorted(f for f in found if until is None or f[0] <= until)

    def waits(self, kind: str = "") -> list[str]:
        """The elements that are waited for."""
        return sorted(e for _, e, w in self.machine.waits() if not kind or w.kind == kind)

    @property
    def ended(self) -> str | None:
        """The end event that was reached last, when the instance is over; then no token may be left."""
        machine = self._machine
        if not machine.root.completed:
            return None
        assert not machine.scopes
        assert not machine.root.alive()
        assert not list(machine.waits())
        return machine.end_element or "-"

    @staticmethod
    def _tasks(machine: Machine) -> list[Task]:
        return [
            t for s in machine.all_scopes() for t in s.alive() if t.task_spec.element.type == "userTask" and _open(t)
        ]

    # -- the host -------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self.time

    def deployment(self, machine: Machine, task: Task, element: Element, kind: str, name: str) -> str | None:
        return None

    def definitions(self, deployment: str) -> Definitions:
        raise KeyError(deployment)

    def decide(self, machine: Machine, task: Task, element: Element) -> Any:
        decision = machine.evaluate(task, element.called_decision or "", "decisionId")
        return to_feel(self._answer(decision, visible(task)))

    def job(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.jobs.append((element.topic or "", dict(inputs)))
        return to_feel(self._answer(element.topic or "", inputs) or {})

    def _answer(self, name: str, inputs: Mapping[str, Any]) -> Any:
        answer = self.answers.get(name)
        if isinstance(answer, str):
            raise BpmnError(answer, {"reason": "said so"})
        return answer(inputs) if callable(answer) else answer

    def signal(self, name: str, variables: Mapping[str, Any]) -> None:
        self.signals.append((name, dict(variables)))

    def user_task_created(self, machine: Machine, task: Task) -> None:
        self.seen.setdefault(task.task_spec.element.id, []).append(dict(visible(task)))

    def due(self, element: Element, start: datetime, duration: str) -> tuple[datetime, bool, dict[str, Any]]:
        return _CALENDAR.add(start, duration).at, False, {"duration": duration}


def _open(task: Task) -> bool:
    """Bodies of multi-instance user tasks are not tasks of a person."""
    return not hasattr(task.task_spec, "inner")


def hours(count: float) -> timedelta:
    return timedelta(hours=count)
