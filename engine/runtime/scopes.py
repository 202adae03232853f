"""Scopes: a process, an embedded subprocess or a called process, with the variables that live in it.

Variables follow Camunda 8: they belong to scopes, not to tokens. An element may have local variables (from its input
mappings or a multi-instance item); what a task returns goes to the innermost scope that has the variable, else to the
process itself.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from engine.runtime.model import Process, Scope

if TYPE_CHECKING:
    from engine.runtime.machine import Machine


class Change(NamedTuple):
    """A variable was set to another value."""

    variables: dict[str, Any]
    """the map it lives in"""
    name: str
    kind: str
    """create · update"""


ALIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class ScopeSpec(WorkflowSpec):  # type: ignore[misc]
    """The executable form of a scope, built once per deployment and shared by all its instances."""

    def __init__(self, scope: Scope, process: Process) -> None:
        super().__init__(name=scope.id, filename=process.file)
        self.scope = scope
        self.process = process


class ScopeInstance(Workflow):  # type: ignore[misc]
    """A running scope. ``host`` is the subprocess or call activity task it runs for, None for the process itself."""

    spec: ScopeSpec
    data: dict[str, Any]
    tasks: dict[Any, Task]

    def __init__(self, machine: Machine, spec: ScopeSpec, host: Task | None) -> None:
        super().__init__(spec, deserializing=True)
        self.machine = machine
        self.host = host
        self.task_tree = Task(self, spec.start, state=TaskState.COMPLETED)
        self.undo: list[dict[str, Any]] = []
        """what was completed here and can be undone; see ``compensation.Done``"""
        self.open_ended = False
        """True while an ad-hoc subprocess may still activate something"""
        self.depth: int = 0 if host is None else cast(ScopeInstance, host.workflow).depth + 1
        self.deployment: str | None = None if host is None else cast(ScopeInstance, host.workflow).deployment
        """the deployment its process comes from; None for the instance's own"""

    @property
    def parent(self) -> ScopeInstance | None:
        return cast(ScopeInstance, self.host.workflow) if self.host is not None else None

    @property
    def called(self) -> bool:
        """True for a process of its own: the instance itself or one started by a call activity."""
        return isinstance(self.spec.scope, Process)

    def _task_completed_notify(self, task: Task) -> None:
        pass

    def alive(self) -> list[Task]:
        """Tasks that hold a token (listeners of event subprocesses do not)."""
        return [t for t in self.tasks.values() if t.has_state(ALIVE) and "listener" not in t.internal_data]

    def forget_finished(self) -> None:
        """Drop the tasks that are over: nothing looks at them again."""
        root = self.task_tree
        self.tasks = {i: t for i, t in self.tasks.items() if t is root or t.has_state(ALIVE)}
        for task in self.tasks.values():
            task._children = [c for c in task._children if c in self.tasks]


def body_of(task: Task) -> Task | None:
    """The multi-instance body that ``task`` is one instance of."""
    return cast(Task, task.parent) if getattr(task.task_spec, "repeats", False) else None


def chain(task: Task) -> list[dict[str, Any]]:
    """The variable maps visible to ``task``, innermost first."""
    maps: list[dict[str, Any]] = []
    current: Task | None = task
    while current is not None:
        if "local" in current.internal_data:
            maps.append(current.internal_data["local"])
        body = body_of(current)
        if body is not None:
            current = body
            continue
        scope = cast(ScopeInstance, current.workflow)
        maps.append(scope.data)
        current = None if scope.called else scope.host
    return maps


def local(task: Task) -> ChainMap[str, Any]:
    """The variables ``task`` was given by its inputs and its multi-instance loop as one mapping."""
    given = (task, body_of(task))
    return ChainMap(*(t.internal_data["local"] for t in given if t is not None and "local" in t.internal_data))


def visible(task: Task) -> ChainMap[str, Any]:
    """All variables visible to ``task`` as one mapping."""
    return ChainMap(*chain(task))


def handed(task: Task, variables: Mapping[str, Any]) -> dict[str, Any]:
    """``variables`` as they go to or come from the process the call activity ``task`` calls.

    The output collections that are being filled around it stay behind: its copy would undo what other instances added.
    """
    behind = _collecting(task)
    return {name: value for name, value in variables.items() if name not in behind}


def _collecting(task: Task) -> set[str | None]:
    names: set[str | None] = set()
    current: Task | None = task
    while current is not None:
        body, element = body_of(current), current.task_spec.element
        if body is not None:
            names.add(element.loop.output_collection)
            current = body
            continue
        if element.ad_hoc is not None:
            names.add(element.ad_hoc.output_collection)
        scope = cast(ScopeInstance, current.workflow)
        current = None if scope.called else scope.host
    return names


def write(maps: list[dict[str, Any]], values: dict[str, Any]) -> list[Change]:
    """Set each value in the innermost map that has it, else in the outermost one; returns what is different now."""
    changes = []
    for name, value in values.items():
        variables = next((m for m in maps if name in m), maps[-1])
        known = name in variables
        if not known or variables[name] != value:
            changes.append(Change(variables, name, "update" if known else "create"))
        variables[name] = value
    return changes
