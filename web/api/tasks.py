"""User tasks over the interface."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.types import Completed, TaskDetail, TaskRow
from engine.worklist import VIEWS
from web import access
from web.api.forms import FormView, form_view
from web.api.inputs import FILES, PACK, REASON, VALUES, embedded
from web.api.operations import PAGING, Call, ListOf, PageOf, Section
from web.api.problems import engine_body
from web.api.rendering import plain, variables
from web.api.requests import Body, Param
from web.api.schemas import (
    Components,
    Schema,
    choice,
    complete,
    filled,
    many,
    moment,
    optional,
    record,
    reference,
    text,
)

section = Section("tasks", "The worklist: what people have to do, by when and why.")

_COUNTS = complete({view: {"type": "integer"} for view in VIEWS})
_CLAIMED = complete(
    {
        "items": many(
            complete(
                {
                    "id": {"type": "string"},
                    "claimed": {"type": "boolean"},
                    "problem": optional(reference("Problem")),
                }
            )
        )
    }
)


@section.get(
    "/tasks",
    query=(
        Param("view", choice(*VIEWS, default="mine"), "Which tasks."),
        PACK,
        Param("q", text(100), "Words of the task or of the complaint behind it."),
        Param("element", text(128), "Only this user task of the diagram."),
        Param("department", text(128), "Only complaints of this department."),
        *PAGING,
    ),
    returns=PageOf(TaskRow),
)
def list_tasks(call: Call) -> Any:
    """List open tasks, most urgent first."""
    return access.engine().tasks.list(call.actor, **call.query)


@section.get("/tasks/counts", query=(PACK,), returns=_COUNTS)
def count_tasks(call: Call) -> Any:
    """Count the tasks of each view."""
    return access.engine().tasks.counts(call.actor, call.query.get("pack"))


@section.post(
    "/claims",
    body=Body("ClaimTasks", record({"ids": many(filled(200), minItems=1, maxItems=100)}, "ids")),
    returns=_CLAIMED,
)
def claim_tasks(call: Call) -> Any:
    """Claim several tasks, each on its own."""
    results = access.engine().tasks.claim_many(call.actor, call.body["ids"])
    return {
        "items": [
            {"id": task_id, "claimed": error is None, "problem": engine_body(error) if error is not None else None}
            for task_id, error in results.items()
        ]
    }


def task_schema(components: Components) -> Schema:
    """The schema of a task, its form included."""
    return complete(components.properties(TaskDetail) | {"form": optional(components.of(FormView))})


@section.get("/tasks/{task_id}", returns=task_schema, errors=(403,))
def get_task(call: Call, task_id: str) -> Any:
    """Show a task: its form, the variables, the draft, and why it is due when it is."""
    engine = access.engine()
    task = engine.tasks.get(call.actor, task_id)
    names = engine.deployments.names(task.form_deployment_id)
    form = form_view(task.form, names, task.variables) if task.form is not None else None
    return plain(replace(task, form=None, variables=variables(task.variables))) | {"form": plain(form)}


@section.post("/tasks/{task_id}/claim", errors=(403, 409))
def claim_task(call: Call, task_id: str) -> None:
    """Claim a task one is a candidate of."""
    access.engine().tasks.claim(call.actor, task_id)


@section.post("/tasks/{task_id}/unclaim", errors=(400, 403, 409))
def unclaim_task(call: Call, task_id: str) -> None:
    """Give a task back to its candidates."""
    access.engine().tasks.unclaim(call.actor, task_id)


@section.get(
    "/tasks/{task_id}/candidates",
    returns=ListOf(complete({"id": {"type": "string"}, "name": {"type": "string"}})),
    errors=(403,),
)
def list_candidates(call: Call, task_id: str) -> Any:
    """List who may do a task."""
    people = access.engine().tasks.candidates(call.actor, task_id)
    return [{"id": user_id, "name": name} for user_id, name in people]


@section.post(
    "/tasks/{task_id}/assign",
    body=Body("AssignTask", record({"user_id": filled(64), "reason": text(2000)}, "user_id")),
    errors=(403, 409),
)
def assign_task(call: Call, task_id: str) -> None:
    """Hand a task over, or as a manager reassign it.

    A manager has to give a reason.
    """
    access.engine().tasks.assign(call.actor, task_id, call.body["user_id"], call.body.get("reason", ""))


@section.post(
    "/tasks/{task_id}/complete",
    body=Body("CompleteTask", record({"values": VALUES, "files": FILES}, "values"), limit=None),
    returns=Completed,
    errors=(403, 409, 422),
)
def complete_task(call: Call, task_id: str) -> Any:
    """Complete a task with the values of its form.

    The process goes on to its next wait state in the same transaction. A field that is not sent keeps its initial value.
    """
    given = call.body
    files = embedded(given.get("files", ()))
    return access.engine().tasks.complete(call.actor, task_id, given["values"], files, language=call.language)


@section.put("/tasks/{task_id}/draft", body=Body("Draft", record({"values": VALUES}, "values")), errors=(403, 409))
def save_draft(call: Call, task_id: str) -> None:
    """Keep what has been filled in so far, without checking it."""
    access.engine().tasks.save_draft(call.actor, task_id, call.body["values"])


@section.put(
    "/tasks/{task_id}/follow-up", body=Body("FollowUp", record({"at": optional(moment())}, "at")), errors=(403, 409)
)
def set_follow_up(call: Call, task_id: str) -> None:
    """Put a task aside until an instant; null brings it back."""
    access.engine().tasks.follow_up(call.actor, task_id, call.body["at"])


@section.put(
    "/tasks/{task_id}/due",
    body=Body("DueDate", record({"at": moment(), "reason": REASON}, "at", "reason")),
    errors=(403, 409),
)
def set_due(call: Call, task_id: str) -> None:
    """Change the due date of a task, with a reason; managers only."""
    access.engine().tasks.set_due(call.actor, task_id, call.body["at"], call.body["reason"])
