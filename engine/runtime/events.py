"""Events: opening and closing subscriptions, what happens when one fires, and who catches an error or escalation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime.model import Element
from engine.runtime.scopes import ScopeInstance, body_of
from engine.runtime.variables import element_of
from engine.runtime.waits import Wait, subscription

if TYPE_CHECKING:
    from engine.runtime.machine import Machine


def subscribe(machine: Machine, task: Task, element: Element, around: Task | None = None) -> None:
    """Make ``task`` wait for the event of ``element``; ``around`` is the activity whose variables its time may use."""
    wait = subscription(machine, task, element, around or task)
    task.internal_data.setdefault("waits", {})[element.id] = wait
    if wait.kind == "conditional":
        machine.opened.append((task, element.id))


def open_boundary(machine: Machine, task: Task, elements: Iterable[Element]) -> None:
    """Wait for the boundary events of the activity ``task``."""
    for element in elements:
        waiting = _boundary(task, element)
        subscribe(machine, waiting, element, task)


def _boundary(host: Task, element: Element) -> Task:
    scope = cast(ScopeInstance, host.workflow)
    task = scope.task_tree._add_child(scope.spec.task_specs[element.id], TaskState.FUTURE)
    task.internal_data["host"] = host.id.hex
    task._set_state(TaskState.WAITING)
    return task


def close_boundary(task: Task) -> None:
    """Stop waiting for the boundary events of ``task``."""
    for other in _attached(task):
        other._set_state(TaskState.CANCELLED)


def _attached(task: Task) -> list[Task]:
    host = task.id.hex
    waiting = (t for t in task.workflow.tasks.values() if t.state == TaskState.WAITING)
    return [t for t in waiting if t.internal_data.get("host") == host]


def listen(machine: Machine, scope: ScopeInstance, element: Element) -> None:
    """Wait for the start event of an event subprocess for as long as ``scope`` is open."""
    task = scope.task_tree._add_child(scope.spec.task_specs[element.id], TaskState.FUTURE)
    task.internal_data["listener"] = True
    task._set_state(TaskState.WAITING)
    subscribe(machine, task, start_of(element))


def accept_no_more(scope: ScopeInstance) -> None:
    """All that still runs in ``scope`` are event subprocesses: they are completed, and no further one may begin beside
    them (BPMN 2.0.2, 13.3.2, state Completing). An interrupting one may still take their place."""
    for task in scope.tasks.values():
        if "listener" in task.internal_data and not start_of(element_of(task)).interrupting:
            task._set_state(TaskState.CANCELLED)


def start_of(element: Element) -> Element:
    """The start event of an event subprocess."""
    return cast(Any, element.children).starts()[0]  # type: ignore[no-any-return]


def fire(machine: Machine, task: Task, element_id: str, variables: Mapping[str, Any]) -> None:
    """The event ``element_id`` that ``task`` waits for has happened. Raises KeyError when it does not wait for it."""
    wait: Wait = task.internal_data.get("waits", {}).pop(element_id)
    if "listener" in task.internal_data:
        _fire_listener(machine, task, wait, variables)
        return
    if "host" in task.internal_data:
        _fire_boundary(machine, task, wait)
    task.internal_data.pop("waits")
    task.internal_data.update(caught=element_id, event=dict(variables))
    task._ready()


def _fire_boundary(machine: Machine, task: Task, wait: Wait) -> None:
    element, host = element_of(task), machine.task(task.internal_data.pop("host"))
    if element.interrupting:
        machine.cancel(host)
    elif (again := wait.again(machine, element)) is not None:
        _boundary(host, element).internal_data["waits"] = {element.id: again}
    machine.entered(task)


def _fire_listener(machine: Machine, task: Task, wait: Wait, variables: Mapping[str, Any]) -> None:
    scope, element = cast(ScopeInstance, task.workflow), element_of(task)
    start = start_of(element)
    if start.interrupting:
        machine.terminate(scope)
        scope.open_ended = False
    elif (again := wait.again(machine, start)) is not None:
        task.internal_data["waits"] = {start.id: again}
    else:
        task._set_state(TaskState.CANCELLED)
    node = scope.spec.task_specs[element.id + "/"]
    body = scope.task_tree._add_child(node, TaskState.FUTURE)
    body.internal_data["event"] = dict(variables)
    node._update(body)


def throw(machine: Machine, task: Task, kind: str, code: str, variables: Mapping[str, Any]) -> bool:
    """Let the nearest event catch an error or escalation thrown at ``task``; False when nobody does.

    The boundary events of the activity come first, then the event subprocesses of its scope, then the same one scope
    further out. At each place an event that names the code goes before one that catches everything. What is thrown
    inside an event subprocess is not caught by the same event subprocess.
    """
    current: Task | None = task
    while current is not None:
        scope = cast(ScopeInstance, current.workflow)
        hosts = [t for t in (current, body_of(current)) if t is not None]
        boundary = [other for host in hosts for other in _attached(host)]
        listeners = [
            t
            for t in scope.tasks.values()
            if t.state == TaskState.WAITING
            and "listener" in t.internal_data
            and element_of(t).id != element_of(current).id
        ]
        for catchers in (boundary, listeners):
            for wanted in (code, ""):
                for catcher in catchers:
                    for element_id, wait in catcher.internal_data.get("waits", {}).items():
                        if wait.kind == kind and wait.name == wanted:
                            fire(machine, catcher, element_id, variables)
                            return True
        current = scope.host
    return False
