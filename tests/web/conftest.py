"""The pages of an office with the telecom pack, as its people see them in a browser without script."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.clock import VirtualClock
from engine.packs import Pack
from engine.store import Store
from engine.types import SYSTEM, Actor
from tests.office import ROOT, TRIAGE, Office
from web import create_app

PASSWORD = "correct horse battery staple"
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
PEOPLE: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "amy": (("telecom/投诉室受理",), ()),
    "ben": (("telecom/投诉室受理",), ()),
    "dora": (("telecom/市场部",), ()),
    "mia": ((), (("manager", "telecom"),)),
    "root": ((), (("administrator", "*"),)),
    "stranger": ((), ()),
}
"""Account -> groups and roles; the names on screens are the accounts with a capital."""


@dataclass
class Template:
    """A database with the pack and the people, copied for each test."""

    file: Path
    deployment_id: str
    pack: Pack


@dataclass
class Browser:
    """A person at a desk: follows no redirects by itself and sends the anti-forgery token when there is one."""

    client: FlaskClient

    def get(self, path: str, **request: Any) -> TestResponse:
        return self.client.get(path, **request)

    def post(self, path: str, data: dict[str, Any] | None = None, **request: Any) -> TestResponse:
        return self.client.post(path, data=data or {}, **request)

    def follow(self, response: TestResponse) -> str:
        """The text of the page a redirect leads to."""
        assert response.status_code == 302, text(response)
        return text(self.get(response.location))


@dataclass
class Site:
    """An office, the application on it, and its people."""

    office: Office
    settings: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def app(self) -> Flask:
        settings = {"WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False, "TESTING": True} | self.settings
        return create_app(self.office.engine, **settings)

    def visitor(self) -> Browser:
        return Browser(self.app.test_client())

    def person(self, login: str) -> Browser:
        """Somebody who has signed in."""
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = login, True
            session["epoch"] = self.office.engine.users.session_epoch(login)
        return Browser(client)

    def actor(self, login: str) -> Actor:
        found = self.office.engine.users.actor(login)
        assert found is not None
        return found

    def triage_task(self, **changes: Any) -> str:
        """A new complaint that waits for its triage; the id of that task."""
        filed = self.office.file(**changes)
        return str(self.office.task(filed.instance_id, "triage").id)

    def triaged(self, **changes: Any) -> tuple[str, str]:
        """A complaint whose triage Amy has done: its number and the id of the task that comes next."""
        filed = self.office.file(**changes)
        self.office.complete(filed.instance_id, "triage", TRIAGE, self.actor("amy"))
        return filed.number, str(self.office.open_tasks(filed.instance_id)[0].id)


TRIAGE_FORM = {
    "kind": "投诉",
    "matter_clear": "清楚",
    "category": "营销与套餐",
    "severity": "一般",
    "departments": "市场部",
    "override_reason": "按客户主要诉求判断",
}
"""The triage form as a browser sends it."""


def text(response: TestResponse) -> str:
    """What a page says, without its tags and scripts."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", "", response.text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def field_value(page: str, name: str) -> str:
    """What stands in the text field ``name`` of a page."""
    area = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\s*(.*?)</textarea>', page, re.S)
    if area:
        return html.unescape(area[1])
    box = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert box, f"no field {name}"
    return html.unescape(box[1])


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("site")
    file = folder / "redress.sqlite3"
    store = Store(f"sqlite:///{file}")
    store.create()
    office = Office(store, VirtualClock(NOW), folder)
    info = office.deploy(ROOT / "processes" / "telecom")
    for login, (groups, roles) in PEOPLE.items():
        office.engine.users.create(SYSTEM, login, login.capitalize(), PASSWORD, groups=groups, roles=roles)
    pack = office.engine.deployments.parsed(info.deployment_id)
    store.close()
    return Template(file, info.deployment_id, pack)


@pytest.fixture
def site(template: Template, tmp_path: Path) -> Iterator[Site]:
    """The office on a fresh copy of the database; Monday 2026-03-02, nine in the morning."""
    shutil.copy(template.file, tmp_path / "redress.sqlite3")
    store = Store(f"sqlite:///{tmp_path}/redress.sqlite3")
    office = Office(store, VirtualClock(NOW), tmp_path)
    office.engine.context.remember(template.deployment_id, template.pack)
    yield Site(office)
    store.close()
