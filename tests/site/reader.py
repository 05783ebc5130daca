"""What a reader's browser sees of a page, for the tests that look at it."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

import redirects

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"
PAGES = [
    str(path.relative_to(SITE))
    for path in sorted(SITE.rglob("*.html"))
    if not path.relative_to(SITE).parts[0].startswith("_")
    and path.relative_to(SITE).with_suffix("").as_posix() not in redirects.read()
]
LECTURES = [name for name in PAGES if name.startswith("lectures/")]
SCRIPTS = [name for name in PAGES if re.fullmatch(r"gallery/\w+/(?!index)\w+\.html", name)]

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
FAULTS = """async () => {
    // What KaTeX draws is hidden from speech, which reads its MathML: thousands of boxes less.
    document.querySelectorAll(".katex-html").forEach(drawn => drawn.remove());
    const found = await axe.run({resultTypes: ["violations"]});
    return found.violations.flatMap(rule => rule.nodes
        // A head that is a formula is MathML, which axe does not take for text.
        .filter(node => rule.id !== "empty-table-header"
            || !document.querySelector(node.target[0]).querySelector("math"))
        .map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}"""

VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event =>
    violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""


class Seen:
    """What a page asked for and what went wrong."""

    def __init__(self, page: Page) -> None:
        self.hosts: set[str] = set()
        self.troubles: list[str] = []
        page.on("request", lambda request: self.hosts.add(str(urlsplit(request.url).hostname)))
        page.on("requestfailed", lambda request: self.troubles.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("response", self.response)
        page.on("console", self.console)

    def response(self, response: object) -> None:
        if response.status >= 400:  # type: ignore[attr-defined]
            self.troubles.append(f"{response.status}: {response.url}")  # type: ignore[attr-defined]

    def console(self, message: object) -> None:
        if message.type in ("error", "warning"):  # type: ignore[attr-defined]
            self.troubles.append(f"console: {message.text}")  # type: ignore[attr-defined]


def source(name: str) -> str:
    """Return a page as it was written."""
    return (SITE / name).read_text(encoding="utf-8")


def visit(page: Page, address: str) -> None:
    """Open a page, and wait until its pictures and fonts are there and its boxes were measured.

    An entry's users show the gallery's thumbnails, which the gallery's own pages load as well.
    """
    page.goto(address)
    broken = page.evaluate(
        """async () => {
            const pictures = [...document.querySelectorAll("img:not(details.uses img)")];
            for (const picture of pictures) picture.loading = "eager";
            const loaded = picture => picture.complete || new Promise(done => {
                picture.onload = picture.onerror = done;
            });
            await Promise.all(pictures.map(loaded));
            await document.fonts.ready;
            for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
            return pictures.filter(picture => !picture.naturalWidth).map(picture => picture.src);
        }"""
    )
    assert broken == []


def violations(page: Page) -> list[str]:
    """Return what the page's policy has stopped."""
    found: list[str] = page.evaluate("violations")
    return found


def faults(page: Page) -> list[str]:
    """Return what axe finds that keeps a reader out."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(FAULTS)
    return found
