"""What a reader downloads from the built site."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from cleanroom import requirements
from playwright.sync_api import Browser, Page, expect
from reader import SITE

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
def test_page_is_offered_as_a_notebook(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}.html")
    title, line = page.locator("article h1"), page.locator(".page-downloads")
    expect(line).to_be_visible()
    assert title.bounding_box()["y"] < line.bounding_box()["y"] < 400  # type: ignore[index]
    text = downloaded(page, ".page-downloads a[download]").decode()
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert WHEEL.search(notebook.cells[0].source)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert notebook.cells[1].source.startswith("# ")
    prose = re.sub(r"^```.*?^```|``.*?``", "", words, flags=re.MULTILINE | re.DOTALL)
    assert not re.findall(r"^:::.*|\{[a-z:]+\}`|^\([\w-]+\)=$|:[a-z]+:`", prose, re.MULTILINE)
    assert not re.findall(r"(?<![\w/])/(?:gallery|lectures|reference)/\S*", prose)
    assert "glue(" not in text
    if name.startswith("gallery/"):
        check_script(page, name)


def check_script(page: Page, name: str) -> None:
    """Take the script away from its page: it says what it needs."""
    script = downloaded(page, "div.sphx-glr-download-python a.download")
    assert WHEEL.fullmatch(requirements(script.decode())[0])
    assert script == (SITE / "downloads" / f"{name}.py").read_bytes()
    notebook = downloaded(page, "div.sphx-glr-download-jupyter a.download")
    assert notebook == (SITE / "downloads" / f"{name}.ipynb").read_bytes()
    both = zipfile.ZipFile(io.BytesIO(downloaded(page, "div.sphx-glr-download-zip a.download")))
    stem = Path(name).name
    assert both.read(f"{stem}.py") == script
    assert both.read(f"{stem}.ipynb") == notebook


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
