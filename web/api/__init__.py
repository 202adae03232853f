"""The HTTP interface ``/api/v1``: JSON over bearer tokens, described by ``/api/v1/openapi.json``.

Each module beside this one holds the operations of one subject. An operation declares its parameters, body and result
in the decorator above its view; requests are checked against that and the OpenAPI document is made of it.
"""

from __future__ import annotations

from flask import Blueprint

from web import access
from web.api import complaints, deployments, document, instances, oversight, packs, problems, security, tasks
from web.api.operations import register

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
problems.register(blueprint)
security.register(blueprint)
access.csrf.exempt(blueprint)
for module in (complaints, tasks, instances, packs, deployments, oversight, document):
    register(blueprint, module.section)
