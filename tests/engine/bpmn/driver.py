"""Plays a diagram of this folder step by step; what jobs and decisions answer is said by the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.calendars import Calendar, RoundTheClock
from engine.feel import to_feel
from engine.playing.player import Answer, Player, user_tasks
from engine.runtime import Task, state
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


class Play(Player):
    """A running instance and the world around it. ``reload=False`` keeps the machine in memory between steps."""

    def __init__(self, diagram: str | bytes, reload: bool = True) -> None:
        content = diagram if isinstance(diagram, bytes) else (FOLDER / f"{diagram}.bpmn").read_bytes()
        super().__init__(*definitions(content), self, START)
        self.reload = reload
        self.jobs: list[tuple[str, dict[str, Any]]] = []
        self.signals: list[tuple[str, dict[str, Any]]] = []
        self.seen: dict[str, list[dict[str, Any]]] = {}
        """user task -> the variables visible when it was created"""
        self.answers: dict[str, Any] = {}
        """topic or decision -> what it returns, or the error code it raises as BpmnError"""
        self.sizes: list[int] = []

    # -- steps ----------------------------------------------------------------------------------------------------

    def start(self, start_element: str | None = None, **variables: Any) -> Play:  # type: ignore[override]
        """Start the process with ``variables``."""
        super().start(to_feel(variables), start_element)
        return self

    def complete(self, element: str, index: int = 0, **variables: Any) -> Play:  # type: ignore[override]
        """Complete the open user task ``element``, the ``index``-th one of several."""
        super().complete(self._task(element, index), to_feel(variables), "")
        return self

    def message(self, name: str, key: str = "K1", **variables: Any) -> Play:
        """Deliver a message to the first that waits for it. Raises LookupError when nobody does."""
        found = [a for a in self.awaited() if (a.wait.kind, a.wait.name, a.wait.key) == ("message", name, key)]
        if not found:
            raise LookupError(name)
        self.fire(found[0], to_feel(variables), "")
        return self

    def catch(self, name: str, **variables: Any) -> Play:  # type: ignore[override]
        """A signal of another instance."""
        super().catch(name, to_feel(variables))
        return self

    def advance(self, by: str) -> Play:  # type: ignore[override]
        """Let time pass, firing what falls due on the way, each at its own instant."""
        super().advance(_CALENDAR.add(self.at, by).at)
        return self

    def step(self, machine: Machine, step: Callable[[], None]) -> None:
        super().step(machine, step)
        if self.reload:
            self.sizes.append(len(self._stored or b""))
        else:
            self._stored = None

    # -- what is to be seen ---------------------------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        self._loaded = None
        machine = super().machine
        assert self._stored is None or state.dump(machine) == self._stored
        return machine

    @property
    def time(self) -> datetime:
        return self.at

    @property
    def passed(self) -> list[str]:
        return [e.element.id for e in self.path.entries if e.element is not None and e.what == "passed"]

    @property
    def cancelled(self) -> list[str]:
        return [e.element.id for e in self.path.entries if e.element is not None and e.what == "withdrawn"]

    @property
    def open(self) -> list[str]:
        """The open user tasks."""
        return sorted(t.task_spec.element.id for t in self.tasks())

    def local(self, element: str, index: int = 0) -> Mapping[str, Any]:
        """The variables visible to the open user task ``element``."""
        return visible(self._task(element, index))

    def waits(self, kind: str = "") -> list[str]:
        """The elements that are waited for."""
        return sorted(e for _, e, w in self.machine.waits() if not kind or w.kind == kind)

    @property
    def ended(self) -> str | None:  # type: ignore[override]
        """The end event that was reached last, when the instance is over; then no token may be left."""
        machine = self._machine
        if not super().ended:
            return None
        assert not machine.scopes
        assert not machine.root.alive()
        assert not list(machine.waits())
        return machine.end_element or "-"

    def _task(self, element: str, index: int) -> Task:
        return [t for t in self.tasks() if t.task_spec.element.id == element][index]

    # -- the world ------------------------------------------------------------------------------------------------

    def decide(self, machine: Machine, task: Task, element: Element) -> Any:
        decision = machine.evaluate(task, element.called_decision or "", "decisionId")
        return to_feel(self._answer(decision, visible(task)))

    def work(self, element: Element, topic: str, inputs: Mapping[str, Any]) -> Answer:
        self.jobs.append((topic, dict(inputs)))
        return Answer(to_feel(self._answer(topic, inputs) or {}), "")

    def _answer(self, name: str, inputs: Mapping[str, Any]) -> Any:
        answer = self.answers.get(name)
        if isinstance(answer, str):
            raise BpmnError(answer, {"reason": "said so"})
        return answer(inputs) if callable(answer) else answer

    def calendar(self, element: Element) -> Calendar:
        return _CALENDAR

    def signal(self, name: str, variables: Mapping[str, Any]) -> None:
        self.signals.append((name, dict(variables)))

    def user_task_created(self, machine: Machine, task: Task) -> None:
        super().user_task_created(machine, task)
        self.seen.setdefault(task.task_spec.element.id, []).append(dict(visible(task)))


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


__all__ = ["FOLDER", "START", "Play", "definitions", "hours", "user_tasks"]
