"""Pages of the last site are kept where nothing that they show has changed.

``docs/build.py`` begins with a copy of the last site. Sphinx writes a page again when its source
is new; but a page also shows what others say: titles and labels, claims, code that uses an entry.
All that one page may show of another is digested here. Where the digest is not that of the last
site, nothing is kept and every page is written.
"""

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.util.index_entries import split_index_msg
from sphinx_gallery.gen_rst import md5sum_is_current

import addresses
import pages
from freshness import DOCS, ROOT, device
from ledger import commit, commit_date
from uses import KEPT

RECORD = ".shown"
"""The file of a site that holds its digest."""

LINES = {"line", "lineno"}
"""Where a thing stands in its source shows on no page."""

OWN = {pages.DESCRIPTION, "source_map", "wordcount"}
"""What is kept with a page's front matter and shown on no other page."""

FOOT = re.compile(r'<div class="colophon">.*?</div>', re.DOTALL)


FEW = 8
"""Fewer pages than this are read and written without other processes: starting those costs more."""


class Writer(StandaloneHTMLBuilder):
    """Sphinx's writer of pages; what it is to write, and does not, is missing instead of old."""

    written: Set[str] = frozenset()
    """The pages that were written, and not kept."""

    def write_documents(self, docnames: Set[str]) -> None:
        """Take the old pages away, and write new ones."""
        self.written = set(docnames)
        for name in docnames:
            Path(self.get_output_path(name)).unlink(missing_ok=True)
        self.parallel_ok = self.parallel_ok and len(docnames) >= FEW
        super().write_documents(docnames)

    def dump_search_index(self) -> None:
        """Write the index of the search with the entries of kept pages, which Sphinx forgets."""
        known: dict[str, list[Any]] = self.env.domaindata["index"]["entries"]
        for name, entries in known.items():
            if self.indexer is not None and name not in self.written:
                self.indexer._index_entries[name] = index_entries(entries)
        super().dump_search_index()

    def _read_parallel(self, docnames: list[str], nproc: int) -> None:
        if len(docnames) < FEW:
            self._read_serial(docnames)
        else:
            super()._read_parallel(docnames, nproc)


def index_entries(entries: Iterable[Any]) -> list[tuple[str, str, str]]:
    """Return what Sphinx's search keeps of a page's entries in the index."""
    found: set[tuple[str, str, str]] = set()
    for kind, value, target, main, _ in entries:
        with suppress(ValueError):
            found |= {(word, target or "", main) for word in split_index_msg(kind, value)}
    return sorted(found)


def stay_alone(app: Sphinx) -> None:
    """Have Sphinx-Gallery start no processes where every script ran already."""
    sources, made = ROOT / "gallery", DOCS / "gallery"
    if all(ran(path, made / path.relative_to(sources)) for path in sources.rglob("*.py")):
        app.config.sphinx_gallery_conf["parallel"] = False


def ran(script: Path, copy: Path) -> bool:
    """Say whether Sphinx-Gallery ran a script as it is now, and noted that of its copy."""
    same = copy.is_file() and copy.read_bytes() == script.read_bytes()
    return same and bool(md5sum_is_current(copy, mode="t"))


def compare(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Return all pages, to be written, where the digest is another one than the last site's."""
    if app.builder.format != "html":
        return []
    site = Path(app.outdir)
    record, digest = site / RECORD, shown(app)
    if record.is_file():
        if record.read_text(encoding="utf-8") == digest:
            return []
        for path in {*site.iterdir()} - {site / ".buildinfo", Path(app.doctreedir)}:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    record.write_text(digest, encoding="utf-8")
    return sorted(env.found_docs)


def shown(app: Sphinx) -> str:
    """Digest all that a page may show beside what its own source says."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    env: Any = app.env
    code = getattr(env, KEPT, {})
    records = getattr(env, "steepest_records", {})
    facts = {
        "settings": app.builder.build_info.config_hash,
        "built from": [_head(), commit_date(), device(), addresses.site(), addresses.repository()],
        "installed": sorted(f"{d.name} {d.version}" for d in distributions()),
        "assets": {path.name: _digest(path) for path in (DOCS / "_static").rglob("*.*")},
        "titles": [env.titles, env.longtitles, env.tocs],
        "order": env.toctree_includes,
        "front matter": {page: dict(_told(known)) for page, known in env.metadata.items()},
        "domains": {
            # A list holds the pages' parts in the order of reading, which shows nowhere.
            name: {key: sorted(map(plain, x)) if isinstance(x, list) else x for key, x in d.items()}
            for name, d in env.domaindata.items()
        },
        "claims": {page: record["claims"] for page, record in records.items()},
        "code": {
            page: [[b.source, [(n.resolved_location, n.code_str) for n in b.names]] for b in blocks]
            for page, blocks in code.items()
        },
    }
    return hashlib.sha256(plain(facts).encode()).hexdigest() + "\n"


def _told(metadata: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give what a page's front matter, and MyST beside it, tell of the page to others."""
    for name, value in metadata.items():
        if name == "myst_slugs":
            yield name, {slug: where[1:] for slug, where in value.items()}  # without the line
        elif name not in OWN:
            yield name, value


def plain(value: Any) -> str:
    """Return the same text for the same content, whatever the order in which it was gathered."""
    match value:
        case None | bool() | int() | float() | str():
            return repr(value)
        case nodes.Node():
            return str(value)
        case Mapping():
            return f"{{{', '.join(sorted(f'{plain(k)}: {plain(v)}' for k, v in value.items()))}}}"
        case Set():
            return f"{{{', '.join(sorted(map(plain, value)))}}}"
        case tuple() if hasattr(value, "_asdict"):
            return plain({k: v for k, v in value._asdict().items() if k not in LINES})
        case list() | tuple():
            return f"[{', '.join(map(plain, value))}]"
    known = getattr(value, "__dict__", None)
    return repr(value) if known is None else type(value).__name__ + plain(known)


def restamp(page: str, now: str) -> str:
    """Have a page's foot name the present state of its commit: with changed files or without."""
    head = now.removesuffix("-dirty")
    return FOOT.sub(lambda foot: re.sub(rf"{re.escape(head)}(-dirty)?", now, foot[0]), page)


def restamp_all(app: Sphinx, exception: Exception | None) -> None:
    """Mend the feet of kept pages."""
    if pages.built(app, exception):
        pages.rewrite(app, lambda page: restamp(page, commit()))


def _head() -> str:
    return commit().removesuffix("-dirty")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def setup(app: Sphinx) -> dict[str, Any]:
    """Compare once every page is read and sphinx-codeautolink knows what code names."""
    app.add_builder(Writer, override=True)
    app.connect("builder-inited", stay_alone, priority=100)
    app.connect("env-updated", compare, priority=900)
    app.connect("build-finished", restamp_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
