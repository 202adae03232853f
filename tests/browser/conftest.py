"""One seeded office for all workers, one server and one Chromium for each, and pages that may not complain."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.browser.chromium import NoBrowser, launch
from tests.browser.pages import WIDE, Watch
from tests.browser.served import Served, seeded_once, served

expect.set_options(timeout=10_000)
_TIMEOUT = 20_000


class Open(Protocol):
    """Opens a page of its own: signed in as ``login``, or as nobody."""

    def __call__(self, path: str, login: str | None = None, **options: Any) -> Page: ...


class Refusals(Protocol):
    """Says which error answers the test asks for."""

    def __call__(self, *statuses: int) -> None: ...


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Served]:
    """The application with sample complaints, at a fixed instant."""
    own = tmp_path_factory.mktemp("office") / "var"
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with served(seeded_once(shared / "browser", own)) as office:
        yield office


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            started = launch(playwright)
        except NoBrowser as error:
            pytest.fail(str(error), pytrace=False)
        yield started
        started.close()


@pytest.fixture(scope="session")
def signed_in(browser: Browser, office: Served) -> Callable[[str], StorageState]:
    """The cookies of a sample account; each signs in once."""
    known: dict[str, StorageState] = {}

    def state(login: str) -> StorageState:
        if login not in known:
            context = browser.new_context(base_url=office.url, locale="zh-CN")
            page = context.new_page()
            page.goto("/sign-in")
            page.locator(f"form:has(input[name=login][value={login}]) button").click()
            page.wait_for_url("**/worklist*")
            known[login] = context.storage_state()
            context.close()
        return known[login]

    return state


@pytest.fixture
def watches() -> Iterator[list[Watch]]:
    """Every browser session of the test; whatever one of them complained about fails the test at its end."""
    found: list[Watch] = []
    yield found
    for watch in found:
        watch.context.close()
    for watch in found:
        watch.check()


@pytest.fixture
def visit(browser: Browser, office: Served, signed_in: Callable[[str], StorageState], watches: list[Watch]) -> Open:
    """Opens pages under watch, each with cookies of its own."""

    def open_page(path: str, login: str | None = None, **options: Any) -> Page:
        settings: dict[str, Any] = {"viewport": WIDE, "locale": "zh-CN", "reduced_motion": "reduce"} | options
        state = signed_in(login) if login else None
        context = browser.new_context(base_url=office.url, storage_state=state, **settings)
        context.set_default_timeout(_TIMEOUT)
        watches.append(Watch(context, office.url))
        page = context.new_page()
        page.goto(path)
        return page

    return open_page


@pytest.fixture
def refusals(watches: list[Watch]) -> Refusals:
    """For the sessions opened so far."""

    def allow(*statuses: int) -> None:
        for watch in watches:
            watch.expected |= set(statuses)

    return allow


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a photograph, and a program that is not accepted."""
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    (tmp_path / "账单.png").write_bytes(base64.b64decode(dot))
    (tmp_path / "setup.exe").write_bytes(b"MZ" + bytes(200))
    return tmp_path
