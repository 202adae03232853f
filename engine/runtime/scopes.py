"""Scopes: a process, an embedded subprocess or a called process, with the variables that live in it.

Variables follow Camunda 8: they belong to scopes, not to tokens. An element may have local variables (from its input
mappings or a multi-instance item); what a task returns goes to the innermost scope that has the variable, else to the
process itself.
"""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, Any, cast

from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from engine.runtime.model import Process, Scope

if TYPE_CHECKING:
    from engine.runtime.machine import Machine


class ScopeSpec(WorkflowSpec):  # type: ignore[misc]
    """The executable form of a scope, built once per deployment and shared by all its instances."""

    def __init__(self, scope: Scope, process: Process) -> None:
        super().__init__(name=scope.id, filename=process.file)
        self.scope = scope
        self.process = process


class ScopeInstance(Workflow):  # type: ignore[misc]
    """A running scope. ``host`` is the subprocess or call activity task it runs for, None for the process itself."""

    spec: ScopeSpec

    def __init__(self, machine: Machine, spec: ScopeSpec, host: Task | None, restoring: bool = False) -> None:
        self.machine = machine
        self.host = host
        super().__init__(spec, deserializing=restoring)

    @property
    def parent(self) -> ScopeInstance | None:
        return cast(ScopeInstance, self.host.workflow) if self.host is not None else None

    @property
    def called(self) -> bool:
        """True for a process of its own: the instance itself or one started by a call activity."""
        return isinstance(self.spec.scope, Process)

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else self.parent.depth + 1

    def _task_completed_notify(self, task: Task) -> None:
        self.last_task = task

    def alive(self) -> list[Task]:
        """Tasks that hold a token (listeners of event subprocesses do not)."""
        mask = TaskState.READY | TaskState.WAITING | TaskState.STARTED
        return [t for t in self.tasks.values() if t.has_state(mask) and "listener" not in t.internal_data]


def chain(task: Task) -> list[dict[str, Any]]:
    """The variable maps visible to ``task``, innermost first."""
    maps: list[dict[str, Any]] = []
    current: Task | None = task
    while current is not None:
        if "local" in current.internal_data:
            maps.append(current.internal_data["local"])
        scope = cast(ScopeInstance, current.workflow)
        maps.append(scope.data)
        current = None if scope.called else scope.host
    return maps


def visible(task: Task) -> ChainMap[str, Any]:
    """All variables visible to ``task`` as one mapping."""
    return ChainMap(*chain(task))


def write(maps: list[dict[str, Any]], values: dict[str, Any]) -> None:
    """Set each value in the innermost map that has it, else in the outermost one."""
    for name, value in values.items():
        for variables in maps:
            if name in variables:
                variables[name] = value
                break
        else:
            maps[-1][name] = value
