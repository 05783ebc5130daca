"""The list of the site's versions, which a script shows in the sidebar: empty as long as it is one.

`assemble` writes what is in it where several versions are hosted together.
"""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import pages
from assemble import LIST


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the empty list, so that the script finds one."""
    if pages.built(app, exception):
        Path(app.outdir, LIST).write_text("[]\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write with the pages."""
    app.add_js_file("versions.js", loading_method="defer")
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
