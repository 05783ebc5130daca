"""What a page weighs at a reader's first visit, beside the same content in other themes.

The built site is served on this machine with gzip for text, as GitHub Pages serves it, and opened
in a headless Chromium with an empty cache. What is counted are bytes on the wire, heads included,
as Chromium's network log has them: at first, and once more when the page was scrolled to its end,
so that every figure on it was loaded.

The peers are furo, pydata-sphinx-theme and sphinx-book-theme with MyST-NB, each with its defaults.
They get one lecture, executed here and without directives as the site offers it, and one page of
the reference. They have no other pages, hence a navigation of two lines; formulas are left to
MathJax, which they fetch from another host. Such requests are stopped and counted, and their bytes
are not: what MathJax would add is not in the peers' figures.
"""

import gzip
import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness import OURS, Report, Row, parser
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".xml")
"""Endings of the files that GitHub Pages compresses."""

FIRST_VISIT, WITH_FIGURES = 300_000, 900_000
"""The targets, in bytes: a median page at first, the heaviest lecture with all its figures."""

THEMES = {
    "furo": "furo",
    "pydata-sphinx-theme": "pydata_sphinx_theme",
    "sphinx-book-theme": "sphinx_book_theme",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

WATCH = """
window.shift = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
BLOCKING = """() => [...document.head.querySelectorAll("script[src]")]
    .filter(script => !script.async && !script.defer && script.type !== "module").length"""
SCROLL = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
        scrollTo({top: y, behavior: "instant"});
        for (let k = 0; k < 3; k++) await frame();
    }
}"""
VIOLATIONS = """async () =>
    (await axe.run({exclude: [".katex-html"]}, {resultTypes: ["violations"]})).violations
    .reduce((sum, rule) => sum + rule.nodes.length, 0)"""

CONF = """\
project = "One lecture, one page of the reference"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "{theme}"
nb_execution_mode = "off"
myst_enable_extensions = ["amsmath", "attrs_block", "attrs_inline", "dollarmath"]
myst_dmath_double_inline = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_google_docstring = False
"""
INDEX = """\
# One lecture, one page of the reference

```{toctree}
lecture
reference
```
"""


@dataclass(frozen=True)
class Load:
    """What was loaded up to a moment."""

    bytes: int
    requests: int
    elsewhere: int
    shift: float


@dataclass(frozen=True)
class Visit:
    """One page, opened with an empty cache: at first, and scrolled to its end."""

    page: str
    first: Load
    whole: Load
    blocking: int
    violations: int | None


class Wire:
    """Counts what Chromium's network log says of one page."""

    def __init__(self, host: str) -> None:
        self.host, self.bytes = host, 0
        self.here: set[str] = set()
        self.elsewhere: set[str] = set()

    def sent(self, event: dict) -> None:
        """Note a request."""
        parts = urlsplit(event["request"]["url"])
        if parts.scheme in ("http", "https"):
            (self.here if parts.netloc == self.host else self.elsewhere).add(event["requestId"])

    def finished(self, event: dict) -> None:
        """Note an answer's bytes, its head included."""
        if event["requestId"] in self.here:
            self.bytes += int(event["encodedDataLength"])

    def load(self, shift: float) -> Load:
        """Return what was counted so far."""
        return Load(self.bytes, len(self.here), len(self.elsewhere), round(shift, 4))


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, text compressed where the browser takes it, without a line for each."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a file."""
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine and give its host and port."""

    def handler(*given: object) -> Handler:
        return Handler(*given, directory=str(folder))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def visit(browser: Browser, host: str, page: str, *, axe: bool) -> Visit:
    """Open a page in a fresh context, measure, scroll to its end, measure again."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(WATCH)
    tab = context.new_page()
    wire = Wire(host)
    log = context.new_cdp_session(tab)
    log.on("Network.requestWillBeSent", wire.sent)
    log.on("Network.loadingFinished", wire.finished)
    log.send("Network.enable")
    tab.goto(f"http://{host}/{page}")
    tab.wait_for_load_state("networkidle")
    first = wire.load(tab.evaluate("shift"))
    blocking = tab.evaluate(BLOCKING)
    tab.evaluate(SCROLL)
    tab.wait_for_load_state("networkidle")
    tab.wait_for_timeout(300)
    whole = wire.load(tab.evaluate("shift"))
    faults = None
    if axe:
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        faults = tab.evaluate(VIOLATIONS)
    context.close()
    return Visit(page, first, whole, blocking, faults)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium that CHROMIUM names, or the first one on the PATH; it knows no host."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        sys.exit(f"no browser: none of {', '.join(BROWSERS)} is on the PATH; or set CHROMIUM")
    arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    if hasattr(os, "getuid") and not os.getuid():
        arguments.append("--no-sandbox")  # as root, in a container, it cannot start
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


def pages(site: Path) -> list[str]:
    """Return the pages of a site in order; folders such as ``_static`` hold none."""
    names = (path.relative_to(site) for path in sorted(site.rglob("*.html")))
    return [name.as_posix() for name in names if not name.parts[0].startswith("_")]


def kind(page: str) -> str:
    """Say what kind of page this is."""
    if page.startswith("lectures/"):
        return "lectures"
    if page.startswith("gallery/") and not page.endswith("/index.html"):
        return "scripts"
    return "reference" if page.startswith("reference/") else "other"


def sample(names: Sequence[str], every: int) -> list[str]:
    """Return every so many-th page of each kind, the first one at least."""
    kinds = dict.fromkeys(map(kind, names))
    return [name for one in kinds for name in [n for n in names if kind(n) == one][::every]]


def middle(visits: Sequence[Visit]) -> Visit:
    """Return the page of median weight at first visit; of an even number, the heavier one."""
    return sorted(visits, key=lambda one: one.first.bytes)[len(visits) // 2]


def heaviest(visits: Sequence[Visit]) -> Visit:
    """Return the heaviest page once all its figures are loaded."""
    return max(visits, key=lambda one: one.whole.bytes)


def told(one: Visit) -> str:
    """Say in a line what a visit found."""
    parts = [
        f"{one.first.bytes / 1000:.0f} kB in {one.first.requests} requests at first",
        f"{one.whole.bytes / 1000:.0f} kB in {one.whole.requests} with all figures",
        f"{one.whole.elsewhere} to other hosts",
        f"{one.blocking} blocking scripts",
        f"layout shift {one.whole.shift:.3f}",
    ]
    if one.violations is not None:
        parts.append(f"{one.violations} axe violations")
    return ", ".join(parts)


def measure_site(report: Report, visits: Sequence[Visit]) -> None:
    """Report what the site weighs, against the targets and by kind of page."""
    lectures = [one for one in visits if kind(one.page) == "lectures"]
    median, heavy = middle(visits), heaviest(lectures)
    for name, one, load, target in (
        ("median page at first visit", median, median.first, FIRST_VISIT),
        ("heaviest lecture with its figures", heavy, heavy.whole, WITH_FIGURES),
    ):
        note = f"{load.bytes / 1000:.0f} kB: {one.page}"
        report.add(Row(name, f"{target / 1000:.0f} kB", load.bytes / target, 1.0, note=note))
    for group in ("lectures", "scripts", "reference", "other"):
        if chosen := [one for one in visits if kind(one.page) == group]:
            worst = max(chosen, key=lambda one: one.first.bytes)
            whole = [one.whole.bytes / 1000 for one in chosen]
            report.note(
                f"{group}: {len(chosen)} pages; at first {middle(chosen).first.bytes / 1000:.0f} kB"
                f" in the middle, {worst.first.bytes / 1000:.0f} kB at most ({worst.page}); with "
                f"all figures {statistics.median(whole):.0f} and {max(whole):.0f} kB "
                f"({heaviest(chosen).page})"
            )
    shaky = max(visits, key=lambda one: one.whole.shift)
    report.note(
        f"on all pages together: {sum(one.whole.elsewhere for one in visits)} requests to other "
        f"hosts, {sum(one.blocking for one in visits)} blocking scripts; the largest layout shift "
        f"{shaky.whole.shift:.3f} ({shaky.page})"
    )
    if visits[0].violations is not None:
        report.note(f"axe violations: {sum(one.violations or 0 for one in visits)}")


def executed(notebook: Path, folder: Path) -> dict:
    """Return a notebook that the site offers, run here, its figures SVG as on the site.

    Its first cell, which installs the package where it is missing, is left out.
    """
    import nbformat
    from nbclient import NotebookClient

    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    settings = (
        'c = get_config()\nc.InlineBackend.figure_formats = {"svg"}\n'
        'c.InlineBackend.print_figure_kwargs = {"bbox_inches": None}\n'
    )
    (profile / "ipython_config.py").write_text(settings, encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)
    content = nbformat.read(notebook, as_version=4)
    content.cells = content.cells[1:]
    NotebookClient(content, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return content


def plain_reference(text: str) -> str:
    """Return a page of the reference without the one directive that only this project has."""
    return re.sub(r"^\.\. scripts-using::.*\n", "", text, flags=re.MULTILINE)


def build_peer(theme: str, lecture: str, reference: str, folder: Path) -> Path:
    """Build a site of two pages with a theme's defaults, and return its folder."""
    source = folder / "source"
    source.mkdir(parents=True)
    (source / "conf.py").write_text(CONF.format(theme=THEMES[theme]), encoding="utf-8")
    (source / "index.md").write_text(INDEX, encoding="utf-8")
    (source / "lecture.ipynb").write_text(lecture, encoding="utf-8")
    (source / "reference.md").write_text(reference, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-b",
        "html",
        str(source),
        str(folder / "html"),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"{theme}: the site was not built\n{run.stdout}{run.stderr}")
    return folder / "html"


def measure_peers(
    report: Report, browser: Browser, site: Path, lecture: str, reference: str, *, axe: bool
) -> None:
    """Build one lecture and one page of the reference in three themes; report ours by theirs."""
    names = {
        f"lectures/{lecture}.html": "lecture.html",
        f"reference/{reference}.html": "reference.html",
    }
    with served(site) as host:
        ours = {theirs: visit(browser, host, mine, axe=axe) for mine, theirs in names.items()}
    report.note("the peers' request to another host is for MathJax, whose bytes are not counted")
    for one in ours.values():
        report.note(f"{OURS}, {one.page}: {told(one)}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = executed(site / "downloads" / "lectures" / f"{lecture}.ipynb", folder)
        text = (ROOT / "docs" / "reference" / f"{reference}.md").read_text(encoding="utf-8")
        for theme in THEMES:
            built = build_peer(theme, json.dumps(notebook), plain_reference(text), folder / theme)
            with served(built) as host:
                for page, mine in ours.items():
                    theirs = visit(browser, host, page, axe=axe)
                    report.note(f"{theme}, {mine.page}: {told(theirs)}")
                    for when in ("first", "whole"):
                        a, b = (getattr(each, when).bytes for each in (mine, theirs))
                        when = {"first": "at first", "whole": "with all figures"}[when]
                        note = f"{a / 1000:.0f} kB and {b / 1000:.0f} kB"
                        report.add(Row(f"{mine.page}, {when}", theme, a / b, note=note))


def main() -> None:
    known = parser()
    site = ROOT / "docs" / "_build" / "html"
    known.add_argument("--site", type=Path, default=site, help="the built site")
    known.add_argument("--axe", action="store_true", help="count axe-core's violations, too")
    known.add_argument("--lecture", default="minima", help="the lecture that peers show, too")
    known.add_argument("--reference", default="api/loop", help="the page that peers show, too")
    known.add_argument("--no-peers", action="store_true", help="the site alone")
    given = known.parse_args()
    if not (given.site / "index.html").is_file():
        sys.exit(f"no site at {given.site}; build it with: nox -s docs")
    report = Report("pages", "Weight of pages: bytes on the wire at a first visit, gzip for text")
    report.head()
    names = sample(pages(given.site), 10 if given.quick else 1)
    with chromium() as browser:
        with served(given.site) as host:
            visits = [visit(browser, host, name, axe=given.axe) for name in names]
        measure_site(report, visits)
        if not given.no_peers:
            measure_peers(
                report, browser, given.site, given.lecture, given.reference, axe=given.axe
            )
    report.save(given.out)
    detail = [asdict(one) for one in visits]
    (given.out / "pages-all.json").write_text(json.dumps(detail, indent=1))


if __name__ == "__main__":
    main()
