"""Who is wanted for a user task, by when and how urgently: the assignment part of the diagram, evaluated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine import feel, ledger
from engine.feel.text import string
from engine.models import UserTask
from engine.packs import Pack
from engine.runtime import Task
from engine.runtime.host import Host
from engine.runtime.machine import Machine
from engine.runtime.model import Element
from engine.sign_in import plain_login

if TYPE_CHECKING:
    from engine.execution import Execution

_PRIORITY = 50
_HIGHEST = 100
_MAX_LOGIN = 64

BLIND = "blind"
"""Property of a user task: ``true`` shows whoever does it nothing of the complaint but the task's own inputs."""


def wanted(execution: Execution, machine: Machine, task: Task) -> tuple[dict[str, Any], list[str]]:
    """The row of a new user task and its candidates. Faults name the element whose attribute gives no sense."""
    element: Element = task.task_spec.element
    deployment, pack = execution.bindings.place(element)
    due_at, provisional, explanation = schedule(execution, machine, task, element.due_date, "dueDate")
    follow_up, _, _ = schedule(execution, machine, task, element.follow_up_date, "followUpDate")
    if due_at is not None:
        task.internal_data["due"] = due_at.astimezone(UTC).isoformat()
    assignee, candidates = performers(pack, machine, task)
    form = execution.bindings.choose(machine, task, element, "form", element.form_id) if element.form_id else deployment
    row = {
        "id": str(task.id),
        "instance_id": execution.instance.id,
        "pack": pack.name,
        "deployment_id": deployment,
        "process_id": element.process_id,
        "element_id": element.id,
        "name": element.label[:255],
        "state": "open",
        "form_id": element.form_id,
        "form_deployment_id": form if form != deployment else None,
        "assignee": assignee,
        "claimed_at": execution.at if assignee else None,
        "priority": _priority(machine, task, element),
        "created_at": execution.at,
        "due_at": due_at,
        "due_provisional": provisional,
        "due_explanation": explanation,
        "follow_up_at": follow_up,
        "reminders": 0,
        "blind": element.properties.get(BLIND) == "true",
        "excluded": _excluded(machine, element),
    }
    return row, candidates


def performers(pack: Pack, machine: Machine, task: Task) -> tuple[str | None, list[str]]:
    """The assignee of a user task and its candidates, groups as ``<pack>/<group>``. Faults as :func:`wanted`."""
    element: Element = task.task_spec.element
    assignee = _assignee(machine, task, element)
    return assignee, _candidates(pack, machine, task, element, assignee)


def schedule(
    host: Host, machine: Machine, task: Task, text: str | None, what: str
) -> tuple[datetime | None, bool, dict[str, Any] | None]:
    """When a date attribute is; nothing when it is null, as in Camunda 8, unless that is for something missing."""
    if text is None:
        return None, False, None
    element: Element = task.task_spec.element
    value, problems = machine.explain(task, text, what)
    if value is None:
        if problems:
            zh, en = "；".join(p.zh() for p in problems), "; ".join(p.message for p in problems)
            raise machine.fault(
                element,
                f"时间“{text}”（{what}）没有值：{zh}。请检查变量名和决策表的输出",
                f"the time “{text}” ({what}) has no value: {en}. Check the names and the table's outputs",
            )
        return None, False, None
    if isinstance(value, timedelta | feel.YearsMonths) or (isinstance(value, str) and value.startswith("P")):
        return host.due(element, host.now(), value if isinstance(value, str) else string(value))
    at = ledger.instant(value, host.now().tzinfo or UTC)
    if at is None:
        shown = feel.shown(value)
        raise machine.fault(
            element,
            f"“{text}”（{what}）的结果不是时间：{shown}",
            f"“{text}” ({what}) does not give a time: {shown}",
        )
    return at, False, {"date": text, "clauses": list(element.clauses)}


def _assignee(machine: Machine, task: Task, element: Element) -> str | None:
    value = machine.evaluate(task, element.assignee, "assignee") if element.assignee else None
    return _account(machine, element, value) if value else None


