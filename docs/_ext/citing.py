"""How to cite: ``{cite-this}`` makes the BibTeX entry from CITATION.cff; nothing is typed twice."""

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


def bibtex(citation: Mapping[str, Any], url: str | None) -> str:
    """Return the entry for what a CITATION.cff says."""
    year = str(citation["date-released"])[:4]
    fields = {
        "author": " and ".join(map(_author, citation["authors"])),
        "title": f"{{{citation['title']}}}",
        "version": str(citation["version"]),
        "year": year,
        "url": url or "",
    }
    lines = [f"  {name:<7} = {{{value}}}," for name, value in fields.items() if value]
    key = citation["title"].split(":")[0].split()[0].lower() + year
    return "\n".join([f"@software{{{key},", *lines, "}"])


def _author(author: Mapping[str, str]) -> str:
    if "name" in author:
        return f"{{{author['name']}}}"  # an organization: braces keep its words in order
    return f"{author['family-names']}, {author['given-names']}"


class CiteThisDirective(SphinxDirective):
    """``{cite-this}``: the entry, to be copied."""

    def run(self) -> list[nodes.Node]:
        """Return the entry."""
        self.env.note_dependency(str(CITATION))
        citation = yaml.safe_load(CITATION.read_text(encoding="utf-8"))
        entry = bibtex(citation, addresses.public())
        return [nodes.literal_block(entry, entry, language="bibtex")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive; have pybtex look for each plugin among all packages only once."""
    pybtex.plugin.find_plugin = cache(pybtex.plugin.find_plugin)
    app.add_directive("cite-this", CiteThisDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
