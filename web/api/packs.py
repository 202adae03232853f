"""Process packs in force over the interface: what can be filed, and how their instances stand."""

from __future__ import annotations

from typing import Any

from engine.errors import NotFound
from engine.types import Actor, PackInfo
from web import access
from web.api.forms import FormView, form_view
from web.api.operations import Call, ListOf, Section
from web.api.schemas import complete, optional

section = Section("packs", "The process packs in force.")

_ELEMENT = complete(
    {
        "active": {"type": "integer"},
        "overdue": {"type": "integer"},
        "incidents": {"type": "integer"},
        "avg_hours": optional({"type": "number"}),
    }
)
_OVERVIEW = {
    "type": "object",
    "additionalProperties": {"type": "object", "additionalProperties": _ELEMENT},
    "description": "Process id -> element id -> counts.",
}


@section.get("/packs", returns=ListOf(PackInfo))
def list_packs(call: Call) -> Any:
    """List the version in force of every pack the person works with."""
    return access.engine().deployments.packs(call.actor)


@section.get("/packs/{pack}", returns=PackInfo)
def get_pack(call: Call, pack: str) -> Any:
    """Show the version in force of one pack."""
    return known(call.actor, pack)


@section.get("/packs/{pack}/form", returns=FormView)
def get_intake_form(call: Call, pack: str) -> Any:
    """Show the form a complaint is filed with."""
    engine = access.engine()
    if not known(call.actor, pack).channels:
        raise NotFound(what={"zh": "受理表单", "en": "intake form"}, id=pack)
    form, info = engine.complaints.intake_form(pack)
    return form_view(form, engine.deployments.names(info.deployment_id), {})


@section.get("/packs/{pack}/overview", returns=_OVERVIEW, errors=(403,))
def get_overview(call: Call, pack: str) -> Any:
    """Count what stands at each element of the diagrams; for managers and those who watch over the pack."""
    known(call.actor, pack)
    return access.engine().instances.overview(call.actor, pack)


def known(actor: Actor, pack: str) -> PackInfo:
    """A pack the person works with. Raises NotFound."""
    for info in access.engine().deployments.packs(actor):
        if info.name == pack:
            return info
    raise NotFound(what={"zh": "制度包", "en": "process pack"}, id=pack)
