"""What a running instance needs from the world around it, and what it tells that world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from SpiffWorkflow.task import Task

from engine.runtime.model import Element

if TYPE_CHECKING:
    from engine.runtime.machine import Definitions, Machine


class Host(Protocol):
    """The engine, as the runtime sees it."""

    def now(self) -> datetime:
        """The present instant, in the organisation's time zone."""

    def deployment(self, machine: Machine, task: Task, element: Element, kind: str, name: str) -> str | None:
        """Where the process, decision or form ``name`` that ``element`` binds to comes from; None: the instance's own.

        ``kind`` is process, decision or form. Raises ExecutionError for a version tag that no deployment carries.
        """

    def definitions(self, deployment: str) -> Definitions:
        """The executable forms of another deployment than the instance's own."""

    def decide(self, machine: Machine, task: Task, element: Element) -> Any:
        """The value of the decision a business rule task calls."""

    def job(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what a topic says, ``inputs`` being its input variables and task headers; may raise BpmnError."""

    def signal(self, name: str, variables: Mapping[str, Any]) -> None:
        """A signal was thrown. The instance itself has already caught it; others may want it."""

    def user_task_created(self, machine: Machine, task: Task) -> None:
        """A person is wanted."""

    def due(self, element: Element, start: datetime, duration: str) -> tuple[datetime, bool, dict[str, Any]]:
        """When ``duration`` from ``start`` ends in the element's calendar; whether that is provisional; and why."""


class BpmnError(Exception):
    """A business error raised by a job; caught by an error event with its code."""

    def __init__(self, code: str, variables: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.variables = dict(variables or {})


@dataclass(frozen=True)
class Step:
    """Something that happened to an element."""

    type: str
    """entered · completed · cancelled"""
    process_id: str
    element: Element
    task_id: str
    flows: tuple[str, ...] = ()
