"""Pictures of every page: ``python -m tests.browser.screenshots [--out FOLDER] [--only NAME] [--readme]``.

Without ``--readme`` every page is taken at 1440 and 375 px, light and dark, Chinese and English, from a scratch database
with all sample complaints. ``--readme`` renews the two pictures of README.md.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import product
from pathlib import Path
from typing import Literal, cast

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from engine.clock import VirtualClock
from tests.browser.chromium import launch
from tests.browser.pages import PHONE, WIDE, diagram_ready
from tests.browser.places import PLACES, Place
from tests.browser.served import NOW, Served, seed, served
from tests.office import ROOT

PICTURES = ROOT / "web" / "pictures"
README = {"task": "task-review", "operations": "operations"}
LARGEST = 300_000
_LOCALES = {"zh": "zh-CN", "en": "en-US"}
Scheme = Literal["light", "dark"]


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("var/screenshots"), help="folder for the pictures")
    parser.add_argument("--only", action="append", default=[], help="name of a page; may be repeated")
    parser.add_argument("--readme", action="store_true", help="renew web/pictures, which README.md shows")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redress-pictures-") as scratch, sync_playwright() as playwright:
        folder, clock = Path(scratch) / "var", VirtualClock(NOW)
        print("Filling a scratch database with the sample complaints ...", flush=True)
        seed(folder, clock=clock)
        browser = launch(playwright)
        with served(folder, clock) as office:
            if chosen.readme:
                _for_readme(browser, office)
            else:
                _all(browser, office, chosen.out, chosen.only)
        browser.close()


def _all(browser: Browser, office: Served, out: Path, only: list[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    places = [place for place in PLACES if not only or place.name in only]
    for size, scheme, language in product((WIDE, PHONE), ("light", "dark"), _LOCALES):
        sessions = _Sessions(browser, office, size, cast(Scheme, scheme), language)
        for place in places:
            page = sessions.open(place)
            name = f"{place.name}-{size['width']}-{scheme}-{language}.png"
            page.screenshot(path=out / name, full_page=True)
            page.close()
        sessions.close()
        print(f"{size['width']} px, {scheme}, {language}: {len(places)} pages", flush=True)
    print(f"The pictures are in {out}")


def _for_readme(browser: Browser, office: Served) -> None:
    PICTURES.mkdir(exist_ok=True)
    sessions = _Sessions(browser, office, WIDE, "light", "zh")
    for name, place_name in README.items():
        page = sessions.open(next(place for place in PLACES if place.name == place_name))
        target = PICTURES / f"{name}.png"
        page.screenshot(path=target)
        size = target.stat().st_size
        print(f"{target.relative_to(ROOT)}: {size // 1000} kB")
        if size > LARGEST:
            raise SystemExit(f"{target} is larger than {LARGEST // 1000} kB")
    sessions.close()


class _Sessions:
    """A browser session for each person, all of one size, theme and language."""

    def __init__(self, browser: Browser, office: Served, size: ViewportSize, scheme: Scheme, language: str) -> None:
        self._browser, self._office, self._size = browser, office, size
        self._scheme, self._language = scheme, language
        self._known: dict[str | None, BrowserContext] = {}

    def open(self, place: Place) -> Page:
        """The page, ready to be looked at."""
        page = self._context(place.login).new_page()
        page.goto(place.path(self._office))
        if place.then:
            page.locator(place.then).click()
        if place.diagram:
            diagram_ready(page)
        return page

    def close(self) -> None:
        for context in self._known.values():
            context.close()

    def _context(self, login: str | None) -> BrowserContext:
        if login not in self._known:
            context = self._browser.new_context(
                base_url=self._office.url,
                viewport=self._size,
                color_scheme=self._scheme,
                locale=_LOCALES[self._language],
                reduced_motion="reduce",
            )
            if login:
                page = context.new_page()
                page.goto("/sign-in")
                page.locator(f"form:has(input[name=login][value={login}]) button").click()
                page.wait_for_url("**/worklist*")
                page.close()
            self._known[login] = context
        return self._known[login]


if __name__ == "__main__":
    main()
