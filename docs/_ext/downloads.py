"""What readers take with them: the wheel, scripts and notebooks that run, and a zip of everything.

Only the copies that are served know the site's address. The role ``everything`` links the zip, and
``books`` the newest release's books, where the repository is known.
"""

import html
import json
import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard
from urllib.parse import quote, urlsplit

from docutils import nodes
from myst_nb.core.variables import format_plain_text
from pybtex.backends.markdown import Backend
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

import addresses
import package
import plain
import portable
from freshness import DOCS, ROOT
from lectures import executed, read

logger = logging.getLogger(__name__)

FOLDER = "downloads"
"""Where the downloads are served."""

ZIP = f"{FOLDER}/steepest.zip"

README = """\
# Steepest, to take with you

The lectures and the gallery of {site}, to run and to change.

- `lectures`: the lectures as notebooks.
- `gallery`: the scripts, each also as a notebook.
- `{wheel}`: the package that all of them use.

With Python 3.11 or newer:

    python -m pip install -r requirements.txt
    python gallery/tensors/views.py

Or, without installing anything first, with uv:

    uv run gallery/tensors/views.py

A notebook's first cell installs what it needs where it is missing. On Linux, `pip` fetches PyTorch
with several gigabytes of CUDA packages; where there is no GPU, ask for the CPU build first:

    export PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu

Code is under the BSD 3-Clause License, text and pictures under CC BY 4.0: see `LICENSE`.
"""


class Page:
    """What the site knows of one page: `plain.Site`, answered from Sphinx's environment."""

    def __init__(self, app: Sphinx, docname: str, values: dict[str, str]) -> None:
        self.app, self.docname, self.values = app, docname, values

    def role(self, name: str, text: str) -> str:
        """Return the value of ``glue``, or a link to where a role leads."""
        text = " ".join(text.split())
        if name in ("glue", "glue:text"):
            key, _, spec = text.partition(":")
            return str(format_plain_text(self.values[key], spec or "s"))
        if name in ("cite:t", "cite:p"):
            cited = [self._citation(key.strip(), name) for key in text.split(",")]
            return f"({'; '.join(cited)})" if name == "cite:p" else ", ".join(cited)
        shown, _, target = text.rpartition(" <")
        target = target.removesuffix(">") if shown else text
        try:
            words, docname, place = self._target(name, target)
        except KeyError:  # Sphinx has warned, and a warning ends the build
            return shown or target
        return f"[{shown or words}]({self._address(docname, place)})"

    def _target(self, role: str, target: str) -> tuple[str, str, str]:
        """Return a target's own words, its page and its place there."""
        env = self.app.env
        if role == "doc":
            here = posixpath.dirname(self.docname)
            docname = posixpath.normpath(posixpath.join("/", here, target)).lstrip("/")
            return env.titles[docname].astext(), docname, ""
        if role == "ref":
            label = target.lower()
            docname, place = env.domaindata["std"]["anonlabels"][label]
            words = env.domaindata["std"]["labels"].get(label, ("", "", target))[2]
            return words, docname, place
        if role == "term":
            terms = {
                name.lower(): found
                for (kind, name), found in env.domaindata["std"]["objects"].items()
                if kind == "term"
            }
            return target, *terms[target.lower()]
        if role in ("func", "class"):
            name = target.lstrip("~")
            entry = env.domaindata["py"]["objects"][name]
            words = name.rpartition(".")[2] if target.startswith("~") else name
            return f"`{words}{'()' if role == 'func' else ''}`", entry.docname, entry.node_id
        raise SphinxError(f"downloads: {self.docname}: the role {role} has no plain form")

    def _citation(self, key: str, role: str) -> str:
        citations = self.app.env.domaindata["cite"]["citations"]
        entry = next((citation.entry for citation in citations if citation.key == key), None)
        if entry is None:  # Sphinx has warned of this, too
            return key
        people = entry.persons.get("author") or entry.persons["editor"]
        names = [" ".join([*person.prelast_names, *person.last_names]) for person in people]
        names = [name.replace("{", "").replace("}", "") for name in names]
        who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        year = entry.fields["year"]
        return f"{who} [{year}]" if role == "cite:t" else f"{who}, {year}"

    def directive(self, name: str) -> str:
        """Return the page's bibliography."""
        if name != "bibliography":
            raise SphinxError(f"downloads: {self.docname}: the directive {name} has no plain form")
        domain = self.app.env.domaindata["cite"]
        return "\n".join(
            f"- {' '.join(citation.formatted_entry.text.render(Backend()).split())}"
            for citation in domain["citations"]
            if citation.bibliography_key.docname == self.docname
        )

    def anchor(self, label: str) -> str:
        """Return the address of a label, or else of a heading of this page."""
        known = self.app.env.domaindata["std"]["anonlabels"]
        return self._address(*known.get(label, (self.docname, label)))

    def _address(self, docname: str, place: str) -> str:
        address = addresses.site() + self.app.builder.get_target_uri(docname)
        return f"{address}#{place}" if place else address


