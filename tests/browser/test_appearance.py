"""Every page: no complaint of the browser, none of axe in either theme, no sideways scroll on a phone, one language."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from engine.models import ArchiveRecord, Complaint
from tests.browser.conftest import Open, Refusals
from tests.browser.pages import PHONE, WIDE, axe, axe_in_both_themes, diagram_ready, fits
from tests.browser.places import MANAGER, PLACES, SEARCHED, STAFF, Place
from tests.browser.served import Served

FRAME = (
    "nav, footer, h1, h2, h3, th, label, legend, button, summary, dt, caption, .form-text, .page-lead, [placeholder]"
)
_TEXTS = """selector => [...document.querySelectorAll(selector)]
  .filter(e => !e.closest('[data-data], [data-diagram], .timeline, tbody, .steps, #keys dl, .brand, details.menu'))
  .flatMap(e => {
    const copy = e.cloneNode(true);
    copy.querySelectorAll('[lang], kbd, input, textarea').forEach(part => part.remove());
    return [e.getAttribute('lang') ? '' : copy.textContent, e.placeholder ?? '', e.getAttribute('aria-label') ?? ''];
  }).map(text => text.replace(/\\s+/g, ' ').trim()).filter(text => text)"""
HAN = re.compile(r"[\u4e00-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]{3,}")
ALIKE = ("Redress", "English")
"""Written the same in both languages."""
NARROW = ("worklist", "task-triage", "operations", "complaint", "intake")
"""Pages that look different enough on a phone to be checked by axe there, too."""


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_page(visit: Open, office: Served, place: Place, refusals: Refusals) -> None:
    """Accessible in both themes, no wider than a phone, in one language."""
    page = visit("about:blank", place.login)
    refusals(*place.refused)
    known = data_of(office)
    address = place.path(office)
    page.goto(address)
    _show(page, place)
    axe_in_both_themes(page)
    assert not _foreign(page, known, LATIN, HAN), "English on the Chinese page"
    page.set_viewport_size(PHONE)
    fits(page)
    if place.name in NARROW:
        axe(page)
    page.goto(f"{address}{'&' if '?' in address else '?'}lang=en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert not _foreign(page, known, HAN), "Chinese on the English page"
    fits(page)
    page.set_viewport_size(WIDE)
    fits(page)


def _show(page: Page, place: Place) -> None:
    if place.then:
        page.locator(place.then).click()
    if place.diagram:
        diagram_ready(page)


def _foreign(page: Page, known: set[str], wrong: re.Pattern[str], saving: re.Pattern[str] | None = None) -> list[str]:
    """Texts of the frame in the wrong language."""
    found = [
        text for text in page.evaluate(_TEXTS, FRAME) if wrong.search(text) and not (saving and saving.search(text))
    ]
    return [text for text in found if not any(data in text for data in known)]


def data_of(office: Served) -> set[str]:
    """What people have written or are called: it stays in its own language."""
    with office.engine.context.store.read() as session:
        rows = session.execute(select(Complaint.number, Complaint.matter)).all()
        archived = set(session.scalars(select(ArchiveRecord.number)))
    people = {text for person in office.engine.users.list() for text in (person.id, person.name.zh)}
    sources = {info.source for info in office.engine.deployments.packs() if info.source}
    packs = [office.engine.deployments.parsed(info.deployment_id) for info in office.engine.deployments.packs()]
    clauses = {rule.clause for pack in packs for rule in pack.rules if rule.clause}
    written = {part for row in rows for part in (row.number, row.matter[:12])} | archived | {SEARCHED}
    return written | people | sources | clauses | set(ALIKE)


def test_language_switch_stays(visit: Open) -> None:
    page = visit("/worklist", STAFF)
    expect(page.locator("h1")).to_have_text("工作台")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Worklist")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Complaints").click()
    expect(page.locator("h1")).to_have_text("Complaints")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("h1")).to_have_text("投诉")


def test_browser_language_is_kept_at_sign_in(visit: Open) -> None:
    page = visit("/sign-in", locale="en-US")
    page.get_by_role("button", name="Enter as Lin Xiao").click()
    expect(page.locator("h1")).to_have_text("Worklist")


def test_theme_switch_stays_and_follows_the_system(visit: Open) -> None:
    page = visit("/operations/instances", MANAGER, color_scheme="dark")
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.get_by_label("外观").click()
    page.get_by_role("button", name="浅色").click()
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.goto("/worklist")
    expect(root).to_have_attribute("data-bs-theme", "light")
