"""Run Sphinx once: a warning is an error, and an error is a line rather than a dump."""

import os
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.console import nocolor


def main(docs: Path, target: Path) -> int:
    """Build the pages in `docs` into `target` and return the exit status."""
    if not sys.stdout.isatty():
        nocolor()
    try:
        doctrees = docs / "_build" / "doctrees"
        at_once = os.cpu_count() or 1
        app = Sphinx(docs, docs, target, doctrees, "html", warningiserror=True, parallel=at_once)
        app.build()
    except SphinxError as error:
        print(f"\n{error.category}: {error}", file=sys.stderr)
        return 2
    return app.statuscode


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
