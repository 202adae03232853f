"""Process instances and messages over the interface."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.types import AdHocSubprocess, Correlated, HistoryRow, InstanceDetail
from web import access
from web.api.inputs import REASON, VARIABLES, variables
from web.api.operations import Call, ListOf, Section
from web.api.requests import Body
from web.api.schemas import complete, filled, free, many, optional, record, text, whole

section = Section("instances", "Process instances, and the messages they wait for.")

_START = record(
    {
        "pack": filled(64),
        "process_id": filled(128, description="An executable process of the pack's version in force."),
        "variables": VARIABLES,
        "business_key": optional(filled(64)),
    },
    "pack",
    "process_id",
)
_ACTIVATE = record(
    {
        "elements": many(
            filled(128), minItems=1, maxItems=100, description="Ids of the steps, each as often as it is to be started."
        ),
        "reason": optional(REASON),
        "activations": optional(
            whole(
                0, 1_000_000, description="How many the list has shown; if others were begun since, the answer is 409."
            )
        ),
    },
    "elements",
)
_CORRELATE = record(
    {
        "name": filled(128),
        "correlation_key": text(
            255,
            default="",
            description="For complaints, the number. An instance that the message starts has it as its business key.",
        ),
        "variables": VARIABLES,
    },
    "name",
)


@section.post(
    "/instances",
    body=Body("NewInstance", _START),
    returns=complete({"id": {"type": "string"}}),
    status=201,
    errors=(403, 404, 409, 422),
)
def start_instance(call: Call) -> Any:
    """Start a process that is not a complaint.

    For instance an archive request or a report. Complaints are started by filing them.
    """
    given = call.body
    instance_id = access.engine().instances.start(
        replace(call.actor, language=call.language),
        given["pack"],
        given["process_id"],
        variables(given.get("variables", {})),
        given.get("business_key"),
    )
    return {"id": instance_id}, f"/instances/{instance_id}"


@section.get("/instances/{instance_id}", returns=InstanceDetail, errors=(403,))
def get_instance(call: Call, instance_id: str) -> Any:
    """Show an instance: elements, flows taken, variables, open tasks, timers and incidents."""
    return access.engine().instances.get(call.actor, instance_id)


@section.get("/instances/{instance_id}/history", returns=ListOf(HistoryRow), errors=(403,))
def get_instance_history(call: Call, instance_id: str) -> Any:
    """Show what happened in an instance, oldest first."""
    return access.engine().instances.history(call.actor, instance_id)


@section.get("/instances/{instance_id}/variables", returns=free("Variables by name."), errors=(403,))
def get_instance_variables(call: Call, instance_id: str) -> Any:
    """Show the process variables of an instance."""
    return access.engine().instances.variables(call.actor, instance_id)


@section.post(
    "/instances/{instance_id}/cancel",
    body=Body("CancelInstance", record({"reason": REASON}, "reason")),
    errors=(403, 409),
)
def cancel_instance(call: Call, instance_id: str) -> None:
    """End an instance before its time, with a reason; managers only."""
    access.engine().instances.cancel(call.actor, instance_id, call.body["reason"])


@section.get("/instances/{instance_id}/ad-hoc", returns=ListOf(AdHocSubprocess), errors=(403,))
def get_ad_hoc(call: Call, instance_id: str) -> Any:
    """Show the open ad-hoc subprocesses of an instance, and the steps that can be started in each."""
    return access.engine().activation.options(call.actor, instance_id)


@section.post(
    "/instances/{instance_id}/ad-hoc/{task_id}/activate",
    body=Body("ActivateElements", _ACTIVATE),
    errors=(403, 409),
)
def activate_elements(call: Call, instance_id: str, task_id: str) -> None:
    """Start steps of an open ad-hoc subprocess.

    ``task_id`` is that of the subprocess, as the list of them gives it. Managers and process owners start every step,
    staff the user tasks of their groups and what is no user task.
    """
    given = call.body
    access.engine().activation.activate(
        call.actor, instance_id, task_id, given["elements"], given.get("reason"), given.get("activations")
    )


@section.post("/messages", body=Body("Message", _CORRELATE), returns=Correlated, errors=(403, 409, 422))
def correlate_message(call: Call) -> Any:
    """Correlate a message: one instance of every process takes it.

    An instance that waits for it under the key goes on; of a process that begins with the message one is started if none
    waits. ``instances`` counts those that went on, ``started`` names the new ones. A process that begins a complaint
    files it with the variables as its intake form. Messages are not kept for later.
    """
    given = call.body
    actor, values = replace(call.actor, language=call.language), variables(given.get("variables", {}))
    return access.engine().messages.correlate(actor, given["name"], given.get("correlation_key", ""), values)
