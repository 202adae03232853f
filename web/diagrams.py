"""The diagrams of deployed packs, for the viewer."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from flask_login import login_required

from web import access

blueprint = Blueprint("diagrams", __name__)


@blueprint.get("/diagrams/<deployment_id>/<process_id>.bpmn")
@login_required
def diagram(deployment_id: str, process_id: str) -> Response:
    """The BPMN file that holds a process. A deployment never changes, so the browser keeps it."""
    person, deployments = access.actor(), access.engine().deployments
    if not person.packs([deployments.parsed(deployment_id).name]):
        abort(404)
    response = Response(deployments.diagram(deployment_id, process_id), mimetype="application/xml")
    response.cache_control.private = True
    response.cache_control.max_age = 31_536_000
    response.cache_control.immutable = True
    return response
