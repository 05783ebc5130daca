"""CPU and CUDA side by side: two builds compared, kept as data, shown as a table.

``python docs/_ext/parity.py CUDA_SITE CPU_SITE`` compares two built sites and writes what
``{parity}`` shows. ``nox -s gpu`` runs it.
"""

import json
import math
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from ledger import link, table

RECORD = Path(__file__).parents[1] / "reference" / "parity.json"


def compare(cuda: Path, cpu: Path) -> dict[str, Any]:
    """Compare the claims and the run times of two built sites.

    Only claims of approximate equality are compared: the others bound a number, often a time, whose
    value is free.
    """
    sides = [(_read(site, "build.json"), _read(site, "verification.json")) for site in (cuda, cpu)]
    (cuda_build, cuda_claims), (cpu_build, cpu_claims) = sides
    for build, wanted in ((cuda_build, "a CUDA device"), (cpu_build, "the CPU")):
        if (build["device"] == "CPU") != (wanted == "the CPU"):
            raise ValueError(f"parity: wanted a site built on {wanted}, got {build['device']}")
    answers = [_answers(claims) for claims in (cuda_claims, cpu_claims)]
    pages = {}
    for page in sorted(cuda_build["seconds"].keys() & cpu_build["seconds"].keys()):
        ours, theirs = (side.get(page, {}) for side in answers)
        shared = [key for key in ours if key in theirs]
        largest, where = 0.0, ""
        for key in shared:
            if (apart := difference(ours[key], theirs[key])) > largest:
                largest, where = apart, key[0]
        pages[page] = {
            "cuda_seconds": cuda_build["seconds"][page],
            "cpu_seconds": cpu_build["seconds"][page],
            "compared": len(shared),
            "largest": largest if math.isfinite(largest) else "inf",
            "where": where,
        }
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "device": cuda_build["device"],
        "commit": cuda_build["commit"],
        "versions": cuda_build["versions"],
        "pages": pages,
    }


def difference(a: Any, b: Any) -> float:
    r"""Return the largest :math:`|a_i - b_i| / \max(1, |b_i|)`; infinity where kinds differ."""
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return max((difference(*pair) for pair in zip(a, b, strict=True)), default=0.0)
    if a == b:
        return 0.0
    numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (a, b))
    return float(abs(a - b) / max(1, abs(b))) if numbers else math.inf


def _answers(claims: list[dict[str, Any]]) -> dict[str, dict[tuple[str, int], Any]]:
    """Sort what was observed by page, statement and how often the statement was made before."""
    pages: dict[str, dict[tuple[str, int], Any]] = {}
    for claim in claims:
        if claim["relation"] == "≈":
            page = pages.setdefault(claim["page"], {})
            again = sum(statement == claim["statement"] for statement, _ in page)
            page[claim["statement"], again] = claim["observed"]
    return pages


def _read(site: Path, name: str) -> Any:
    return json.loads((site / name).read_text(encoding="utf-8"))


class parity(nodes.General, nodes.Element):  # noqa: N801  (docutils' custom: nodes in lower case)
    """Stands where the comparison goes, until every page has its title."""


class ParityDirective(SphinxDirective):
    """``{parity}``: the recorded comparison, or that there is none."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark."""
        self.env.note_dependency(str(RECORD))
        return [parity()]


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace the mark by the table."""
    for mark in list(doctree.findall(parity)):
        if RECORD.exists():
            record = json.loads(RECORD.read_text(encoding="utf-8"))
            mark.replace_self([*_shown(app, docname, record)])
        else:
            mark.replace_self(nodes.paragraph("", "No run on a CUDA device is on record yet."))


def _shown(app: Sphinx, here: str, record: dict[str, Any]) -> Iterator[nodes.Node]:
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    text = f"Recorded on {record['date']} on one {record['device']}, commit {record['commit']}"
    yield nodes.paragraph("", f"{text}; {versions}.")
    rows = []
    for page, row in record["pages"].items():
        known = page in app.env.titles
        largest = float(row["largest"])
        rows.append(
            [
                link(app, here, page) if known else nodes.Text(page),
                nodes.Text(str(row["compared"])),
                nodes.Text(f"{largest:.1e}" if largest else "none"),
                nodes.Text(row["where"]),
                nodes.Text(f"{row['cuda_seconds']:.1f}"),
                nodes.Text(f"{row['cpu_seconds']:.1f}"),
            ]
        )
    head = ["page", "answers", "largest difference", "in", "CUDA, seconds", "CPU, seconds"]
    yield table(head, rows)


def setup(app: Sphinx) -> dict[str, Any]:
    """Fill in while pages are written."""
    app.add_node(parity)
    app.add_directive("parity", ParityDirective)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    compared = compare(*map(Path, sys.argv[1:]))
    RECORD.write_text(json.dumps(compared, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"parity: {len(compared['pages'])} pages compared on {compared['device']}: {RECORD}")
