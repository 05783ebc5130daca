"""The build's promises, kept by the real configuration on a site of three pages."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from cleanroom import requirements

import addresses

pytestmark = pytest.mark.build

ROOT = Path(__file__).parents[1]

INDEX = """\
# Three pages

The gradient is $\\nabla f$; the lecture is {ref}`here <lecture>`; {everything}`all of it`.
{books}`Books:`

```{toctree}
lecture
gallery/index
```

```{ledger}
```

```{run-times}
```
"""

LECTURE = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
(lecture)=
# Lecture

Some text.

```{code-cell} ipython3
from pathlib import Path
import torch
from steepest import claim, methods, minimize

with Path("ran.log").open("a") as log:
    log.write("lecture\\n")
```

```{code-cell} ipython3
:tags: [hide-input]

run = minimize(lambda x: x**2, torch.tensor(1.0), methods.gradient_descent(0.25), max_iter=2)
claim("two steps quarter the start", run.x, 0.25)
```

## Exercises

(ex-one-1)=
### Exercise 1: Add

One and one?

:::{dropdown} Solution of exercise 1
They are two.
:::

```{code-cell} ipython3
:tags: [hide-cell]

claim("exercise 1", 1 + 1, 2)
```
"""

SCRIPT = '''\
# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Script
======

A script of :math:`x^2`.
"""

# %%
# A thought with :math:`x + 1`.
import os
import matplotlib.pyplot as plt
from steepest import claim, plots

with open(os.environ["RUN_LOG"], "a") as log:
    log.write("script\\n")
plt.style.use("steepest.plots")
fig, ax = plots.figure("A line that rises.")
ax.plot([0, 1])

# %%
# The end.
claim("one and one", 1 + 1, 2)
'''


