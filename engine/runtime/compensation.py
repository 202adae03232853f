"""Compensation: what was completed and can be undone, and undoing it.

Source: BPMN 2.0.2, 10.7 and 13.5.5; Camunda 8, "Compensation events". A handler is invoked as often as its activity was
completed, all at once, the latest first; what a called process did is undone by a handler on the call activity only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime.scopes import ScopeInstance, body_of
from engine.runtime.variables import element_of

if TYPE_CHECKING:
    from engine.runtime.machine import Machine

Done = dict[str, Any]
"""``activity``: its id; for an embedded subprocess also ``variables``, those it ended with, and ``inside``, a list of
what was done inside."""

INSIDE = "!"
"""Ends the name of the node that opens an embedded subprocess again to undo what was done inside."""


def remember(task: Task) -> None:
    """An activity was completed: note what would undo it.

    What was done inside an instance of a multi-instance activity counts once all instances are over.
    """
    element, scope, body = element_of(task), cast(ScopeInstance, task.workflow), body_of(task)
    inside: list[Done] = task.internal_data.pop("undo", [])
    if element.compensation:
        return
    if body is not None:
        if inside:
            body.internal_data.setdefault("undo", []).extend(inside)
    elif element.id in scope.spec.scope.handlers:
        scope.undo.append({"activity": element.id})
    else:
        scope.undo += inside


def undo(machine: Machine, task: Task, activity: str | None) -> int:
    """Start every handler of what was completed in the scope of the throw event ``task``, or only those of ``activity``.

    An event subprocess undoes what was completed in the scope it belongs to. Returns how many were started; the
    throw event waits for them.
    """
    scope = cast(ScopeInstance, task.workflow)
    reach = [scope]
    while scope.host is not None and element_of(scope.host).event_subprocess:
        scope = cast(ScopeInstance, scope.host.workflow)
        reach.append(scope)
    started = 0
    for scope in reach:
        chosen = [done for done in scope.undo if activity in (None, done["activity"])]
        scope.undo = [done for done in scope.undo if done not in chosen]
        started += start(scope, chosen, task)
    return started


def start(scope: ScopeInstance, chosen: Iterable[Done], waiting: Task | None = None) -> int:
    """Start the handlers of ``chosen`` in ``scope``, the latest first; ``waiting`` goes on when all are over."""
    handlers = scope.spec.scope.handlers
    tasks = []
    for done in reversed(list(chosen)):
        name = done["activity"] + INSIDE if "inside" in done else handlers[done["activity"]]
        child = scope.task_tree._add_child(scope.spec.task_specs[name], TaskState.FUTURE)
        if "inside" in done:
            child.internal_data["undo"] = [done]
        tasks.append(child)
    if waiting is not None:
        waiting.internal_data["undoing"] = waiting.internal_data.get("undoing", 0) + len(tasks)
    for child in tasks:
        if waiting is not None:
            child.internal_data["undoes"] = waiting.id.hex
        child.task_spec._update(child)
    return len(tasks)


def over(machine: Machine, task: Task) -> None:
    """A handler ended or was interrupted: the throw event goes on after the last one."""
    waiting = task.internal_data.pop("undoes", None)
    thrower = machine.find(waiting) if waiting else None
    if thrower is None:
        return
    thrower.internal_data["undoing"] -= 1
    if not thrower.internal_data["undoing"]:
        thrower._ready()
