"""Complaints over the interface."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.files import download_headers
from engine.types import AttachmentRow, ComplaintDetail, ComplaintRow, Correlated, HistoryRow, Started
from web import access
from web.api.inputs import FILES, PACK, SINGLE_FILE, VALUES, VARIABLES, embedded, sent, variables
from web.api.operations import PAGING, Call, ListOf, PageOf, Section
from web.api.requests import Body, Param
from web.api.schemas import choice, complete, filled, flag, many, moment, record, text

section = Section("complaints", "File, follow and complete the record of complaints.")

_FILTERS = (
    PACK,
    Param("state", choice("open", "closed", "active", "suspended", "completed", "cancelled"), "Where it stands."),
    Param("stage", text(64), "The stage, as the process names it."),
    Param("department", text(128), "A department that handles it, alone or with others."),
    Param("category", text(64), "The category."),
    Param("severity", text(64), "The severity."),
    Param("overdue", flag(), "Only complaints that are (or are not) past their due date."),
    Param("escalated", flag(), "Only complaints that have (or have not) been escalated."),
    Param("q", text(100), "Number, complainant, contact, the last four digits of a telephone, or words."),
    Param("received_from", moment(), "Received at this instant or later."),
    Param("received_until", moment(), "Received before this instant."),
    Param("order", choice("due", "received", "closed", "number", default="due"), "How the list is sorted."),
)
_REVEAL = Param("reveal", flag(default=False), "Give personal data in full; the view is logged.")
_FILE = record(
    {
        "pack": filled(64),
        "values": VALUES,
        "files": FILES,
        "received_at": moment(description="When it came in, if that was earlier (a letter, a call)."),
        "source_id": filled(128, description="The number it had in another system."),
    },
    "pack",
    "values",
)
_MESSAGE = record({"name": filled(128), "variables": VARIABLES}, "name")
_UPLOAD = record({"file": many(SINGLE_FILE, minItems=1, maxItems=20)}, "file")


@section.get("/complaints", query=(*_FILTERS, *PAGING), returns=PageOf(ComplaintRow))
def list_complaints(call: Call) -> Any:
    """List complaints.

    Those the person may see, personal data masked.
    """
    return access.engine().complaints.list(call.actor, **call.query)


@section.post(
    "/complaints",
    body=Body("NewComplaint", _FILE, limit=None),
    returns=Started,
    status=201,
    errors=(403, 404, 409, 422),
)
def file_complaint(call: Call) -> Any:
    """File a complaint.

    The values are those of the pack's intake form (see the pack). The access code is shown only now; with it the
    complainant follows the complaint.
    """
    given = call.body
    started = access.engine().complaints.file(
        call.actor,
        given["pack"],
        given["values"],
        embedded(given.get("files", ())),
        language=call.language,
        received_at=given.get("received_at"),
        source_id=given.get("source_id"),
    )
    return started, f"/complaints/{started.number}"


@section.get("/complaints/{number}", query=(_REVEAL,), returns=ComplaintDetail, errors=(403,))
def get_complaint(call: Call, number: str) -> Any:
    """Show one complaint.

    ``waiting_for`` names the messages its process waits for now.
    """
    return access.engine().complaints.get(call.actor, number, **call.query)


@section.get("/complaints/{number}/history", returns=ListOf(HistoryRow), errors=(403,))
def get_complaint_history(call: Call, number: str) -> Any:
    """Show what happened to a complaint, oldest first."""
    return access.engine().complaints.history(call.actor, number)


@section.post(
    "/complaints/{number}/attachments",
    body=Body("NewAttachments", form=_UPLOAD, limit=None),
    returns=complete({"ids": many({"type": "string"})}),
    status=201,
    errors=(403,),
)
def attach_files(call: Call, number: str) -> Any:
    """Attach files to a complaint."""
    ids = access.engine().complaints.attach(call.actor, number, sent(call.files["file"], "attachment"))
    return {"ids": ids}, f"/attachments/{ids[0]}" if ids else f"/complaints/{number}"


@section.get("/complaints/{number}/attachments", returns=ListOf(AttachmentRow), errors=(403,))
def list_attachments(call: Call, number: str) -> Any:
    """List the files of a complaint."""
    return access.engine().complaints.get(call.actor, number).attachments


@section.get(
    "/attachments/{attachment_id}",
    returns={"type": "string", "format": "binary"},
    media="*/*",
    errors=(403,),
)
def get_attachment(call: Call, attachment_id: str) -> Any:
    """Download a file; the view is logged."""
    row, content = access.engine().complaints.attachment(call.actor, attachment_id)
    return Response(content, headers=download_headers(row.name, row.content_type))


@section.post(
    "/complaints/{number}/messages",
    body=Body("ComplaintMessage", _MESSAGE),
    returns=Correlated,
    errors=(403, 409, 422),
)
def send_complaint_message(call: Call, number: str) -> Any:
    """Send a message to a complaint.

    For instance that the customer called again, or withdraws. Which messages it waits for stands in ``waiting_for``.
    """
    engine = access.engine()
    engine.complaints.get(call.actor, number)
    given = variables(call.body.get("variables", {}))
    return engine.messages.correlate(call.actor, call.body["name"], number, given)