@dataclass
class Site:
    """A project of three pages in a folder of its own."""

    root: Path

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def build(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        log = str(self.root / "docs" / "ran.log")
        return subprocess.run(
            [sys.executable, "docs/build.py", *options],
            cwd=self.root,
            env=os.environ | {"RUN_LOG": log, "NO_COLOR": "1"} | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def ran(self) -> list[str]:
        """What ran since this was last asked."""
        log = self.root / "docs" / "ran.log"
        names = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return sorted(names)

    def published(self, folder: str = "html") -> dict[str, bytes]:
        html = self.root / "docs" / "_build" / folder
        return {str(p.relative_to(html)): p.read_bytes() for p in html.rglob("*") if p.is_file()}

    def ledger(self) -> list[dict[str, object]]:
        return json.loads(self.published()["verification.json"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site, built once; every test leaves its sources as it found them."""
    root = tmp_path_factory.mktemp("pages")
    for folder in ("src/steepest", "docs/_ext", "docs/_static"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    settings = ("docs/conf.py", "docs/build.py", "docs/references.bib", "constraints.txt")
    for file in (*settings, "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / file, root / file)
    (root / "web").symlink_to(ROOT / "web", target_is_directory=True)
    pages = {
        "docs/index.md": INDEX,
        "docs/lecture.md": LECTURE,
        "docs/redirects.toml": '[moved]\n"old/page" = "lecture"\n',
        "gallery/GALLERY_HEADER.rst": "Gallery\n=======\n\nScripts.\n",
        "gallery/one/GALLERY_HEADER.rst": "One\n===\n\nOne script.\n",
        "gallery/one/script.py": SCRIPT,
    }
    for name, text in pages.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    small = Site(root)
    first = small.build()
    assert first.returncode == 0, first.stdout + first.stderr
    assert "docs/_build/html/index.html" in first.stdout
    assert small.ran() == ["lecture", "script"]
    return small


def test_ledger_holds_the_claims_of_page_and_script(site: Site) -> None:
    assert site.ledger() == [
        {
            "page": page,
            "statement": statement,
            "observed": value,
            "relation": "≈",
            "expected": value,
            "atol": 0.0,
            "rtol": 0.0,
        }
        for page, statement, value in (
            ("gallery/one/script", "one and one", 2),
            ("lecture", "two steps quarter the start", 0.25),
            ("lecture", "exercise 1", 2),
        )
    ]
    index = site.published()["index.html"].decode()
    assert "two steps quarter the start" in index
    assert "one and one" in index


def test_build_json_tells_commit_device_and_seconds(site: Site) -> None:
    build = json.loads(site.published()["build.json"])
    assert set(build) == {"commit", "device", "versions", "seconds"}
    assert set(build["seconds"]) == {"lecture", "gallery/one/script"}
    assert all(seconds > 0 for seconds in build["seconds"].values())


def test_a_page_that_moved_leads_to_where_it_is(site: Site) -> None:
    published = {name: site.published()[name].decode() for name in ("index.html", "old/page.html")}
    head = published["old/page.html"].split("</head>")[0]
    assert f'rel="canonical" href="{addresses.site()}lecture.html"' in head
    assert '<noscript><meta http-equiv="refresh" content="0; url=../lecture.html">' in head
    assert "Content-Security-Policy" in head
    assert 'class="moved reference internal" href="../lecture.html"' in published["old/page.html"]
    assert ["moved.js" in page for page in published.values()] == [False, True]
    assert "old/page" not in site.published()["sitemap.xml"].decode()


def test_a_site_says_that_it_stands_alone(site: Site) -> None:
    assert site.published()["versions.json"] == b"[]\n"


def test_downloads_are_offered(site: Site) -> None:
    offered = {Path(name).name for name in site.published() if name.startswith("_downloads/")}
    assert {"script.py", "script.ipynb", "script.zip"} <= offered


def test_served_copies_say_where_the_wheel_is_and_the_source_does_not(site: Site) -> None:
    published = site.published()
    (wheel,) = (name for name in published if name.endswith(".whl"))
    need = f"steepest[plot] @ {addresses.site()}{wheel}"
    served = [name for name in published if name.endswith("/script.py")]
    assert len(served) == 2  # by Sphinx-Gallery, and among the downloads
    for name in served:
        assert requirements(published[name].decode())[0] == need
    notebooks = [name for name in published if name.endswith("/script.ipynb")]
    assert len(notebooks) == 2
    assert len({published[name] for name in notebooks}) == 1
    assert f'"{need}"' in json.loads(published[notebooks[0]])["cells"][0]["source"][-1]
    both = zipfile.ZipFile(io.BytesIO(published[next(n for n in published if "script.zip" in n)]))
    assert both.read("script.py") == published[served[0]]
    assert (site.root / "gallery/one/script.py").read_text(encoding="utf-8") == SCRIPT
    assert b'href="downloads/steepest.zip" download>all of it</a>' in published["index.html"]
    everything = zipfile.ZipFile(io.BytesIO(published["downloads/steepest.zip"]))
    for name in ("README.md", "requirements.txt", Path(wheel).name, "gallery/one/script.py"):
        assert everything.read(f"steepest/{name}") == published[f"downloads/{name}"]


def test_notebooks_and_books_are_elsewhere_just_where_there_is_a_repository(site: Site) -> None:
    links = ("Open in Colab", "Open in Binder")
    for repository, there in (("https://github.com/owner/name", True), ("", False)):
        built = site.build(STEEPEST_REPOSITORY=repository)
        assert built.returncode == 0, built.stderr
        page = site.published()["gallery/one/script.html"].decode()
        assert "Download this page as a notebook" in page
        assert [link in page for link in links] == [there, there]
        index = site.published()["index.html"].decode()
        assert (f'href="{repository}/releases/latest/download/steepest.epub"' in index) == there
        assert ("Books:" in index) == there
    assert site.ran() == []


def test_nothing_changed_runs_nothing(site: Site) -> None:
    before = site.published()
    again = site.build()
    assert again.returncode == 0, again.stderr
    assert site.ran() == []
    after = site.published()
    for name in before:
        if "downloads/" in name or name == "verification.json":
            assert after[name] == before[name], name


TIMED = {"build.json"}
"""What tells how long cells took, or when it was made."""


def test_a_page_written_alone_is_the_page_written_with_all(site: Site) -> None:
    old = site.published()
    site.edit("docs/lecture.md", "Some text.", "Some other text.")
    try:
        alone = site.build()
        kept = site.published()
        shutil.rmtree(site.root / "docs" / "_build" / "html")
        together = site.build()
        written = site.published()
    finally:
        site.edit("docs/lecture.md", "Some other text.", "Some text.")
    assert alone.returncode == together.returncode == 0, alone.stderr + together.stderr
    assert "writing output... [100%] lecture" in alone.stdout
    assert "Some other text." in kept["lecture.html"].decode()
    assert {name for name in kept if kept[name] != written[name]} <= TIMED
    assert kept.keys() == written.keys()
    assert kept["gallery/one/script.html"] == old["gallery/one/script.html"]
    assert site.ran() == []


def test_what_another_page_shows_is_written_again(site: Site) -> None:
    site.edit("docs/lecture.md", "# Lecture\n", "# Another title\n")
    try:
        renamed = site.build()
    finally:
        site.edit("docs/lecture.md", "# Another title\n", "# Lecture\n")
    assert renamed.returncode == 0, renamed.stderr
    pages = [text.decode() for name, text in site.published().items() if name.endswith(".html")]
    assert all("Another title" in page for page in pages)
    assert site.ran() == []


def test_copy_without_solutions_runs_nothing_and_leaves_the_site(site: Site) -> None:
    before = site.published()
    copy = site.build("--without-solutions")
    assert copy.returncode == 0, copy.stderr
    assert site.ran() == []
    assert site.published() == before
    bare = site.published("html-without-solutions")
    statements = [claim["statement"] for claim in json.loads(bare["verification.json"])]
    assert statements == ["one and one", "two steps quarter the start"]
    whole, left = before["lecture.html"].decode(), bare["lecture.html"].decode()
    for text in ("Solution of exercise 1", "They are two.", "exercise 1: 2"):
        assert text in whole
        assert text not in left
    assert "without the solutions" in left
    assert "without the solutions" not in whole
    for text in ("One and one?", "two steps quarter the start", 'href="#ex-one-1">ex-one-1</a>'):
        assert text in whole
        assert text in left


FAULTS = {
    "false claim": (
        [("docs/lecture.md", "run.x, 0.25)", "run.x, 0.26)")],
        ["docs/lecture.md:29", "ClaimError: false: two steps quarter the start: 0.25 ≈ 0.26"],
    ),
    "failing cell": (
        [("docs/lecture.md", "import torch", "import torch\n1 / 0")],
        ["docs/lecture.md:19", "ZeroDivisionError: division by zero"],
    ),
    "cell over its time": (
        [
            ("docs/lecture.md", "import torch", "import torch\nimport time; time.sleep(60)"),
            ("docs/conf.py", "nb_execution_timeout = 120", "nb_execution_timeout = 5"),
        ],
        ["docs/lecture.md:", "the cell ran for more than 5 s"],
    ),
    "failing script": (
        [("gallery/one/script.py", "# The end.\n", "# The end.\n1 / 0\n")],
        ["gallery/one/script.py", "line 26", "ZeroDivisionError: division by zero"],
    ),
    "false claim in a script": (
        [("gallery/one/script.py", "1 + 1, 2)", "1 + 1, 3)")],
        ["gallery/one/script.py", "line 26", "ClaimError: false: one and one: 2 ≈ 3"],
    ),
    "script over its time": (
        [
            ("gallery/one/script.py", "# The end.\n", "# The end.\nimport time; time.sleep(60)\n"),
            ("docs/_ext/scripts.py", "SECONDS = 300", "SECONDS = 5"),
        ],
        ["gallery/one/script.py", "line 26", "the script ran for more than 5 s"],
    ),
    "formula that does not parse": (
        [("docs/lecture.md", "Some text.", "Some text of $\\frac{1}{$.")],
        ["docs/lecture.md:14", "KaTeX parse error"],
    ),
    "formula of a script that does not parse": (
        [("gallery/one/script.py", ":math:`x + 1`", ":math:`\\frac{1}{`")],
        ["gallery/one/script.py:13", "KaTeX parse error"],
    ),
    "package changed under warm caches": (
        [
            (
                "src/steepest/directions/first_order.py",
                "lambda state, carry: (-state.grad, carry)",
                "lambda state, carry: (-0.5 * state.grad, carry)",
            )
        ],
        ["docs/lecture.md:29", "ClaimError: false: two steps quarter the start: 0.5625 ≈ 0.25"],
    ),
    "missing reference": (
        [("docs/index.md", "<lecture>", "<lecturn>")],
        ["docs/index.md:3", "lecturn"],
    ),
    "page that moved nowhere": (
        [("docs/redirects.toml", '= "lecture"', '= "lecturn"')],
        ["redirects.toml: old/page is said to have moved to lecturn, which is not there"],
    ),
    "page that cannot be written": (
        [
            (
                "docs/_ext/figures.py",
                "def visit_image(",
                "def visit_image(*_):\n    1 / 0\n\n\ndef old(",
            )
        ],
        ["ZeroDivisionError: division by zero"],
    ),
    "figure without alternative text": (
        [("gallery/one/script.py", 'plots.figure("A line that rises.")', "plt.subplots()")],
        ["gallery/one/script.py", "no alternative text"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_ends_the_build_and_leaves_the_last_good_site(site: Site, fault: str) -> None:
    edits, messages = FAULTS[fault]
    before = site.published()
    for file, good, bad in edits:
        site.edit(file, good, bad)
    try:
        broken = site.build()
    finally:
        for file, good, bad in edits:
            site.edit(file, bad, good)
    assert broken.returncode != 0
    for message in messages:
        assert message in broken.stdout + broken.stderr
    assert "the last good one is as it was" in broken.stderr
    assert site.published() == before
    assert not leftovers(site)


def test_mended_site_is_the_first_one_again(site: Site) -> None:
    before = site.ledger()
    mended = site.build()
    assert mended.returncode == 0, mended.stderr
    assert site.ledger() == before


def leftovers(site: Site) -> list[str]:
    """Processes that a build of this site started and that still run."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(site.root) in process.environ().get("IPYTHONDIR", ""):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found
