"""Process instances and messages over the interface."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.types import HistoryRow, InstanceDetail
from web import access
from web.api.complaints import DELIVERED
from web.api.inputs import REASON, VARIABLES, variables
from web.api.operations import Call, ListOf, Section
from web.api.requests import Body
from web.api.schemas import complete, filled, free, optional, record

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
_CORRELATE = record(
    {
        "name": filled(128),
        "correlation_key": filled(255, description="For complaints, the number."),
        "variables": VARIABLES,
    },
    "name",
    "correlation_key",
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


@section.post("/messages", body=Body("Message", _CORRELATE), returns=DELIVERED, errors=(403, 409))
def correlate_message(call: Call) -> Any:
    """Correlate a message with every instance that waits for it under the key."""
    given = call.body
    values = variables(given.get("variables", {}))
    return {
        "instances": access.engine().messages.correlate(call.actor, given["name"], given["correlation_key"], values)
    }
