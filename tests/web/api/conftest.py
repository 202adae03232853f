"""The interface on an office with the telecom pack, and a token for everybody who works there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.clock import VirtualClock
from engine.store import Store
from engine.types import SYSTEM, Started
from tests.office import ROOT, Office
from web import create_app

PEOPLE: Mapping[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "amy": (("telecom/投诉室受理",), ()),
    "ben": (("telecom/投诉室受理",), ()),
    "dora": (("telecom/市场部",), ()),
    "mia": ((), (("manager", "telecom"),)),
    "otto": ((), (("process_owner", "telecom"),)),
    "ada": ((), (("archivist", "telecom"),)),
    "root": (("telecom/投诉室受理",), (("administrator", "*"), ("manager", "telecom"))),
    "stranger": ((), ()),
}
"""Account -> groups and roles."""


@dataclass
class Desk:
    """The interface as a program sees it."""

    office: Office
    app: Flask
    tokens: Mapping[str, str]

    @cached_property
    def client(self) -> FlaskClient:
        return self.app.test_client(use_cookies=False)

    def call(self, method: str, path: str, who: str | None = "amy", **request: Any) -> Any:
        headers = dict(request.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **request)

    def get(self, path: str, who: str | None = "amy", **request: Any) -> Any:
        return self.call("GET", path, who, **request)

    def post(self, path: str, json: Any = None, who: str | None = "amy", **request: Any) -> Any:
        return self.call("POST", path, who, **({"json": json} if json is not None else {}), **request)

    def put(self, path: str, json: Any, who: str | None = "amy", **request: Any) -> Any:
        return self.call("PUT", path, who, json=json, **request)

    def file(self, **changes: Any) -> Started:
        return self.office.file(**changes)

    def task_of(self, started: Started, element: str = "triage") -> str:
        return str(self.office.task(started.instance_id, element).id)


def make_desk(store: Store, clock: VirtualClock, var: Path, **settings: Any) -> Desk:
    """A desk whose office has deployed the telecom pack."""
    office = Office(store, clock, var)
    office.deploy(ROOT / "processes" / "telecom")
    users = office.engine.users
    for login, (groups, roles) in PEOPLE.items():
        users.create(SYSTEM, login, login.title(), groups=groups, roles=roles)
    tokens = {login: users.token_create(SYSTEM, login, "test") for login in PEOPLE}
    app = create_app(office.engine, TESTING=True, **settings)
    return Desk(office, app, tokens)


@pytest.fixture
def desk(clock: VirtualClock, tmp_path: Path) -> Iterator[Desk]:
    store = Store(f"sqlite:///{tmp_path}/redress.sqlite3")
    store.create()
    yield make_desk(store, clock, tmp_path / "var")
    store.close()


@pytest.fixture(scope="module")
def quiet_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests of a module that change nothing."""
    folder = tmp_path_factory.mktemp("desk")
    store = Store(f"sqlite:///{folder}/redress.sqlite3")
    store.create()
    yield make_desk(store, VirtualClock(datetime(2026, 3, 2, 1, tzinfo=UTC)), folder / "var")
    store.close()


@pytest.fixture
def each_desk(store: Store, clock: VirtualClock, tmp_path: Path) -> Desk:
    """The same on either database."""
    return make_desk(store, clock, tmp_path / "var")


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem details of an answer, which must be complete."""
    found: dict[str, Any] = response.get_json(force=True, silent=True) or {}
    assert response.status_code == status, (response.status_code, response.text)
    assert response.mimetype == "application/problem+json"
    assert (found["code"], found["type"], found["status"]) == (code, f"/problems/{code}", status)
    assert found["title"]
    assert found["detail"]
    return found
