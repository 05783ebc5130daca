"""Links between code and the package: sphinx-codeautolink finds them, here they are told.

Every entry of the package's pages says which pages and scripts use it, every script what it uses;
``{scripts-using}`` shows the pictures of all scripts that use a module.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from sphinx_codeautolink.extension.cache import DataCache

import steepest
from ledger import link

SHORT = {
    "steepest.claim": "steepest.claims.claim",
    "steepest.minimize": "steepest.loop.minimize",
    "steepest.minimize_many": "steepest.multistart.minimize_many",
    "steepest.record": "steepest.trace.record",
}
"""The names that are found at the top, and where they are described."""

SHORT |= {
    f"{entry.__module__}.{entry.__qualname__}": SHORT[f"steepest.{name}"]
    for name in ("claim", "minimize", "minimize_many", "record")
    for entry in [getattr(steepest, name)]
}
"""... and where they are written, which is what sphinx-codeautolink finds."""

KEPT = "sphinx_codeautolink_transforms"
"""Where sphinx-codeautolink holds, in Sphinx's environment, what each page's code names."""


def used(
    transforms: Mapping[str, Iterable[Any]], objects: Mapping[str, Any]
) -> dict[str, set[str]]:
    """Return for each page the entries that its code names, by their ids.

    Modules are no entries; an entry that is known by two names has one id.
    """
    uses = {}
    for page, blocks in transforms.items():
        names = {name.resolved_location for block in blocks for name in block.names}
        found = (objects[name] for name in names if name in objects)
        uses[page] = {entry.node_id for entry in found if entry.objtype != "module"}
    return uses


def users(uses: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Return for each entry the lectures and scripts that name it, in order."""
    pages = defaultdict(list)
    for page in sorted(uses):
        if page.startswith(("lectures/", "gallery/")):
            for name in uses[page]:
                pages[name].append(page)
    return dict(pages)


def told(pages: Iterable[str]) -> str:
    """Say how many lectures and scripts there are."""
    counts: dict[str, int] = defaultdict(int)
    for page in pages:
        counts["lecture" if page.startswith("lectures/") else "script"] += 1
    parts = [f"{n} {kind}{'s' * (n > 1)}" for kind, n in sorted(counts.items())]
    return f"Used in {' and '.join(parts)}"


def discover(app: Sphinx) -> None:
    """Have Sphinx find the pages that Sphinx-Gallery has just made: they are to have links, too."""
    app.env.find_files(app.config, app.builder)


def save(app: Sphinx) -> None:
    """Keep what Sphinx's environment knows from the last build."""
    app.env.steepest_transforms = dict(getattr(app.env, KEPT, {}))  # type: ignore[attr-defined]


def restore(app: Sphinx) -> None:
    """Give it back; sphinx-codeautolink's own file, which forgets pages of MyST, is not written."""
    current = getattr(app.env, KEPT, None)
    if current is not None:
        current.update(app.env.steepest_transforms)  # type: ignore[attr-defined]
    del app.env.steepest_transforms  # type: ignore[attr-defined]


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Say on the package's pages who uses each entry, and in a script what it uses."""
    objects = app.env.domains.python_domain.objects
    uses = used(getattr(app.env, KEPT, {}), objects)
    if docname.startswith("reference/api/"):
        by_entry = users(uses)
        for entry in doctree.findall(addnodes.desc):
            signature = entry.next_node(addnodes.desc_signature)
            pages = by_entry.get(signature["ids"][0]) if signature and signature["ids"] else None
            content = entry.next_node(addnodes.desc_content)
            if pages and content is not None:
                content += folded(told(pages), [_commas(link(app, docname, p) for p in pages)])
    elif docname.startswith("gallery/") and (names := uses.get(docname)):
        entries = (
            make_refnode(
                *(app.builder, docname, objects[name].docname, name),
                nodes.literal("", name.removeprefix("steepest.")),
            )
            for name in sorted(names)
        )
        paragraph = _commas(entries)
        paragraph.insert(0, nodes.Text("From the package: "))
        doctree.next_node(nodes.section).append(paragraph)  # type: ignore[union-attr]


def _commas(links: Iterable[nodes.Node]) -> nodes.paragraph:
    paragraph = nodes.paragraph()
    for place, one in enumerate(links):
        paragraph += [nodes.Text(", "), one] if place else [one]
    paragraph += nodes.Text(".")
    return paragraph


def folded(title: str, content: list[nodes.Node]) -> list[nodes.Node]:
    """Return nodes under a title that opens them."""
    opening = f'<details class="uses"><summary>{title}</summary>'
    return [
        nodes.raw("", opening, format="html"),
        *content,
        nodes.raw("", "</details>", format="html"),
    ]


class ScriptsUsingDirective(SphinxDirective):
    """``{scripts-using} module``: Sphinx-Gallery's thumbnails of the scripts that use it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the thumbnails, folded; nothing where no script uses the module."""
        folder = self.config.sphinx_gallery_conf["backreferences_dir"]
        known = Path(self.env.srcdir, folder, "backreferences_all.json")
        if not known.exists():
            return []
        self.env.note_dependency(str(known))
        names = [
            name
            for name in json.loads(known.read_text(encoding="utf-8"))
            if f"{SHORT.get(name, name)}.".startswith(f"{self.arguments[0]}.")
        ]
        if not names:
            return []
        opening, closing = folded("Scripts that use this module", [])
        lines = [
            *(".. raw:: html", "", f"   {opening.astext()}", ""),
            *(f".. minigallery:: {' '.join(names)}", ""),
            *(".. raw:: html", "", f"   {closing.astext()}", ""),
        ]
        self.state_machine.insert_input(lines, str(known))
        return []


def setup(app: Sphinx) -> dict[str, Any]:
    """Stand around sphinx-codeautolink's beginning; fill in while pages are written."""
    app.add_directive("scripts-using", ScriptsUsingDirective)
    # What is connected to one event is called in this order.
    app.setup_extension("sphinx_gallery.gen_gallery")
    app.connect("builder-inited", discover)
    app.connect("builder-inited", save)
    app.setup_extension("sphinx_codeautolink")
    DataCache.read = DataCache.write = lambda _: None
    app.connect("builder-inited", restore)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