def offered(docname: str) -> bool:
    """Say whether a page is offered as a notebook: lectures and scripts are."""
    return docname.startswith("lectures/") or (ROOT / f"{docname}.py").is_file()


def elsewhere(repository: str | None, docname: str) -> dict[str, str]:
    """Return where a page's notebook opens on other people's machines: Colab, Binder.

    Both read a branch of a repository on GitHub; without one there is nothing.
    """
    if not _on_github(repository):
        return {}
    name, branch = urlsplit(repository).path.strip("/"), addresses.downloads()
    notebook = f"{docname}.ipynb"
    return {
        "Colab": f"https://colab.research.google.com/github/{name}/blob/{branch}/{notebook}",
        "Binder": f"https://mybinder.org/v2/gh/{name}/{branch}?labpath={quote(notebook, safe='')}",
    }


def books(repository: str | None) -> dict[str, str]:
    """Return where the books of the newest release are: among its files on GitHub."""
    if not _on_github(repository):
        return {}
    latest = f"{repository}/releases/latest/download/steepest"
    return {kind.upper(): f"{latest}.{kind}" for kind in ("pdf", "epub")}


def _on_github(repository: str | None) -> TypeGuard[str]:
    return repository is not None and urlsplit(repository).hostname == "github.com"


def link(here: str, target: str, text: str) -> str:
    """Return a link, in HTML, from a page to a file of the site."""
    address = posixpath.relpath(target, posixpath.dirname(here) or ".")
    return f'<a class="reference download" href="{address}" download>{html.escape(text)}</a>'


def add_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Offer a page as a notebook, below its title."""
    if app.builder.format != "html" or not offered(docname):
        return
    links = [link(docname, f"{FOLDER}/{docname}.ipynb", "Download this page as a notebook")]
    if (ROOT / f"{docname}.py").is_file():
        links.append(link(docname, f"{FOLDER}/{docname}.py", "as a script"))
    for name, address in elsewhere(addresses.repository(), docname).items():
        links.append(f'<a class="reference external" href="{address}">Open in {name}</a>')
    title = next(iter(doctree.findall(nodes.title)))
    line = nodes.raw("", f'<p class="page-downloads">{" · ".join(links)}</p>', format="html")
    title.parent.insert(title.parent.index(title) + 1, line)


class Everything(SphinxRole):
    """``{everything}`text```: a link to the zip of everything."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link."""
        return [nodes.raw("", link(self.env.docname, ZIP, self.text), format="html")], []


