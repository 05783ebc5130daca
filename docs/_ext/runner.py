"""Run Sphinx once: a warning is an error, and an error is a line rather than a dump."""

import gc
import os
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.errors import SphinxError
from sphinx.util.console import nocolor


def build(docs: Path, target: Path, *, solutions: bool, at_once: int) -> Sphinx:
    """Run Sphinx with so many processes."""
    doctrees = docs / "_build" / ("doctrees" if solutions else "doctrees-without-solutions")
    app = Sphinx(
        *(docs, docs, target, doctrees, "html"),
        confoverrides={"steepest_solutions": solutions},
        warningiserror=True,
        parallel=at_once,
    )
    app.build(force_all=at_once == 1)
    return app


def lost(app: Sphinx) -> bool:
    """Say whether a page was found and never written."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    written = (app.builder.get_output_path(name) for name in app.env.found_docs)
    return not all(path.is_file() for path in written)


def main(docs: Path, target: Path, *, solutions: bool) -> int:
    """Build the pages in `docs` into `target` and return the exit status."""
    gc.set_threshold(100_000, 50, 100)  # a site is millions of nodes, and few of them are dropped
    if not sys.stdout.isatty():
        nocolor()
    try:
        app = build(docs, target, solutions=solutions, at_once=os.cpu_count() or 1)
        if lost(app):
            # An error in one of several processes may be lost on its way; alone, it is shown.
            app = build(docs, target, solutions=solutions, at_once=1)
    except SphinxError as error:
        print(f"\n{error.category}: {error}", file=sys.stderr)
        return 2
    return app.statuscode


if __name__ == "__main__":
    folder, aside, *options = sys.argv[1:]
    sys.exit(main(Path(folder), Path(aside), solutions=options != ["--without-solutions"]))
