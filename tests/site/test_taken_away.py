"""What a reader downloads from the built site."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup, SoupStrainer
from cleanroom import requirements
from playwright.sync_api import Browser, Page, expect
from reader import SITE, source

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted(
    str(path.relative_to(SITE / "downloads").with_suffix(""))
    for path in (SITE / "downloads").rglob("*.ipynb")
)
WHEEL = re.compile(r"steepest\[plot\] @ https?://\S+/downloads/steepest-[\w.]+-py3-none-any\.whl")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def offered(name: str) -> list[Path]:
    """Return the files that a page offers, in the order of their links."""
    links = BeautifulSoup(source(f"{name}.html"), "html.parser", parse_only=SoupStrainer("a"))
    return [
        (SITE / name).parent / str(link["href"])
        for link in links.find_all("a", class_="download", download=True)
    ]


def downloaded(page: Page, selector: str) -> bytes:
    with page.expect_download() as offered:
        page.locator(selector).first.click()
    return Path(offered.value.path()).read_bytes()


def test_every_lecture_and_every_script_is_a_notebook() -> None:
    pages = [
        *(SITE / "lectures").glob("*.html"),
        *(path for path in (SITE / "gallery").glob("*/*.html") if path.stem != "index"),
    ]
    assert sorted(str(path.relative_to(SITE).with_suffix("")) for path in pages) == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_reads_well_without_the_site(name: str) -> None:
    assert offered(name)[0].samefile(SITE / "downloads" / f"{name}.ipynb")
    notebook = nbformat.read(offered(name)[0], as_version=4)
    nbformat.validate(notebook)
    assert WHEEL.search(notebook.cells[0].source)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert not any("glue(" in cell.source for cell in notebook.cells)
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert notebook.cells[1].source.startswith("# ")
    prose = re.sub(r"^```.*?^```|``.*?``", "", words, flags=re.MULTILINE | re.DOTALL)
    assert not re.findall(r"^:::.*|\{[a-z:]+\}`|^\([\w-]+\)=$|:[a-z]+:`", prose, re.MULTILINE)
    assert not re.findall(r"(?<![\w/])/(?:gallery|lectures|reference)/\S*", prose)


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name.startswith("gallery/")])
def test_script_says_what_it_needs(name: str) -> None:
    first, alone, *others = offered(name)
    by_kind = {path.suffix: path.read_bytes() for path in others}
    assert by_kind.keys() == {".ipynb", ".py", ".zip"}
    assert by_kind[".ipynb"] == first.read_bytes()
    assert by_kind[".py"] == alone.read_bytes()
    assert alone.samefile(SITE / "downloads" / f"{name}.py")
    assert by_kind[".py"].decode().startswith(f"# Run this script:  uv run {alone.name}\n")
    assert WHEEL.fullmatch(requirements(by_kind[".py"].decode())[0])
    both = zipfile.ZipFile(io.BytesIO(by_kind[".zip"]))
    stem = Path(name).name
    assert both.read(f"{stem}.py") == by_kind[".py"]
    assert both.read(f"{stem}.ipynb") == by_kind[".ipynb"]


@pytest.mark.parametrize("name", [NOTEBOOKS[0], NOTEBOOKS[-1]])
def test_notebook_is_offered_under_the_title(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}.html")
    title, line = page.locator("article h1"), page.locator(".page-downloads")
    expect(line).to_be_visible()
    assert title.bounding_box()["y"] < line.bounding_box()["y"] < 400  # type: ignore[index]
    assert downloaded(page, ".page-downloads a[download]") == offered(name)[0].read_bytes()


@pytest.mark.parametrize("name", ["index.html", "gallery/index.html"])
def test_everything_is_offered_at_once(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}")
    packed = zipfile.ZipFile(io.BytesIO(downloaded(page, "a[href$='downloads/steepest.zip']")))
    assert packed.testzip() is None
    held = {entry.removeprefix("steepest/") for entry in packed.namelist()}
    assert held >= {f"{notebook}.ipynb" for notebook in NOTEBOOKS}
    readme = packed.read("steepest/README.md").decode()
    for named in re.findall(r"(?:python|uv run) (gallery/\S+)", readme):
        assert named in held
    wheel = next(entry for entry in held if entry.endswith(".whl"))
    assert packed.read("steepest/requirements.txt").decode().startswith(f"./{wheel}[plot]\n")
    served = (SITE / "downloads" / wheel).read_bytes()
    assert packed.read(f"steepest/{wheel}") == served


def test_other_hosts_are_linked_just_with_a_repository(page: Page, address: str) -> None:
    page.goto(f"{address}/{NOTEBOOKS[0]}.html")
    links = page.locator(".page-downloads a.external")
    hosts = [link.get_attribute("href").split("/")[2] for link in links.all()]  # type: ignore[union-attr]
    assert hosts in ([], ["colab.research.google.com", "mybinder.org"])
