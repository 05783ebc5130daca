"""Run the cells of the lectures before Sphinx reads them: side by side, and with errors located."""

import logging as quiet
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import create_nb_reader
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx.util.console import strip_colors

from freshness import ROOT, workers

logger = logging.getLogger(__name__)


class CellError(SphinxError):
    """A cell of a page raised an error or ran out of time; the message names page and line."""

    category = "a cell failed"


KERNEL_SETTINGS = """\
c = get_config()
c.HistoryManager.enabled = False
c.IPKernelApp.log_level = "ERROR"
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": None, "metadata": {"Date": None}}
"""


def prepare_kernels(folder: Path) -> None:
    """Give every kernel the site's settings, whatever the reader's own IPython is set to."""
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_config.py").write_text(KERNEL_SETTINGS, encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)


def execute(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Run what the cache lacks of the pages about to be read, and stop the build if any fails."""
    cache = get_cache(app.config.nb_execution_cache_path)
    pending = []
    for docname in docnames:
        path = Path(env.doc2path(docname))
        if path.suffix == ".md" and (notebook := read(env, path)) is not None:
            try:
                cache.match_cache_notebook(notebook)
            except KeyError:
                pending.append((path, notebook))
    if not pending:
        return
    quiet.getLogger("traitlets").setLevel(quiet.CRITICAL)  # failures are told below, with lines
    logger.info("running %s lecture(s): %s", len(pending), ", ".join(p.stem for p, _ in pending))
    with ThreadPoolExecutor(workers()) as pool:
        runs = list(
            pool.map(lambda job: _run(*job, timeout=app.config.nb_execution_timeout), pending)
        )
    for path, notebook, seconds, failure in runs:
        if failure is None:
            bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    if failures := [failure for *_, failure in runs if failure is not None]:
        raise CellError("\n".join(failures))


def executed(app: Sphinx, docname: str) -> tuple[NotebookNode, float] | None:
    """Return a page's notebook with its outputs, and the seconds that its cells took."""
    path = Path(app.env.doc2path(docname))
    notebook = read(app.env, path) if path.suffix == ".md" else None
    if notebook is None:
        return None
    cache = get_cache(app.config.nb_execution_cache_path)
    record = cache.match_cache_notebook(notebook)
    # what is stored lacks the cells of text: merged, each cell has its number on the page
    return cache.merge_match_into_notebook(notebook)[1], record.data["execution_seconds"]


def read(env: Any, path: Path) -> NotebookNode | None:
    """Return a page as a notebook without outputs, None where it is none."""
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    return None if reader is None else reader.read(text)


def _run(
    path: Path, notebook: NotebookNode, *, timeout: int
) -> tuple[Path, NotebookNode, float, str | None]:
    try:
        run = single_nb_execution(notebook, str(path.parent), timeout, allow_errors=False)
    except DeadKernelError as error:
        return path, notebook, 0.0, f"{_location(path, notebook)}: {error}"
    if run.err is None:
        return path, notebook, run.time, None
    late = isinstance(run.err, CellTimeoutError)
    what = f"the cell ran for more than {timeout} s" if late else _error(notebook)
    return path, notebook, run.time, f"{_location(path, notebook)}: {what}"


def _error(notebook: NotebookNode) -> str:
    return "\n".join(
        f"{output.ename}: {output.evalue}"
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    )


def _location(path: Path, notebook: NotebookNode) -> str:
    """Name the line of the page where the last started cell stopped."""
    started = [
        index
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.execution_count is not None
    ]
    line = 1
    if started:
        cell = notebook.cells[started[-1]]
        lines = path.read_text(encoding="utf-8").split("\n")
        opened = notebook.metadata["source_map"][started[-1]]
        code = cell.source.split("\n")
        traceback = strip_colors(
            "\n".join(
                text
                for output in cell.outputs
                if output.output_type == "error"
                for text in output.traceback
            )
        )
        inside = re.search(rf"Cell In\[{cell.execution_count}\], line (\d+)", traceback)
        # Options of the cell may stand before its first line.
        first = next(
            number
            for number in range(opened, len(lines))
            if lines[number : number + len(code)] == code
        )
        line = first + (int(inside[1]) if inside else 1)
    return f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{line}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Run the lectures once Sphinx knows which pages it will read."""
    app.connect("env-before-read-docs", execute)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
