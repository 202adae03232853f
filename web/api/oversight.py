"""What managers, archivists and the person behind the token ask for: incidents, figures, archive, oneself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.archive import ArchiveDetail, ArchiveRow
from engine.types import Name
from web import access
from web.api.inputs import PACK, REASON
from web.api.operations import PAGING, Call, ListOf, PageOf, Section
from web.api.rendering import plain
from web.api.requests import Body, Param
from web.api.schemas import Components, complete, flag, many, optional, record, text, whole

section = Section("oversight", "Incidents, figures, the archive, and the person behind the token.")


@dataclass(frozen=True)
class Incident:
    """What stopped a process."""

    id: int
    instance_id: str | None
    pack: str
    element_id: str | None
    code: str
    message: Name
    created_at: datetime
    count: int


@dataclass(frozen=True)
class Share:
    """Counts of one stage, department, category, severity or channel."""

    key: str | None
    label: Name
    open: int
    overdue: int
    filed: int


@dataclass(frozen=True)
class Day:
    """What came in and went out on one day."""

    day: date
    filed: int
    closed: int


@dataclass(frozen=True)
class Membership:
    """A role in a pack; ``*`` for all packs."""

    role: str
    pack: str


@dataclass(frozen=True)
class Me:
    """The person behind the token."""

    id: str
    name: str
    language: str
    groups: tuple[str, ...]
    roles: tuple[Membership, ...]
    substitutes_for: dict[str, str]
    """Account -> name of the colleagues this person stands in for now."""


_COUNTS = ("open", "overdue", "due_today", "escalated", "filed_30d", "filed_before", "closed_30d", "closed_before")
_RATES = ("satisfied", "satisfied_before", "hours_to_close")
_DIMENSIONS = ("stage", "department", "category", "severity", "channel")


def figures_schema(components: Components) -> Any:
    """The schema of the figures."""
    rounds = {"type": "object", "additionalProperties": {"type": "integer"}, "description": "Round -> complaints."}
    return complete(
        {key: {"type": "integer"} for key in _COUNTS}
        | dict.fromkeys(_RATES, optional({"type": "number"}))
        | {f"by_{name}": many(components.of(Share)) for name in _DIMENSIONS}
        | {"rounds": rounds, "per_day": many(components.of(Day))}
    )


@section.get("/incidents", query=(PACK,), returns=ListOf(Incident))
def list_incidents(call: Call) -> Any:
    """List the open incidents of the packs the person looks after, newest first."""
    return access.engine().incidents.list(call.actor, call.query.get("pack"))


@section.post("/incidents/{incident_id}/retry", errors=(403,), places={"incident_id": whole(1, 2**31 - 1)})
def retry_incident(call: Call, incident_id: int) -> None:
    """Mark an incident resolved, and run at once what waits behind it."""
    access.engine().incidents.retry(call.actor, incident_id)


@section.get("/figures", query=(PACK,), returns=figures_schema)
def get_figures(call: Call) -> Any:
    """Show the figures of the dashboard, over the complaints the person may see."""
    return access.engine().complaints.figures(call.actor, call.query.get("pack"))


@section.get(
    "/archive",
    query=(
        PACK,
        Param("q", text(100), "Number of the record, or words of the complaint."),
        Param("category", text(64), "The category."),
        Param("department", text(128), "A department that handled it."),
        Param("archive_class", text(64), "The class of the archive."),
        Param("due_for_destruction", flag(), "Only records whose retention has (or has not) run out."),
        *PAGING,
    ),
    returns=PageOf(ArchiveRow),
    errors=(403,),
)
def list_archive(call: Call) -> Any:
    """List archive records, newest first."""
    return access.engine().archive.list(call.actor, **call.query)


@section.get("/archive/{number}", returns=ArchiveDetail, errors=(403,))
def get_archive_record(call: Call, number: str) -> Any:
    """Show an archive record with the complaint it keeps."""
    return access.engine().archive.get(call.actor, number)


@section.put(
    "/archive/{number}/legal-hold",
    body=Body("LegalHold", record({"on": flag(), "reason": REASON}, "on", "reason")),
    errors=(403,),
)
def set_legal_hold(call: Call, number: str) -> None:
    """Keep a record beyond its retention, or lift that, with a reason."""
    access.engine().archive.set_legal_hold(call.actor, number, call.body["on"], call.body["reason"])


@section.get("/users/me", returns=Me)
def get_me(call: Call) -> Any:
    """Show who the token belongs to."""
    actor = call.actor
    roles = tuple(Membership(role, pack) for role, pack in sorted(actor.roles))
    groups = tuple(sorted(actor.groups))
    return plain(Me(actor.id or "", actor.name, actor.language, groups, roles, dict(actor.substitutes_for)))
