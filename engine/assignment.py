"""Who is wanted for a user task, by when and how urgently: the assignment part of the diagram, evaluated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine import feel, ledger
from engine.feel.text import string
from engine.runtime import Task
from engine.runtime.machine import Machine
from engine.runtime.model import Element

if TYPE_CHECKING:
    from engine.execution import Execution

_PRIORITY = 50


def wanted(execution: Execution, machine: Machine, task: Task) -> tuple[dict[str, Any], list[str]]:
    """The row of a new user task and its candidate groups. Faults name the element whose attribute gives no sense."""
    element: Element = task.task_spec.element
    due_at, provisional, explanation = _schedule(execution, machine, task, element.due_date)
    if element.due_date and due_at is None:
        text = element.due_date
        raise machine.fault(
            element,
            f"到期时间“{text}”没有值，任务会没有时限。请检查变量名和决策表的输出",
            f"the due date “{text}” has no value, so the task would have no limit. Check the names and the table's outputs",
        )
    follow_up, _, _ = _schedule(execution, machine, task, element.follow_up_date)
    if due_at is not None:
        task.internal_data["due"] = due_at.astimezone(UTC).isoformat()
    assignee = machine.evaluate(task, element.assignee, "assignee") if element.assignee else None
    row = {
        "id": str(task.id),
        "instance_id": execution.instance.id,
        "pack": execution.pack.name,
        "deployment_id": execution.instance.deployment_id,
        "process_id": element.process_id,
        "element_id": element.id,
        "name": element.label[:255],
        "state": "open",
        "form_id": element.form_id,
        "assignee": str(assignee) if assignee else None,
        "claimed_at": execution.at if assignee else None,
        "priority": _priority(machine, task, element),
        "created_at": execution.at,
        "due_at": due_at,
        "due_provisional": provisional,
        "due_explanation": explanation,
        "follow_up_at": follow_up,
        "reminders": 0,
        "excluded": _excluded(machine, element),
    }
    return row, _groups(execution, machine, task, element)


def _schedule(
    execution: Execution, machine: Machine, task: Task, text: str | None
) -> tuple[datetime | None, bool, dict[str, Any] | None]:
    element: Element = task.task_spec.element
    value = machine.evaluate(task, text, "dueDate") if text else None
    if value is None:
        return None, False, None
    if isinstance(value, timedelta | feel.YearsMonths) or (isinstance(value, str) and value.startswith("P")):
        return execution.due(element, execution.at, value if isinstance(value, str) else string(value))
    at = ledger.instant(value, execution.context.zone)
    if at is None:
        shown = feel.display(value)
        raise machine.fault(
            element, f"到期时间“{text}”的结果不是时间：{shown}", f"the due date “{text}” does not give a time: {shown}"
        )
    return at, False, {"date": text, "clauses": list(element.clauses)}


def _priority(machine: Machine, task: Task, element: Element) -> int:
    if not element.priority:
        return _PRIORITY
    value = machine.evaluate(task, element.priority, "priority")
    try:
        return max(0, min(100, int(value)))
    except (TypeError, ValueError):
        shown = feel.display(value)
        raise machine.fault(element, f"优先级不是数字：{shown}", f"the priority is not a number: {shown}") from None


def _groups(execution: Execution, machine: Machine, task: Task, element: Element) -> list[str]:
    if element.candidate_groups is None:
        group = execution.pack.lane_group(element.lane)
        return [group] if group else []
    value = machine.evaluate(task, element.candidate_groups, "candidateGroups")
    named = [str(v) for v in value] if isinstance(value, list) else [g.strip() for g in str(value or "").split(",")]
    groups = list(dict.fromkeys(g for g in named if g))
    unknown = [g for g in groups if g not in execution.pack.groups]
    if unknown or not groups:
        shown = "、".join(unknown) or feel.display(value)
        raise machine.fault(
            element,
            f"候选组“{shown}”没有在 pack.toml 的 [groups] 中定义，任务找不到办理人",
            f"the candidate group “{shown}” is not defined in [groups] of pack.toml; the task would have nobody to do it",
        )
    return groups


def _excluded(machine: Machine, element: Element) -> dict[str, str] | None:
    earlier = element.properties.get("excludes", "").split()
    return {user: other for other in earlier for user in machine.performers.get(other, ())} or None
