"""Operations: what each address takes and gives, declared once, used for the document and for checking requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response
from werkzeug.datastructures import FileStorage

from engine.types import Actor
from web.api import problems, requests, security
from web.api.rendering import plain, written
from web.api.requests import Body, Param
from web.api.schemas import Schema, filled, whole

JSON = "application/json"
_PLACE = re.compile(r"\{(\w+)\}")

PAGING = (
    Param("page", whole(1, 1_000_000, default=1), "The page, counted from 1."),
    Param("size", whole(1, 100, default=20), "Entries on a page."),
)


@dataclass(frozen=True)
class Call:
    """A request that has been checked."""

    actor: Actor
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    files: Mapping[str, list[FileStorage]] = field(default_factory=dict)
    language: str = "zh"


@dataclass(frozen=True)
class PageOf:
    """The result is a page of a list."""

    kind: Any


@dataclass(frozen=True)
class ListOf:
    """The result is a whole list."""

    kind: Any


@dataclass(frozen=True)
class Operation:
    """One method of one address. ``returns`` is a value type, a schema or None for an empty answer."""

    method: str
    path: str
    view: Callable[..., Any]
    tag: str
    query: tuple[Param, ...] = ()
    body: Body | None = None
    returns: Any = None
    status: int = 200
    media: str = JSON
    errors: tuple[int, ...] = ()
    public: bool = False
    places: Mapping[str, Schema] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.view.__name__

    @property
    def about(self) -> list[str]:
        """The summary and the description: the first line of the view's docstring, and the rest."""
        lines = (self.view.__doc__ or "").strip().split("\n\n", 1)
        return [" ".join(part.split()) for part in lines]

    @property
    def place_schemas(self) -> dict[str, Schema]:
        """The schemas of the variable parts of the path."""
        return {name: self.places.get(name, filled(200)) for name in _PLACE.findall(self.path)}

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return _PLACE.sub(r"<\1>", self.path)


class Section:
    """The operations of one subject."""

    def __init__(self, tag: str, about: str) -> None:
        self.tag, self.about = tag, about
        self.operations: list[Operation] = []

    def get(self, path: str, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return self._add("GET", path, declared)

    def post(self, path: str, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return self._add("POST", path, declared)

    def put(self, path: str, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return self._add("PUT", path, declared)

    def _add(
        self, method: str, path: str, declared: Mapping[str, Any]
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def decorated(view: Callable[..., Any]) -> Callable[..., Any]:
            given = {"status": 200 if declared.get("returns") is not None else 204, **declared}
            self.operations.append(Operation(method, path, view, self.tag, **given))
            return view

        return decorated


OPERATIONS: list[Operation] = []
"""Every operation that is registered, in order."""

SECTIONS: list[Section] = []


def register(blueprint: Blueprint, section: Section) -> None:
    """Add the addresses of a section to the blueprint."""
    SECTIONS.append(section)
    for operation in section.operations:
        OPERATIONS.append(operation)
        blueprint.add_url_rule(operation.rule, operation.id, _bound(operation), methods=[operation.method])


def _bound(operation: Operation) -> Callable[..., Response]:
    def answer(**places: str) -> Response:
        if operation.public:
            return _response(operation, operation.view())
        actor = security.authenticated()
        here = requests.places(operation.place_schemas, places)
        query = requests.query(operation.query)
        body, files = requests.body(operation.body) if operation.body is not None else ({}, {})
        return _response(operation, operation.view(Call(actor, query, body, files, problems.language()), **here))

    return answer


def _response(operation: Operation, result: Any) -> Response:
    if isinstance(result, Response):
        return result
    location = None
    if operation.status == 201:
        result, location = result
    if operation.status == 204:
        response = Response(status=204)
        response.headers.pop("Content-Type", None)
        return response
    shown = {"items": plain(result)} if isinstance(operation.returns, ListOf) else plain(result)
    if isinstance(operation.returns, PageOf):
        shown["pages"] = result.pages
    response = Response(written(shown), operation.status, content_type=JSON)
    if location is not None:
        response.headers["Location"] = f"/api/v1{location}"
    return response
