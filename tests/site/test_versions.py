"""Several versions of the site side by side, and pages that moved."""

import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from reader import AXE, LECTURES, SITE

import assemble
import redirects

pytestmark = pytest.mark.browser

FIRST, SECOND = LECTURES[:2]


@pytest.fixture(scope="module")
def versions(
    tmp_path_factory: pytest.TempPathFactory,
    serve: Callable[[Path], AbstractContextManager[str]],
) -> Iterator[str]:
    """The site in two versions, of which the old one lacks a lecture and has a page too many."""
    folder = tmp_path_factory.mktemp("versions")
    new, archive = folder / "site", folder / "releases" / "v0.1.3" / "site.zip"
    shutil.copytree(SITE / "_static", new / "_static")
    (new / "lectures").mkdir()
    for name in ("index.html", "search.html", FIRST, SECOND):
        shutil.copy(SITE / name, new / name)
    (new / "moved.html").write_text(
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">'
        f'<noscript><meta http-equiv="refresh" content="0; url={FIRST}"></noscript>'
        '<script src="_static/moved.js" defer></script>'
        + redirects.BODY.format(title="Moved", address=FIRST, words="A lecture")
    )
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as packed:
        for path in new.rglob("*"):
            if path != new / SECOND:
                packed.write(path, path.relative_to(new))
        packed.write(new / FIRST, "lectures/gone.html")
    assemble.assemble(new, folder / "releases", folder / "hosted")
    with serve(folder / "hosted") as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def switch(page: Page, version: str) -> None:
    page.locator(".versions summary").click()
    with page.expect_response("**/versions.json"):  # the next page is there, and asks for the list
        page.locator(".versions").get_by_role("link", name=version, exact=True).click()


def test_a_reader_goes_to_the_same_page_of_another_version_and_back(
    page: Page, versions: str
) -> None:
    page.goto(f"{versions}/{FIRST}")
    expect(page.locator(".versions summary")).to_have_text("Version: latest")
    expect(page.locator(".old-version")).to_have_count(0)
    switch(page, "0.1")
    expect(page).to_have_url(f"{versions}/0.1/{FIRST}")
    expect(page.locator(".old-version")).to_have_text(
        "You are reading version 0.1; the newest is latest."
    )
    expect(page.locator(".versions a[aria-current]")).to_have_text("0.1")
    page.locator(".old-version a").click()
    expect(page).to_have_url(f"{versions}/{FIRST}")


@pytest.mark.parametrize(
    ("here", "version", "there"),
    [(SECOND, "0.1", "/0.1/"), ("0.1/lectures/gone.html", "latest", "/")],
)
def test_where_a_version_lacks_the_page_it_begins_at_its_start(
    page: Page, versions: str, here: str, version: str, there: str
) -> None:
    page.goto(f"{versions}/{here}")
    switch(page, version)
    expect(page).to_have_url(f"{versions}{there}")
    expect(page.locator("h1")).to_be_visible()


def test_a_search_goes_on_in_the_other_version(page: Page, versions: str) -> None:
    page.goto(f"{versions}/search.html?q=gradient")
    switch(page, "0.1")
    expect(page).to_have_url(f"{versions}/0.1/search.html?q=gradient")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_old_version_has_no_fault_and_moves_nothing(
    browser: Browser, versions: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    context.add_init_script(
        """window.shifts = [];
        new PerformanceObserver(list => shifts.push(...list.getEntries().flatMap(shift =>
            shift.sources.map(source => source.node?.className ?? ""))))
            .observe({type: "layout-shift", buffered: true});"""
    )
    page = context.new_page()
    page.goto(f"{versions}/0.1/{FIRST}")
    bar = page.locator(".old-version")
    expect(bar).to_be_in_viewport()
    page.wait_for_load_state("networkidle")
    assert [name for name in page.evaluate("shifts") if re.search("version", str(name))] == []
    for box in (bar, page.locator(".content")):
        assert box.evaluate("box => box.getBoundingClientRect().right") <= width
    # At the page's end the line lies below the foot, not over it.
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    foot = page.locator(".colophon").bounding_box()
    below = bar.bounding_box()
    assert foot is not None
    assert below is not None
    assert foot["y"] + foot["height"] <= below["y"] + 0.5
    if width == 390:
        page.get_by_role("button", name="Toggle site navigation sidebar").click()
    page.locator(".versions summary").click()
    expect(page.locator(".versions a").last).to_be_in_viewport()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('.versions, .old-version', {resultTypes: ['violations']})")
    assert [rule["id"] for rule in found["violations"]] == []
    page.emulate_media(media="print")
    expect(bar).to_be_hidden()
    context.close()


@pytest.mark.parametrize(("scripts", "place"), [(True, "#furo-main-content"), (False, "")])
def test_a_page_that_moved_is_reached_at_its_old_address(
    browser: Browser, versions: str, scripts: bool, place: str
) -> None:
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{versions}/index.html")
    page.goto(f"{versions}/moved.html{place}", wait_until="commit")
    page.wait_for_url(f"{versions}/{FIRST}{place}")
    page.go_back()
    expect(page).to_have_url(f"{versions}/index.html")
    context.close()


def test_a_site_alone_shows_no_versions(page: Page, address: str) -> None:
    troubles: list[str] = []
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    with page.expect_response("**/versions.json") as answer:
        page.goto(f"{address}/{FIRST}", wait_until="networkidle")
    assert answer.value.json() == []
    expect(page.locator(".versions, .old-version")).to_have_count(0)
    assert troubles == []
