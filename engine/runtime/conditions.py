"""Conditional events: what waits until a condition over variables holds (BPMN 2.0.2, 10.5.5; Camunda 8, "Conditionals").

A condition is looked at when its scope opens, and again when a variable it names changes where it can see it. What has
no value yet is not true: waiting for it is what the event is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from SpiffWorkflow.task import Task

from engine import feel
from engine.feel.builtins import BUILTINS
from engine.runtime import events
from engine.runtime.model import Element
from engine.runtime.scopes import ALIVE, Change, chain
from engine.runtime.waits import Wait

if TYPE_CHECKING:
    from engine.runtime.machine import Machine


def look(machine: Machine, changes: list[Change], opened: list[tuple[Task, str]]) -> None:
    """Fire the conditional events that were ``opened`` and hold, and those that hold after ``changes``; outer ones first."""
    for task, element_id in opened:
        _fire(machine, task, element_id, [])
    if not changes:
        return
    for scope in sorted(machine.all_scopes(), key=lambda s: s.depth):
        for task in list(scope.tasks.values()):
            for element_id, wait in list(task.internal_data.get("waits", {}).items()):
                if wait.kind == "conditional":
                    _fire(machine, task, element_id, changes)


def _fire(machine: Machine, task: Task, element_id: str, changes: list[Change]) -> None:
    wait: Wait | None = task.internal_data.get("waits", {}).get(element_id) if task.has_state(ALIVE) else None
    if wait is None:
        return
    host = task.internal_data.get("host")
    around = machine.task(host) if host else task
    if changes and not _concerned(around, wait, changes):
        return
    element = _element(task, element_id)
    if machine.evaluate(around, wait.name, "condition", element=element) is True:
        events.fire(machine, task, element_id, {})


def _concerned(around: Task, wait: Wait, changes: list[Change]) -> bool:
    """Whether a variable the condition names has changed where it sees it; it may be called like a function (count)."""
    names = feel.compile_expression(wait.name[1:]).possible_names | {f for f in BUILTINS if f in wait.name}
    kinds = (wait.key or "create,update").replace(" ", "").split(",")
    maps = chain(around)
    return any(
        change.name in names
        and change.kind in kinds
        and next((m for m in maps if change.name in m), None) is change.variables
        for change in changes
    )


def _element(task: Task, element_id: str) -> Element:
    return task.workflow.spec.scope.elements.get(element_id) or task.task_spec.element  # type: ignore[no-any-return]
