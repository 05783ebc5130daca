"""Every page of the built site, as a reader's browser sees it."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

import redirects

pytestmark = pytest.mark.browser

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
MOVED = {f"{name}.html" for name in redirects.read()}
PAGES = sorted({str(path.relative_to(SITE)) for path in SITE.rglob("*.html")} - MOVED)
LECTURES = [name for name in PAGES if name.startswith("lectures/")]
SCRIPTS = [
    name
    for name in PAGES
    if name.startswith("gallery/") and name.count("/") == 2 and not name.endswith("index.html")
]


class Seen:
    """What a page asked for and what went wrong."""

    def __init__(self, page: Page) -> None:
        self.hosts: set[str] = set()
        self.troubles: list[str] = []
        page.on("request", lambda request: self.hosts.add(str(urlsplit(request.url).hostname)))
        page.on("requestfailed", lambda request: self.troubles.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("response", self.response)
        page.on("console", self.console)

    def response(self, response: object) -> None:
        if response.status >= 400:  # type: ignore[attr-defined]
            self.troubles.append(f"{response.status}: {response.url}")  # type: ignore[attr-defined]

    def console(self, message: object) -> None:
        if message.type in ("error", "warning"):  # type: ignore[attr-defined]
            self.troubles.append(f"console: {message.text}")  # type: ignore[attr-defined]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_there_are_pages() -> None:
    assert len(LECTURES) >= 2
    assert len(SCRIPTS) >= 4


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole(page: Page, address: str, name: str) -> None:
    seen = Seen(page)
    page.goto(f"{address}/{name}", wait_until="networkidle")
    # Lazy images are asked for when they come near.
    page.evaluate(
        """async () => {
            for (const image of document.images) { image.loading = "eager"; }
            await Promise.all([...document.images].map(image => image.decode()));
        }"""
    )
    assert seen.troubles == []
    assert seen.hosts == {"127.0.0.1"}
    formulas = page.locator("article .math")
    assert page.locator("article .math:has(.katex)").count() == formulas.count()
    assert page.locator(".katex-error").count() == 0
    # A thumbnail stands beside its script's title and says nothing more; the theme's own images,
    # in _static, are as large as its style sheet says.
    for source, alt, width, height in page.evaluate(
        "[...document.querySelectorAll('article img:not(.sphx-glr-thumbcontainer img)')].map("
        "i => [i.getAttribute('src'), i.alt, i.getAttribute('width'), i.getAttribute('height')])"
    ):
        assert alt.strip(), source
        if "_images/" in source:
            assert int(width) > 0, source
            assert int(height) > 0, source


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [*LECTURES, *SCRIPTS, "index.html", "gallery/index.html"])
def test_page_fits_a_phone_in_both_schemes(
    browser: Browser, address: str, name: str, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    hidden = "dark" if scheme == "light" else "light"
    for image in page.locator(f"article img.only-{hidden}").all():
        expect(image).to_be_hidden()
    for image in page.locator(f"article img.only-{scheme}:not(.film-still)").all():
        expect(image).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_film_plays_on_the_screen_and_stands_still_on_paper(
    browser: Browser, address: str, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/gallery/convexity/chord_and_tangent.html")
    film, still = page.locator("video.film"), page.locator("img.film-still")
    expect(film).to_have_count(1)
    expect(film).to_be_visible()
    for image in still.all():
        expect(image).to_be_hidden()
    film.evaluate("film => film.play()")
    page.wait_for_function("() => document.querySelector('video.film').currentTime > 0.1")
    page.emulate_media(media="print")
    expect(film).to_be_hidden()
    assert sum(image.is_visible() for image in still.all()) == 1
    context.close()


def test_search_finds_a_lecture(page: Page, address: str) -> None:
    page.goto(f"{address}/search.html?q=adjoint")
    expect(page.locator("#search-results li a").first).to_be_visible()
    found = page.locator("#search-results li a").all_inner_texts()
    assert any("reverse" in title.lower() for title in found)


def test_theme_switch_turns_the_page_dark(page: Page, address: str) -> None:
    page.goto(f"{address}/index.html")
    for _ in range(3):
        page.locator("button.theme-toggle:visible").first.click()
        if page.locator("body").get_attribute("data-theme") == "dark":
            break
    assert page.locator("body").get_attribute("data-theme") == "dark"


def test_code_cells_have_copy_buttons(page: Page, address: str) -> None:
    page.goto(f"{address}/{LECTURES[0]}")
    assert page.locator("article div.highlight button.copybtn").count() > 0


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_is_offered_for_download(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}")
    stem = Path(name).stem
    for ending in ("py", "ipynb", "zip"):
        link = page.locator(f"a.download[href$='/{stem}.{ending}']").first
        with page.expect_download() as offered:
            link.evaluate("a => { a.download = ''; a.click(); }")
        assert offered.value.suggested_filename == f"{stem}.{ending}"


def test_ledger_page_and_data_agree(page: Page, address: str) -> None:
    claims = json.loads((SITE / "verification.json").read_text(encoding="utf-8"))
    assert {tuple(sorted(claim)) for claim in claims} == {
        ("atol", "expected", "observed", "page", "relation", "rtol", "statement")
    }
    page.goto(f"{address}/reference/ledger.html")
    assert page.locator("table.ledger tbody tr").count() == len(claims)


def test_every_executed_page_has_claims_and_seconds() -> None:
    claims = json.loads((SITE / "verification.json").read_text(encoding="utf-8"))
    build = json.loads((SITE / "build.json").read_text(encoding="utf-8"))
    claiming = {claim["page"] for claim in claims}
    assert claiming == set(build["seconds"])
    assert claiming >= {name.removesuffix(".html") for name in (*LECTURES, *SCRIPTS)}


def test_home_page_says_in_one_screen_where_to_begin(page: Page, address: str) -> None:
    page.goto(f"{address}/index.html")
    cards = page.locator(".start-here .sd-card")
    expect(cards).to_have_count(4)
    drawn = page.locator("svg.course-map a")
    assert drawn.count() == len(LECTURES)
    assert (
        page.evaluate("document.querySelector('svg.course-map').getBoundingClientRect().bottom")
        < 900
    )
    page.locator(".course-list summary").click()
    listed = page.locator(".course-list li > p > a:first-child")
    assert {link.get_attribute("href") for link in listed.all()} == {
        link.get_attribute("href") for link in drawn.all()
    }


def test_gallery_shows_the_scripts_with_the_chosen_tag(page: Page, address: str) -> None:
    page.goto(f"{address}/gallery/index.html")
    scripts = page.locator(".sphx-glr-thumbcontainer")
    assert scripts.count() == len(SCRIPTS)
    assert all(script.is_visible() for script in scripts.all())
    page.get_by_label("film", exact=True).check(force=True)
    films = page.locator(".sphx-glr-thumbcontainer[data-sgtags*='\"film\"']")
    assert 0 < films.count() < len(SCRIPTS)
    assert sum(script.is_visible() for script in scripts.all()) == films.count()
    page.get_by_label("all", exact=True).check(force=True)
    assert all(script.is_visible() for script in scripts.all())


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_names_its_lecture_and_what_it_uses(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}")
    assert page.locator("article a[href*='/lectures/']").count() > 0
    used = page.locator("article p", has_text="From the package:").last
    assert used.locator("a[href*='/reference/api/']").count() > 0
    assert page.locator("article a.sphinx-codeautolink-a").count() > 0


def test_entry_of_the_package_names_its_users(page: Page, address: str) -> None:
    page.goto(f"{address}/reference/api/loop.html")
    users = page.locator("details.uses", has_text="Used in").first
    assert users.locator("a[href*='/lectures/']").count() > 0
    assert users.locator("a[href*='/gallery/']").count() > 0
