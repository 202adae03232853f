"""Which open tasks a letter with an ``element`` is about: each of several instances, and only those of its own branch."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine.runtime import Task
from engine.runtime.machine import Machine
from engine.runtime.scopes import ScopeInstance


def chased(machine: Machine, sender: Task, element_id: str) -> list[Task]:
    """The open tasks of ``element_id`` nearest to ``sender``: in its own scope or inside that, else one scope further out.

    Of a multi-instance activity every instance that is still open; none when the element is not open anywhere.
    """
    around: ScopeInstance | None = sender.workflow
    while around is not None:
        inside = [s for s in machine.all_scopes() if _lies_in(s, around)]
        found = [t for s in inside for t in s.alive() if t.task_spec.element.id == element_id and not _is_body(t)]
        if found:
            return found
        around = around.parent
    return []


def by_due(tasks: Iterable[Task]) -> list[list[Task]]:
    """Tasks with the same due date together: what can be said of them in one letter."""
    groups: dict[datetime | None, list[Task]] = {}
    for task in tasks:
        groups.setdefault(due_of(task), []).append(task)
    return list(groups.values())


def due_of(task: Task) -> datetime | None:
    """When an open user task is due."""
    due = task.internal_data.get("due")
    return datetime.fromisoformat(due) if due else None


def _lies_in(scope: ScopeInstance, around: ScopeInstance) -> bool:
    current: ScopeInstance | None = scope
    while current is not None and current is not around:
        current = current.parent
    return current is not None


def _is_body(task: Task) -> bool:
    return task.task_spec.element.loop is not None and not task.task_spec.repeats
