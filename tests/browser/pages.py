"""Pages under watch: what a browser complains about fails the test, and so does what axe finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, ViewportSize, expect

from web.build import FRONTEND

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
STANDARDS = ("wcag2a", "wcag2aa", "wcag21aa")
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 375, "height": 812}
_RUN_AXE = """async ({tags, rules}) => {
  const found = await axe.run({exclude: ['.djs-container']}, {
    runOnly: rules.length ? {type: 'rule', values: rules} : {type: 'tag', values: tags}, resultTypes: ['violations']});
  return found.violations.map(v => `${v.id}: ${v.help}\\n` + v.nodes.slice(0, 5).map(n =>
    `    ${n.html.slice(0, 160)}\\n      ${n.any.concat(n.all, n.none).map(c => c.message).join(' | ').slice(0, 220)}`).join('\\n'));
}"""
_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const cut = [...document.querySelectorAll('table.list:not(.keep)')].filter(t => t.offsetWidth > t.parentElement.clientWidth + 1);
  if (cut.length) return cut.map(t => `a table of ${t.offsetWidth} px is cut at ${t.parentElement.clientWidth} px`);
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.body.querySelectorAll('*')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && box.right > width + 1 && !e.closest('.diagram, .tab-list, table.keep, dialog:not([open])');
  });
  return wide.slice(0, 6).map(e => `${e.tagName.toLowerCase()}.${e.className} ${Math.round(e.getBoundingClientRect().right)}`)
    .concat(`page ${document.documentElement.scrollWidth} > ${width}`);
}"""


@dataclass
class Watch:
    """Collects console errors and warnings, script errors, failed and foreign requests, and unexpected error answers."""

    context: BrowserContext
    home: str
    problems: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)
    """Error answers that the test asks for."""

    def __post_init__(self) -> None:
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))
        self.context.on("requestfailed", self._failed)
        self.context.on("request", self._request)
        self.context.on("response", self._response)

    def check(self) -> None:
        """Fail when anything was collected."""
        found, self.problems = self.problems, []
        assert not found, "the browser complained:\n" + "\n".join(found)

    def _console(self, message: ConsoleMessage) -> None:
        repeated = message.text.startswith("Failed to load resource: the server responded with a status of")
        if message.type in ("error", "warning") and not repeated:
            self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:", "about:")):
            self.problems.append(f"foreign request: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"status {response.status}: {response.request.method} {response.url}")


def axe(page: Page, *rules: str) -> None:
    """No violation of WCAG 2.1 A and AA on the page as it stands; with ``rules`` only these are checked."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(_RUN_AXE, {"tags": list(STANDARDS), "rules": list(rules)})
    path = urlsplit(page.url).path
    assert not found, f"axe on {path} ({page.evaluate('document.documentElement.dataset.bsTheme')}):\n" + "\n".join(
        found
    )


def axe_in_both_themes(page: Page) -> None:
    """Everything in the light theme, and the contrasts once more in the dark one."""
    theme(page, "light")
    axe(page)
    theme(page, "dark")
    axe(page, "color-contrast", "link-in-text-block")
    theme(page, "light")


def theme(page: Page, name: str) -> None:
    page.evaluate("name => { document.documentElement.dataset.bsTheme = name }", name)


def fits(page: Page) -> None:
    """The page does not scroll sideways and no list is cut."""
    found = page.evaluate(_TOO_WIDE)
    assert not found, f"{urlsplit(page.url).path} is too wide: {found}"


def diagram_ready(page: Page) -> None:
    """The first diagram that can be seen has been drawn."""
    expect(page.locator("[data-diagram]:visible").first).to_have_attribute("data-diagram", "ready")
