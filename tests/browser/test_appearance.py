"""Every page: no complaint of the browser, none of axe in either theme, no sideways scroll on a phone, one language."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.pages import PHONE, axe_in_both_themes, diagram_ready, fits
from tests.browser.places import MANAGER, PLACES, STAFF, Place
from tests.browser.served import Served

CHROME = "header, nav, footer, h1, h2, h3, th, label, legend, button, summary, dt, .form-text, .page-lead, .chip, .due, [placeholder]"
_TEXTS = """selector => [...document.querySelectorAll(selector)]
  .filter(e => !e.closest('[lang]:not(html), [data-diagram], .timeline, tbody, .person, details.menu'))
  .flatMap(e => [e.matches('input, textarea') ? e.placeholder : e.innerText, e.getAttribute('aria-label') ?? ''])
  .map(t => t.trim()).filter(t => t)"""
HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"\b(?!Redress|English|CSV|PDF|BPMN|DMN|FEEL|QR|API|MB|TS|DA)[A-Za-z]{3,}\b")
_BUILT = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)


def _show(page: Page, place: Place) -> None:
    if place.then:
        page.locator(place.then).click()
    if place.diagram:
        diagram_ready(page)


def _open(visit: Open, office: Served, place: Place, refusals: object, **options: object) -> Page:
    page = visit("about:blank", place.login, **options)
    if place.name == "not-found":
        refusals(404)  # type: ignore[operator]
    page.goto(place.path(office))
    _show(page, place)
    return page


@_BUILT
def test_page_is_accessible_and_fits_a_phone(
    visit: Open, office: Served, place: Place, refusals: object
) -> None:
    page = _open(visit, office, place, refusals)
    axe_in_both_themes(page)
    page.set_viewport_size(PHONE)
    fits(page)


PHONE_PAGES = [p for p in PLACES if p.name in ("worklist", "task-triage", "operations", "complaint", "policy", "intake")]


@pytest.mark.parametrize("place", PHONE_PAGES, ids=lambda place: place.name)
def test_phone_layout_is_accessible(visit: Open, office: Served, place: Place, refusals: object) -> None:
    page = _open(visit, office, place, refusals, viewport=PHONE, has_touch=True)
    axe_in_both_themes(page)
    fits(page)


@_BUILT
def test_english_page_has_no_chinese_in_its_frame(
    visit: Open, office: Served, place: Place, refusals: object
) -> None:
    page = visit("about:blank", place.login)
    refusals(404)  # type: ignore[operator]
    address = place.path(office)
    page.goto(f"{address}{'&' if '?' in address else '?'}lang=en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    found = [text for text in page.evaluate(_TEXTS, CHROME) if HAN.search(text)]
    assert not found, f"Chinese on the English page {address}: {found}"
    fits(page)
    page.set_viewport_size(PHONE)
    fits(page)


@_BUILT
def test_chinese_page_has_no_english_in_its_frame(
    visit: Open, office: Served, place: Place, refusals: object
) -> None:
    page = _open(visit, office, place, refusals)
    found = [text for text in page.evaluate(_TEXTS, CHROME) if LATIN.search(text) and not HAN.search(text)]
    assert not found, f"English on the Chinese page {page.url}: {found}"


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
