"""The document says what is there: every address, every error, and schemas that are valid themselves."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import engine.cli  # noqa: F401  every module with errors is loaded
from engine.errors import ConfigInvalid, EngineError, SignInFailed
from engine.passwords import PasswordRefused
from engine.playing.rehearsal import FormRefused, Unmet
from engine.playing.script import ScriptInvalid
from engine.store import SchemaTooNew
from tests.web.api.conftest import Desk
from web.api.document import document, statuses
from web.api.messages import _TEXTS
from web.api.operations import OPERATIONS
from web.api.problems import TITLES

PLAYING = {FormRefused, ScriptInvalid, Unmet}
"""Errors of `redress run`, which no use case raises."""

NEVER_OVER_HTTP = {EngineError, ConfigInvalid, SignInFailed, SchemaTooNew, PasswordRefused, *PLAYING}


def _schemas(found: dict[str, Any]) -> list[Any]:
    listed = list(found["components"]["schemas"].values())
    for item in found["paths"].values():
        for operation in item.values():
            contents = [operation.get("requestBody", {}), *operation["responses"].values()]
            listed += [media["schema"] for part in contents for media in part.get("content", {}).values()]
            listed += [parameter["schema"] for parameter in operation["parameters"]]
    return listed


def _errors(kind: type[EngineError]) -> set[type[EngineError]]:
    return {kind}.union(*(_errors(part) for part in kind.__subclasses__()))


def test_document_is_served_to_anybody(desk: Desk) -> None:
    response = desk.get("/openapi.json", None)
    assert response.status_code == 200
    assert response.json["openapi"] == "3.1.0"
    assert response.json == document()


def test_document_lists_exactly_the_registered_routes(desk: Desk) -> None:
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")))
        for rule in desk.app.url_map.iter_rules()
        if rule.rule.startswith("/api")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    listed = {(method.upper(), path) for path, item in document()["paths"].items() for method in item}
    assert routes == listed


def test_every_operation_is_named_once_and_explained() -> None:
    ids = [operation.id for operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    assert all(operation.about[0] for operation in OPERATIONS)


def test_every_schema_is_valid_and_every_reference_resolves() -> None:
    found = document()
    for schema in _schemas(found):
        Draft202012Validator.check_schema(schema)
    named = found["components"]["schemas"]
    assert {ref.removeprefix("#/components/schemas/") for ref in re.findall(r"'\$ref': '([^']+)'", str(found))} <= set(
        named
    )


def test_every_code_an_answer_may_carry_has_a_title() -> None:
    codes = {kind.code for kind in _errors(EngineError) - NEVER_OVER_HTTP if not kind.__module__.startswith("tests")}
    assert codes <= set(TITLES)
    assert all(title.zh and title.en and title.zh != title.en for title in TITLES.values())


def test_every_operation_with_a_path_or_a_body_says_how_it_is_refused() -> None:
    for operation in OPERATIONS:
        if not operation.public:
            assert {400, 401, 429, 503} <= set(statuses(operation))
        if operation.body is not None:
            assert {413, 415} <= set(statuses(operation))
        if "{" in operation.path:
            assert 404 in statuses(operation)


@pytest.mark.parametrize("keyword", ["minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "enum"])
def test_keywords_of_requests_have_messages(keyword: str) -> None:
    assert keyword in _TEXTS


def test_no_keyword_is_used_in_requests_that_has_no_message() -> None:
    silent = {"properties", "items", "default", "description", "anyOf", "contentEncoding"}
    used: set[str] = set()

    def collect(schema: Any) -> None:
        used.update(schema)
        for part in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
            collect(part)
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                collect(schema[key])

    for operation in OPERATIONS:
        for schema in (operation.body and operation.body.json, operation.body and operation.body.form):
            if schema:
                collect(schema)
        for param in operation.query:
            collect(param.schema)
    assert used - silent <= set(_TEXTS)
