"""What stands on the task page: the form, and beside it the complaint, evidence, timeline, diagram and rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from flask import render_template, request, url_for

from engine.errors import EngineError
from engine.forms import BoundForm
from engine.packs import Pack
from engine.types import HistoryRow, InstanceDetail, Name, TaskDetail, TaskRow
from web import access, forms, i18n, rows, startable
from web.diagram import step_rows, viewer_state

_T = TypeVar("_T")
_NOT_TYPED = frozenset({"csrf_token"})


@dataclass(frozen=True)
class Diagram:
    """One diagram for the viewer."""

    process_id: str
    title: Name
    deployment_id: str
    state: dict[str, Any]
    names: dict[str, str]
    steps: list[dict[str, Any]]


def show(detail: TaskDetail, bound: BoundForm | None = None, problem: str | None = None) -> str:
    """The page; with what was typed when ``bound`` is given, and with what went wrong."""
    engine, person, row = access.engine(), access.actor(), detail.row
    typed = bound is not None
    if bound is None and detail.form is not None:
        bound = forms.bind(detail.form, detail.variables, detail.form_deployment_id, draft=detail.draft)
    pack = engine.deployments.parsed(detail.deployment_id)
    number = row.number
    history = _history(row.instance_id, number)
    instance = _if_allowed(lambda: engine.instances.get(person, row.instance_id))
    return render_template(
        "worklist/task.html",
        detail=detail,
        row=row,
        pill=rows.due(row.due_at, row.calendar, row.due_provisional),
        bound=bound,
        error=problem,
        kept=what_was_typed(bound) if typed and bound is not None and not detail.may_complete else [],
        is_open=detail.state == "open",
        mine=row.assignee == person.id,
        stands_in=person.substitutes_for.get(row.assignee or ""),
        earlier=_earlier(detail, pack),
        offered_to=_offered_to(row, pack),
        completed_by=engine.users.name_of(detail.completed_by, i18n.language()) if detail.completed_by else None,
        candidates=_others(detail),
        may_follow_up=detail.may_complete,
        may_set_due=detail.state == "open" and person.has_role("manager", row.pack),
        tomorrow=_input_time(engine.clock.now() + timedelta(days=1)),
        due_input=_input_time(row.due_at),
        complaint=_if_allowed(lambda: engine.complaints.get(person, number)) if number else None,
        known=_known(detail, pack) if number is None else [],
        history=history,
        done=done_before(history, pack),
        instance=instance,
        others=[other for other in instance.tasks if other.id != row.id] if instance else [],
        diagrams=diagrams_of(instance, detail.process_id) if instance else [],
        startable=startable.panels(
            startable.found(row.instance_id), row.pack, partial(url_for, "worklist.activate", task_id=row.id)
        ),
        rules=pack.written(detail.clauses),
        why=pack.written(_refusing(bound) or detail.clauses),
        pack=pack,
        value=pack.names.value,
        due=rows.due,
        limits=engine.config.files,
    )


def _refusing(bound: BoundForm | None) -> list[str]:
    """The ids of the written rules behind the fields that were refused."""
    refused = [field.field for field in bound.fields if field.errors] if bound is not None else []
    return [clause for field in refused for clause in field.properties.get("clause", "").split()]


def fresh(detail: TaskDetail) -> TaskDetail:
    """The task as it is now; when it may no longer be looked at, as it was, but closed."""
    try:
        return access.engine().tasks.get(access.actor(), detail.row.id)
    except EngineError:
        return replace(detail, state="closed", may_claim=False, may_complete=False, may_assign=False)


def what_was_typed(bound: BoundForm) -> list[tuple[str, str]]:
    """Labels and texts of everything typed into a form that can no longer be submitted."""
    found = []
    for field in bound.fields:
        if field.field.is_input and not field.hidden and any(field.texts):
            labels = {value: label for value, label, _chosen in field.options}
            found.append((field.label, "\n".join(labels.get(text, text) for text in field.texts)))
    return found


def what_was_sent() -> list[tuple[str, str]]:
    """The texts of a submission whose form is not known any more."""
    return [(name, text) for name, text in request.form.items(multi=True) if text and name not in _NOT_TYPED]


def diagrams_of(instance: InstanceDetail, first: str | None = None) -> list[Diagram]:
    """The diagrams an instance went through, the one of the step at hand before the others."""
    ordered = sorted(instance.diagrams, key=lambda item: item[0] != first)
    found = []
    for process_id, title, deployment_id in ordered:
        elements = [element for element in instance.elements if element.process_id == process_id]
        state = viewer_state(elements, instance.flows.get(process_id, ()))
        names = english_names(access.engine().deployments.parsed(deployment_id), process_id)
        found.append(Diagram(process_id, title, deployment_id, state, names, step_rows(elements)))
    return found


def english_names(pack: Pack, process_id: str) -> dict[str, str]:
    """What the viewer writes instead of the diagram's own Chinese names; nothing on Chinese pages."""
    process = pack.processes.get(process_id)
    if i18n.language() == "zh" or process is None:
        return {}
    ids = [element.id for element in process.walk()] + [flow.id for flow in process.walk_flows()]
    named = {element_id: pack.names.element(process_id, element_id).en for element_id in ids}
    named |= {lane_id: pack.names.lane(lane).en for lane_id, lane in process.lanes.items()}
    return {element_id: name for element_id, name in named.items() if name and name != element_id}


