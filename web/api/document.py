"""The OpenAPI document, made of the declared operations."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flask import Response

from web.api.deployments import FINDING
from web.api.operations import JSON, OPERATIONS, SECTIONS, ListOf, Operation, PageOf, Section
from web.api.problems import MEDIA_TYPE, TITLES
from web.api.rendering import written
from web.api.requests import FORM, Body
from web.api.schemas import Components, Schema, choice, complete, free, many, record, reference

section = Section("interface", "The description of the interface itself.")

_ABOUT = """Everything staff and managers can do, as JSON.

**Who asks.** Send `Authorization: Bearer rdr_...`; tokens are made in Settings. The session cookie of the pages is not
looked at. After twenty refused attempts within a minute an address has to wait.

**Language.** Texts of errors follow `?lang=zh|en`, else `Accept-Language`, else the setting of the token's owner. Labels
in answers come in both languages.

**Values.** Instants are ISO 8601; answers give them in UTC. Process variables are plain JSON; what JSON lacks has a tag:
`{"$date": "2026-03-02"}`, `{"$time": ...}`, `{"$datetime": ...}`, `{"$duration": "PT4H"}`, `{"$months": "P1Y"}`,
`{"$number": "0.1"}` for decimals that are not whole, `{"$range": [low, high, low included, high included]}`. A name that
itself begins with `$` is written with `$$`.

**Errors** are problem details (RFC 9457). 400: the request is not what this document says; `errors` maps the JSON pointer
or the parameter to what is wrong. 401: no valid token. 403: not allowed. 404: not there. 409: not in this state, or
somebody else was quicker. 413: too large. 415: content or file type not accepted. 422: the form (`errors` by field), the
process pack (`findings`) or the zip file was refused. 429: too many refused tokens. 503: busy, try again.
"""
_STATUS = {
    400: "The request is not what this document says, or cannot be carried out",
    401: "No valid token",
    403: "Not allowed",
    404: "Not there",
    409: "Not possible in the present state",
    413: "Too large",
    415: "Content or file type not accepted",
    422: "The form, the process pack or the zip file was refused",
    429: "Too many refused tokens",
    503: "Busy; try again",
}


@section.get("/openapi.json", returns=free("An OpenAPI document."), public=True)
def openapi() -> Any:
    """Describe the interface (this document)."""
    response = Response(written(document()), content_type=JSON)
    response.headers["Cache-Control"] = "no-cache"
    return response


def document() -> dict[str, Any]:
    """The whole document."""
    components = Components()
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Redress", "version": _version(), "description": _ABOUT},
        "servers": [{"url": "/api/v1"}],
        "security": [{"bearer": []}],
        "tags": [{"name": part.tag, "description": part.about} for part in SECTIONS],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _problem_schema(), **components.schemas},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def statuses(operation: Operation) -> list[int]:
    """The errors an operation may answer with: those every one of its kind has, and those it declares."""
    if operation.public:
        return [429]
    found = {400, 401, 429, 503, *operation.errors}
    found |= {404} if operation.place_schemas else set()
    found |= {413, 415} if operation.body is not None else set()
    return sorted(found)


def _operation(operation: Operation, components: Components) -> dict[str, Any]:
    summary, *description = operation.about
    where = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in operation.place_schemas.items()
    ]
    asked = [
        {"name": param.name, "in": "query", "required": False, "schema": param.schema, "description": param.about}
        for param in operation.query
    ]
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": summary.rstrip("."),
        "parameters": where + asked,
        "responses": {str(operation.status): _success(operation, components)}
        | {str(status): _problem(status) for status in statuses(operation)},
    }
    if description:
        described["description"] = description[0]
    if operation.public:
        described["security"] = []
    if operation.body is not None:
        described["requestBody"] = _body(operation.body, components)
    return described


def _success(operation: Operation, components: Components) -> dict[str, Any]:
    if operation.status == 204:
        return {"description": "Done"}
    answer: dict[str, Any] = {
        "description": "Created" if operation.status == 201 else "The result",
        "content": {operation.media: {"schema": _result(operation.returns, components)}},
    }
    if operation.status == 201:
        answer["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where it is found."}}
    return answer


def _result(returns: Any, components: Components) -> Schema:
    if isinstance(returns, PageOf):
        counts = {key: {"type": "integer"} for key in ("total", "page", "size", "pages")}
        return complete({"items": many(components.of(returns.kind)), **counts})
    if isinstance(returns, ListOf):
        return complete({"items": many(components.of(returns.kind))})
    if callable(returns) and not isinstance(returns, type):
        made: Schema = returns(components)
        return made
    return components.of(returns)


def _body(body: Body, components: Components) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if body.json is not None:
        components.schemas[body.name] = body.json
        content[JSON] = {"schema": reference(body.name)}
    if body.form is not None:
        content[FORM] = {"schema": body.form}
    return {"required": True, "content": content}


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _STATUS[status],
        "content": {MEDIA_TYPE: {"schema": reference("Problem")}},
    }
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    return answer


def _problem_schema() -> Schema:
    errors = {"type": "object", "additionalProperties": many({"type": "string"})}
    properties: dict[str, Schema] = {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": choice(*TITLES),
        "errors": {**errors, "description": "Field, JSON pointer or parameter -> messages."},
        "rules": many(
            complete({key: {"type": "string"} for key in ("id", "clause", "text")}),
            description="Why: the written rules of the policy behind a refused step.",
        ),
        "findings": many(FINDING, description="What the check of a process pack found."),
        "reference": {"type": "string", "description": "What to tell an administrator about an internal error."},
    }
    return record(properties, "type", "title", "status", "detail", "code", description="Problem details (RFC 9457).")


def _version() -> str:
    try:
        return version("redress")
    except PackageNotFoundError:
        return "0"
