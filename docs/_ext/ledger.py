"""The verification ledger and the run times: what the pages' stored outputs say, gathered.

``{ledger}`` and ``{run-times}`` are directives; ``verification.json`` and ``build.json`` hold the
same as data.
"""

import json
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from freshness import ROOT, device
from lectures import executed
from scripts import run_of
from steepest.claims import Claim
from steepest.claims.checking import METADATA

VERSIONS = ("steepest", "torch", "numpy", "matplotlib", "sphinx", "myst-nb", "sphinx-gallery")


class ledger(nodes.General, nodes.Element):  # noqa: N801  (docutils' custom: nodes in lower case)
    """Stands where the ledger goes, until every page is read."""


class run_times(nodes.General, nodes.Element):  # noqa: N801
    """Stands where the run times go, until every page is read."""


class LedgerDirective(SphinxDirective):
    """``{ledger}``: every claim of the site, by page."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark."""
        return [ledger()]


class RunTimesDirective(SphinxDirective):
    """``{run-times}``: seconds and device of each page and script."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark; seconds and commit may be others in every build."""
        self.env.note_reread()
        return [run_times()]


def gather(app: Sphinx, doctree: nodes.document) -> None:
    """Keep what the stored outputs of the page just read say."""
    env, docname = app.env, app.env.docname
    if docname.startswith("gallery/") and (ROOT / f"{docname}.py").is_file():
        if (script_run := run_of(docname)) is not None:
            _record(env, docname, *script_run)
    elif (run := executed(app, docname)) is not None:
        notebook, seconds = run
        left_out = doctree.get("left_out", ())
        cells = [cell for place, cell in enumerate(notebook.cells) if place not in left_out]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        claims = [o.metadata[METADATA] for o in outputs if METADATA in o.get("metadata", {})]
        _record(env, docname, claims, seconds)


def _record(env: Any, docname: str, claims: list[dict[str, Any]], seconds: float) -> None:
    _records(env)[docname] = {"claims": claims, "seconds": round(seconds, 2)}


def _records(env: Any) -> dict[str, dict[str, Any]]:
    if not hasattr(env, "steepest_records"):
        env.steepest_records = {}
    records: dict[str, dict[str, Any]] = env.steepest_records
    return records


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop what a page said before it is read again."""
    _records(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: Any) -> None:
    """Take over what another reading process gathered."""
    _records(env).update({name: r for name, r in _records(other).items() if name in docnames})


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace the marks by tables."""
    records = sorted(_records(app.env).items())
    for mark in list(doctree.findall(ledger)):
        parts: list[nodes.Node] = []
        total = sum(len(record["claims"]) for _, record in records)
        parts.append(nodes.paragraph("", f"{total} claims hold in this build."))
        contents = nodes.bullet_list()
        tables: list[nodes.Node] = []
        for page, record in records:
            if claims := record["claims"]:
                name = nodes.make_id(page)
                title = app.env.titles[page].astext()
                there = nodes.reference("", title, internal=True, refid=name)
                entry = nodes.paragraph("", "", there, nodes.Text(f", {len(claims)}"))
                contents += nodes.list_item("", entry)
                tables.append(nodes.rubric("", "", link(app, docname, page), ids=[name]))
                rows = [_claim_row(claim) for claim in claims]
                tables.append(table(["statement", "observed and expected"], rows))
        opening = "<details><summary>Claims by page</summary>"
        parts.append(nodes.raw("", opening, format="html"))
        parts += [contents, nodes.raw("", "</details>", format="html"), *tables]
        mark.replace_self(parts)
    for place in list(doctree.findall(run_times)):
        rows = [
            [
                link(app, docname, page),
                nodes.Text(f"{record['seconds']:.1f}"),
                nodes.Text(device()),
            ]
            for page, record in records
        ]
        facts = nodes.paragraph(
            "",
            f"Commit {commit()}; "
            + ", ".join(f"{name} {number}" for name, number in _versions().items())
            + ".",
        )
        place.replace_self([facts, table(["page", "seconds", "device"], rows)])


def _claim_row(record: dict[str, Any]) -> list[nodes.Node]:
    statement = record["statement"]
    sides = Claim(**record).line.removeprefix(f"{statement}: ")
    return [nodes.Text(statement), nodes.literal("", sides)]


def link(app: Sphinx, here: str, page: str) -> nodes.Node:
    """Return a link to a page, its title as the text."""
    title = nodes.Text(app.env.titles[page].astext())
    return make_refnode(app.builder, here, page, "", title)


def table(head: list[str], rows: list[list[nodes.Node]]) -> nodes.Node:
    """Return a table of cells with a head."""

    def row(cells: list[nodes.Node]) -> nodes.row:
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))

    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", row([nodes.Text(text) for text in head]))
    group += nodes.tbody("", *map(row, rows))
    return nodes.table("", group, classes=["ledger"])


def write_json(app: Sphinx, exception: Exception | None) -> None:
    """Serve the same as data."""
    if exception is not None or app.builder.format != "html":
        return
    records = sorted(_records(app.env).items())
    claims = [{"page": page, **claim} for page, record in records for claim in record["claims"]]
    build = {
        "commit": commit(),
        "device": device(),
        "versions": _versions(),
        "seconds": {page: record["seconds"] for page, record in records},
    }
    # A claim a line: thousands of lines are written faster so than by the indented form.
    lines = ",\n".join(json.dumps(claim, ensure_ascii=False, allow_nan=False) for claim in claims)
    Path(app.outdir, "verification.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    text = json.dumps(build, indent=1, ensure_ascii=False)
    Path(app.outdir, "build.json").write_text(text + "\n", encoding="utf-8")


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in VERSIONS}


@cache
def commit() -> str:
    """Name the commit that is being built, marked where files differ from it."""
    described = _git("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    return described or "unknown (not a git checkout)"


@cache
def commit_date() -> str | None:
    """Return the day of that commit, None where it is unknown."""
    return _git("log", "-1", "--format=%cs")


def _git(*arguments: str) -> str | None:
    try:
        run = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.strip()


def setup(app: Sphinx) -> dict[str, Any]:
    """Gather while pages are read, fill in while they are written."""
    app.add_node(ledger)
    app.add_node(run_times)
    app.add_directive("ledger", LedgerDirective)
    app.add_directive("run-times", RunTimesDirective)
    app.connect("doctree-read", gather)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-resolved", fill)
    app.connect("build-finished", write_json)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
