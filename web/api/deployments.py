"""Deployments over the interface: check a pack, deploy it, read its diagrams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from engine.check import check
from engine.errors import NotFound
from engine.packs import MAX_BYTES, load_pack
from engine.rights import forbidden
from engine.types import PackInfo
from web import access
from web.api import packfiles
from web.api.inputs import PACK, SINGLE_FILE
from web.api.operations import Call, ListOf, Section
from web.api.problems import language
from web.api.requests import Body
from web.api.schemas import choice, complete, many, optional, record, text

section = Section("deployments", "Versions of process packs: check, deploy, read.")

_NOTE = text(2000, description="Why this version; shown with the deployment.")
_NAME = text(63, 1, pattern="^[a-z][a-z0-9_-]*$", description="The pack; without it, the name in pack.toml.")
_FILES = {
    "type": "object",
    "additionalProperties": text(MAX_BYTES),
    "minProperties": 1,
    "maxProperties": packfiles.MAX_ENTRIES,
    "description": "Path in the pack's folder -> content, for instance pack.toml and complaint.bpmn.",
}
_PACK = Body(
    "PackFiles",
    json=record({"files": _FILES, "name": _NAME, "note": _NOTE}, "files"),
    form=record({"archive": SINGLE_FILE, "name": _NAME, "note": _NOTE}, "archive"),
    limit=2 * MAX_BYTES,
)
FINDING = complete(
    {
        "severity": choice("error", "warning", "info"),
        "file": {"type": "string"},
        "element": optional({"type": "string"}),
        "message": {"type": "string"},
    }
)
_REPORT = complete(
    {
        "name": {"type": "string"},
        "ok": {"type": "boolean"},
        "findings": many(FINDING),
        "coverage": complete(
            {key: {"type": "integer"} for key in ("enforced", "unproven", "prompted", "uncarried", "needs_figure")}
        ),
        "proof": choice("fresh", "stale", "missing"),
        "rules": many(
            complete(
                {
                    **{key: {"type": "string"} for key in ("id", "carry", "figure", "how")},
                    "status": choice("enforced", "unproven", "prompted", "uncarried"),
                    "where": many({"type": "string"}),
                    "assumptions": many(complete({key: {"type": "string"} for key in ("name", "value", "note")})),
                }
            )
        ),
    }
)


@section.get("/deployments", query=(PACK,), returns=ListOf(PackInfo))
def list_deployments(call: Call) -> Any:
    """List all versions of the packs the person works with, newest first."""
    return access.engine().deployments.list(call.actor, call.query.get("pack"))


@section.post("/deployments", body=_PACK, returns=PackInfo, status=201, errors=(403, 422))
def deploy(call: Call) -> Any:
    """Deploy a pack.

    Either a zip file of its folder, or its files in JSON. An unchanged pack stays at its version. New complaints follow
    the new version, running ones keep theirs.
    """
    files = _pack_files(call)
    info = access.engine().deployments.deploy_files(call.actor, files, call.body.get("note", ""), call.body.get("name"))
    return info, f"/packs/{info.name}"


@section.post("/deployments/check", body=_PACK, returns=_REPORT, errors=(403, 422))
def check_pack(call: Call) -> Any:
    """Check a pack without deploying it; the findings are in the language of the request."""
    return check(load_pack(_pack_files(call), call.body.get("name"))).to_dict(language())


@section.get("/deployments/{deployment_id}/diagrams/{process_id}", returns={"type": "string"}, media="application/xml")
def get_diagram(call: Call, deployment_id: str, process_id: str) -> Any:
    """Read the BPMN file that holds a process."""
    deployments = access.engine().deployments
    if not call.actor.packs([deployments.parsed(deployment_id).name]):
        raise NotFound(what={"zh": "部署", "en": "deployment"}, id=deployment_id)
    return Response(deployments.diagram(deployment_id, process_id), content_type="application/xml")


def _pack_files(call: Call) -> Mapping[str, bytes]:
    """The files sent, for people who may deploy at all: reading them costs something."""
    if not {"process_owner", "administrator"} & {role for role, _ in call.actor.roles}:
        raise forbidden({"zh": "检查或部署制度包", "en": "check or deploy a process pack"}, "process_owner")
    if call.files:
        return packfiles.from_zip(call.files["archive"][0].read())
    return packfiles.from_texts(call.body["files"])