class Books(SphinxRole):
    """``{books}`text```: the text and links to the books; nothing where they are not known."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return text and links."""
        known = books(addresses.repository())
        links = [nodes.reference("", kind, refuri=known[kind]) for kind in known]
        parts = [part for one in links for part in (nodes.Text(", "), one)][1:]
        return [nodes.Text(f"{self.text} "), *parts, nodes.Text(".")] if known else [], []


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the downloads, and put them in place of the copies that Sphinx has served."""
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir, FOLDER)
    target.mkdir(exist_ok=True)
    wheel = package.build(target)
    files = dict(_files(app, wheel))
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    archived = {f"steepest/{name}": content for name, content in files.items()}
    Path(app.outdir, ZIP).write_bytes(portable.archive(archived, package.seconds()))
    _replace_copies(app, files)
    logger.info("downloads: %s files in %s", len(files), ZIP)


def _files(app: Sphinx, wheel: Path) -> Iterator[tuple[str, bytes]]:
    pins = portable.pins(*((ROOT / f).read_text() for f in ("pyproject.toml", "constraints.txt")))
    need = portable.requirement(addresses.site(), wheel.name)
    here = "\n".join([f"./{wheel.name}[plot]", *pins, ""])
    yield wheel.name, wheel.read_bytes()
    yield "README.md", README.format(site=addresses.site(), wheel=wheel.name).encode()
    yield "requirements.txt", here.encode()
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()
    for docname in sorted(app.env.found_docs):
        if (ROOT / f"{docname}.py").is_file():
            text = (ROOT / f"{docname}.py").read_text(encoding="utf-8")
            name = f"{PurePosixPath(docname).name}.py"
            yield f"{docname}.py", portable.script(name, text, [need, *pins]).encode()
            yield f"{docname}.ipynb", portable.notebook(_script_cells(app, docname), need).encode()
        elif (kept := _kept(app, docname)) is not None:
            yield f"{docname}.ipynb", kept
        elif offered(docname) and (run := executed(app, docname)) is not None:
            page = Page(app, docname, _glued(run[0].cells))
            source = read(app.env, Path(app.env.doc2path(docname)))
            assert source is not None  # what was executed is a notebook
            solved = app.config.steepest_solutions
            chosen = source.cells if solved else plain.without_solutions(source.cells)
            yield f"{docname}.ipynb", portable.notebook(plain.cells(chosen, page), need).encode()


def _kept(app: Sphinx, docname: str) -> bytes | None:
    """Return the notebook of a page that was kept from the last site, None for others."""
    notebook = Path(app.outdir, FOLDER, f"{docname}.ipynb")
    kept = docname not in getattr(app.builder, "written", ()) and notebook.is_file()
    return notebook.read_bytes() if kept else None


def _script_cells(app: Sphinx, docname: str) -> Iterator[dict[str, Any]]:
    """Yield the cells that Sphinx-Gallery made of a script, its roles resolved."""
    page = Page(app, docname, {})
    for cell in json.loads((DOCS / f"{docname}.ipynb").read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            source = plain.roles(source, page.role)
        yield {"cell_type": cell["cell_type"], "source": source}


def _glued(cells: list[Any]) -> dict[str, str]:
    """Return what cells passed to the text of their page."""
    values = {}
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        if (glued := output.get("metadata", {}).get("scrapbook")) is not None:
            values[glued["name"]] = output["data"][f"{glued['mime_prefix']}text/plain"]
    return values


def _replace_copies(app: Sphinx, files: dict[str, bytes]) -> None:
    """Put scripts, notebooks and zips in place of those that Sphinx-Gallery offers."""
    for source, (_, place) in app.env.dlfiles.items():
        name = PurePosixPath(source.as_posix())
        copy = Path(app.outdir, "_downloads", place)
        script, notebook = (name.with_suffix(ending) for ending in (".py", ".ipynb"))
        if str(name) in files:
            copy.write_bytes(files[str(name)])
        elif name.suffix == ".zip" and str(script) in files:
            both = {file.name: files[str(file)] for file in (script, notebook)}
            copy.write_bytes(portable.archive(both, package.seconds()))


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the links while pages are written, and the files when all are."""
    app.add_role("everything", Everything())
    app.add_role("books", Books())
    app.connect("doctree-resolved", add_links)
    # Before KaTeX tidies up, which it cannot do twice: else its error would hide ours.
    app.connect("build-finished", write, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