def done_before(history: Iterable[HistoryRow], pack: Pack) -> list[tuple[HistoryRow, list[tuple[str, str]]]]:
    """What people filled in at the steps done so far, newest first, with the labels of their forms."""
    found = [(row, _values(row, pack)) for row in history if row.type == "task_completed"]
    return [(row, values) for row, values in found if values]


def _values(row: HistoryRow, pack: Pack) -> list[tuple[str, str]]:
    values = row.payload.get("values")
    if not isinstance(values, Mapping):
        return []
    if row.deployment_id is not None:
        pack = access.engine().deployments.parsed(row.deployment_id)
    element = next((e for p in pack.processes.values() if (e := p.find(row.element_id or "")) is not None), None)
    form = pack.forms.get(element.form_id or "") if element is not None else None
    labels = {field.name: field.label for field in form.fields} if form is not None else {}
    return [
        (i18n.text(pack.names.field(key, form.id if form else None, labels.get(key, ""))), _plain(pack, value))
        for key, value in values.items()
        if value not in (None, "", [], False)
    ]


def _plain(pack: Pack, value: Any) -> str:
    """A stored value as people read it; dates and the like are kept as ``{"$kind": text}``."""
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)).startswith("$"):
        return str(next(iter(value.values())))
    if isinstance(value, Mapping):
        return "\n".join(f"{i18n.text(pack.names.field(key))} {_plain(pack, part)}" for key, part in value.items())
    if isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        return "\n".join(_plain(pack, part) for part in value)
    return i18n.text(pack.names.value(value))


def _known(detail: TaskDetail, pack: Pack) -> list[tuple[str, str]]:
    """The plain variables of a task that is not about a complaint, but for those its own form shows."""
    labels = {field.key: field.label for form in pack.forms.values() for field in form.fields if field.label}
    shown = {field.key for field in detail.form.fields} if detail.form is not None else set()
    return [
        (i18n.text(pack.names.field(key, label=labels.get(key, ""))), _plain(pack, value))
        for key, value in detail.variables.items()
        if isinstance(value, str | int | float) and value != "" and key not in shown
    ]


def _input_time(at: datetime | None) -> str:
    """A moment as the browser's date-time field takes it."""
    return f"{at.astimezone(forms.zone()):%Y-%m-%dT%H:%M}" if at is not None else ""


def _others(detail: TaskDetail) -> list[tuple[str, str]]:
    """The people the task can be handed to."""
    if not detail.may_assign:
        return []
    found = access.engine().tasks.candidates(access.actor(), detail.row.id)
    return [(user_id, name) for user_id, name in found if user_id != detail.row.assignee]


def _history(instance_id: str, number: str | None) -> list[HistoryRow]:
    """What happened, newest first."""
    engine, person = access.engine(), access.actor()

    def read() -> Sequence[HistoryRow]:
        return engine.complaints.history(person, number) if number else engine.instances.history(person, instance_id)

    return list(reversed(_if_allowed(read) or ()))


def _offered_to(row: TaskRow, pack: Pack) -> list[Name]:
    """What its candidate groups and users are called; an account that does not exist by its id."""
    people = access.engine().users.names_of(row.candidate_users, i18n.language()) if row.candidate_users else {}
    named = [people.get(user, user) for user in row.candidate_users]
    return [*(pack.names.group(group) for group in row.groups), *(Name(name, name) for name in named)]


def _earlier(detail: TaskDetail, pack: Pack) -> Name | None:
    """The step the person did before, which excludes him or her from this one."""
    element_id = detail.excluded.get(access.actor().id or "")
    if element_id is None:
        return None
    owner = next((p.id for p in pack.processes.values() if p.find(element_id) is not None), detail.process_id)
    return pack.names.element(owner, element_id)


def _if_allowed(read: Callable[[], _T]) -> _T | None:
    """What ``read`` gives; None when the person may do the task but not look at that."""
    try:
        return read()
    except EngineError:
        return None