def _account(machine: Machine, element: Element, value: Any) -> str:
    """The account as it is stored; it need not exist (yet)."""
    login = plain_login(value) if isinstance(value, str) else ""
    if not login or "/" in login or len(login) > _MAX_LOGIN:
        shown = feel.shown(value)
        raise machine.fault(
            element, f"办理人或候选人 {shown} 不是账号", f"the assignee or candidate user {shown} is not an account"
        )
    return login


def _priority(machine: Machine, task: Task, element: Element) -> int:
    """A whole number from 0 to 100; 50 when none is given (Camunda 8, "Define user task priority")."""
    if not element.priority:
        return _PRIORITY
    value = machine.evaluate(task, element.priority, "priority")
    try:
        number = Decimal(-1 if isinstance(value, bool) else value)
        if number == number.to_integral_value() and 0 <= number <= _HIGHEST:
            return int(number)
    except (TypeError, ValueError, ArithmeticError):
        pass
    shown = feel.shown(value)
    raise machine.fault(
        element,
        f"优先级不是 0 到 {_HIGHEST} 的整数：{shown}",
        f"the priority is not a whole number from 0 to {_HIGHEST}: {shown}",
    )


def _candidates(pack: Pack, machine: Machine, task: Task, element: Element, assignee: str | None) -> list[str]:
    """Candidate groups and users; the group of the lane when the diagram names neither.

    Accounts that do not exist (yet) are kept: the task is open, and a manager can hand it to somebody.
    """
    if element.candidate_groups is None and element.candidate_users is None:
        group = pack.lane_group(element.lane)
        return [f"{pack.name}/{group}"] if group else []
    groups = _named(machine, task, element.candidate_groups, "candidateGroups")
    users = _named(machine, task, element.candidate_users, "candidateUsers")
    if unknown := "、".join(g for g in groups if g not in pack.groups):
        raise machine.fault(
            element,
            f"候选组“{unknown}”没有在 pack.toml 的 [groups] 中定义，任务找不到办理人",
            f"the candidate group “{unknown}” is not defined in [groups] of pack.toml; the task would have nobody to do it",
        )
    if not (groups or users or assignee):
        text = element.candidate_groups or element.candidate_users
        raise machine.fault(
            element,
            f"“{text}”没有给出候选组或候选人，任务找不到办理人",
            f"“{text}” names neither candidate groups nor users; the task would have nobody to do it",
        )
    accounts = (_account(machine, element, user) for user in users)
    return [*(f"{pack.name}/{group}" for group in groups), *dict.fromkeys(accounts)]


def _named(machine: Machine, task: Task, text: str | None, what: str) -> list[str]:
    """The names of a comma list or of a list of texts."""
    value = machine.evaluate(task, text, what) if text else None
    names = value.split(",") if isinstance(value, str) else value
    if names is None:
        return []
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return list(dict.fromkeys(name.strip() for name in names if name.strip()))
    element: Element = task.task_spec.element
    shown = feel.shown(value)
    raise machine.fault(
        element,
        f"“{text}”（{what}）的结果不是文本列表：{shown}",
        f"“{text}” ({what}) does not give a list of texts: {shown}",
    )


def _excluded(machine: Machine, element: Element) -> dict[str, str] | None:
    earlier = element.properties.get("excludes", "").split()
    return {user: other for other in earlier for user in machine.performers.get(other, ())} or None


def barred_since(machine: Machine, done: UserTask) -> dict[str, dict[str, str] | None]:
    """Who may not do the tasks that were open already when somebody completed ``done``: task id -> user id -> element id.

    The other instances of a parallel multi-instance task, for one, when it excludes those who did it.
    """
    alive = (task for scope in machine.all_scopes() for task in scope.alive())
    found = ((task, task.task_spec.element) for task in alive if hasattr(task.task_spec, "element"))
    barring = ((t, e) for t, e in found if done.element_id in e.properties.get("excludes", "").split())
    return {str(t.id): _excluded(machine, e) for t, e in barring if str(t.id) != done.id}
