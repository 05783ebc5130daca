"""How to cite the course and a lecture of it, made from CITATION.cff: nothing is typed twice."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pybtex.plugin
import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import addresses
from freshness import ROOT

CITATION = ROOT / "CITATION.cff"


@cache
def read() -> dict[str, Any]:
    """Return what CITATION.cff says."""
    citation: dict[str, Any] = yaml.safe_load(CITATION.read_text(encoding="utf-8"))
    return citation


def bibtex(citation: Mapping[str, Any], url: str | None, lecture: str | None = None) -> str:
    """Return the BibTeX entry of the whole, or of the lecture with this title."""
    whole, version = citation["title"], str(citation["version"])
    short, year = whole.split(":")[0].split()[0].lower(), str(citation["date-released"])[:4]
    if lecture is None:
        kind, key = "software", f"{short}{year}"
        of = {"title": f"{{{whole}}}", "version": version}
    else:
        kind, key = "misc", f"{short}{year}{nodes.make_id(lecture)}"
        of = {
            "title": f"{{{lecture}}}",
            "howpublished": f"A lecture of {{{whole}}}, version {version}",
        }
    author = " and ".join(map(_author, citation["authors"]))
    fields = {"author": author, **of, "year": year, "url": url or ""}
    width = max(map(len, fields))
    lines = [f"  {name:<{width}} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _author(author: Mapping[str, str]) -> str:
    if "name" in author:
        return f"{{{author['name']}}}"  # an organization: braces keep its words in order
    return f"{author['family-names']}, {author['given-names']}"


class CiteThisDirective(SphinxDirective):
    """``{cite-this}``: the entry, to be copied."""

    def run(self) -> list[nodes.Node]:
        """Return the entry."""
        self.env.note_dependency(str(CITATION))
        entry = bibtex(read(), addresses.public())
        return [nodes.literal_block(entry, entry, language="bibtex")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive; have pybtex look for each plugin among all packages only once."""
    pybtex.plugin.find_plugin = cache(pybtex.plugin.find_plugin)
    app.add_directive("cite-this", CiteThisDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
