"""Every page of the built site, as a reader's browser sees it."""

import json
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, ViewportSize, expect
from reader import (
    LECTURES,
    PAGES,
    SCRIPTS,
    SITE,
    VIOLATIONS,
    Seen,
    faults,
    source,
    violations,
    visit,
)

pytestmark = pytest.mark.browser

SLOW = 120_000
"""Milliseconds that a page may take on a busy machine; the ledger has thousands of rows."""

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    context.add_init_script(VIOLATIONS)
    context.set_default_timeout(SLOW)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, color_scheme="dark", reduced_motion="reduce")
    context.set_default_timeout(SLOW)
    yield context.new_page()
    context.close()


def test_there_are_pages() -> None:
    assert len(LECTURES) >= 2
    assert len(SCRIPTS) >= 4


@pytest.mark.parametrize("name", PAGES)
def test_policy_comes_first(name: str) -> None:
    head = source(name).split("</head>")[0]
    assert head.count('http-equiv="Content-Security-Policy"') == 1
    assert head.index("Content-Security-Policy") < head.index("<link")
    assert not re.search(r"<[^>]+\son[a-z]+=", source(name)), "an event handler inside the page"


@pytest.mark.parametrize("name", PAGES)
def test_an_anchor_stands_once(name: str) -> None:
    anchors = Counter(re.findall(r'<[a-z][^<>]* id="([^"]+)"', source(name)))
    assert [anchor for anchor, times in anchors.items() if times > 1] == []


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("reference/api/")])
def test_errors_come_last_in_an_entry(name: str) -> None:
    entries = BeautifulSoup(source(name), "html.parser").select("dl.field-list")
    for entry in entries:
        heads = [head.get_text(strip=True) for head in entry.find_all("dt", recursive=False)]
        assert "Raises:" not in heads[:-1], heads


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole_on_screen_phone_and_paper(page: Page, address: str, name: str) -> None:
    # One visit for all of it: a browser takes longer to open a lecture than to answer.
    seen = Seen(page)
    visit(page, f"{address}/{name}")
    check_formulas(page)
    check_pictures(page)
    assert shown(page) == (0, 0)
    fold(page, folded=False)
    check_code(page)
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    check_phone(page)
    fold(page, folded=True)  # on paper folded text is unfolded
    page.set_viewport_size({"width": 680, "height": 900})  # an A4 page between its margins
    page.emulate_media(media="print")
    check_paper(page)
    page.set_viewport_size(WIDE)
    page.emulate_media(media="screen")
    page.evaluate("document.querySelector('button.theme-toggle').click()")
    assert page.evaluate("document.body.dataset.theme") in {"dark", "light"}
    assert violations(page) == []
    assert seen.troubles == []
    assert seen.hosts == {"127.0.0.1"}


def fold(page: Page, *, folded: bool) -> None:
    """Fold or unfold all that can be."""
    page.evaluate(
        "open => document.querySelectorAll('details').forEach(box => { box.open = open; })",
        not folded,
    )


def check_formulas(page: Page) -> None:
    """Every formula is set."""
    unset = page.evaluate(
        """[...document.querySelectorAll("article .math, .katex-error")].filter(formula =>
            !formula.querySelector(".katex")).map(formula => formula.textContent)"""
    )
    assert unset == []


def check_code(page: Page) -> None:
    """On a wide page no line of a lecture's or a script's code runs out of its box."""
    cut = page.evaluate(
        """[...document.querySelectorAll("article :is(.cell_input, .highlight-Python) pre")].filter(
            code => code.scrollWidth > code.clientWidth + 1).map(code => code.textContent)"""
    )
    assert cut == []


def check_pictures(page: Page) -> None:
    """Every picture has a text and a size.

    A thumbnail stands beside its script's title and says nothing more; the theme's own images, in
    ``_static``, are as large as its style sheet says.
    """
    for picture, alt, width, height in page.evaluate(
        "[...document.querySelectorAll('article img:not(.sphx-glr-thumbcontainer img)')].map("
        "i => [i.getAttribute('src'), i.alt, i.getAttribute('width'), i.getAttribute('height')])"
    ):
        assert alt.strip(), picture
        if "_images/" in picture:
            assert int(width) > 0, picture
            assert int(height) > 0, picture


def shown(page: Page, scheme: str = "light") -> tuple[int, int]:
    """Count the pictures for another scheme that are seen, and those for this one that are not."""
    other = {"light": "dark", "dark": "light"}[scheme]
    wrong, missing = page.evaluate(
        f"""["only-{other}", "only-{scheme}:not(.film-still)"].map((kind, k) =>
            [...document.querySelectorAll(`article img.${{kind}}`)].filter(image =>
                (image.checkVisibility() ? 1 : 0) === (k ? 0 : 1)
                && !image.closest("details:not([open])")).length)"""
    )
    return wrong, missing


UNTOLD = """() => {
    const boxes = [...document.querySelectorAll("article :is(pre, div, span.wide-figure)")];
    const scrolls = box => /auto|scroll/.test(getComputedStyle(box).overflowX)
        && box.scrollWidth > box.clientWidth && box.checkVisibility();
    const named = box => box.tabIndex === 0 && box.getAttribute("aria-label");
    return [
        boxes.filter(box => scrolls(box) && !named(box)).map(box => box.className),
        boxes.filter(box => box.tabIndex === 0 && !/auto|scroll/.test(
            getComputedStyle(box).overflow)).map(box => box.className),
    ];
}"""
"""Boxes that scroll and do not say so, and boxes that say so and do not."""


def check_phone(page: Page) -> None:
    """The page fits a phone in the dark; what is wider scrolls in a box of its own, by keyboard."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert shown(page, "dark") == (0, 0)
    letters_too_small = page.evaluate(
        """[...document.querySelectorAll(".wide-figure img")].filter(
            image => image.checkVisibility() && image.clientWidth < 430).length"""
    )
    assert letters_too_small == 0
    for _ in range(30):  # boxes are measured when their sizes change
        page.wait_for_timeout(100)
        mute, still = page.evaluate(UNTOLD)
        if not mute and not still:
            break
    assert mute == []
    assert still == []


def check_paper(page: Page) -> None:
    """All of the text is on paper, and nothing but the text."""
    around = page.evaluate(
        """[...document.querySelectorAll(
            ".sidebar-drawer, .toc-drawer, .mobile-header, button.copybtn")].filter(thing =>
            thing.checkVisibility()).map(thing => thing.className)"""
    )
    assert around == []
    folded = page.evaluate(
        """[...document.querySelectorAll("article details > :not(summary)")].filter(
            part => part.getBoundingClientRect().height === 0
                && !part.matches(".film-still, .only-dark")).map(part => part.className)"""
    )
    assert folded == []
    cut = page.evaluate(
        """[...document.querySelectorAll("article :is(pre, img, table)")].filter(box =>
            box.getBoundingClientRect().right > innerWidth + 1)
            .map(box => box.outerHTML.slice(0, 90))"""
    )
    assert cut == []


# Axe takes ten seconds and more on a page with formulas: here some pages of each kind stand for
# all, which have a session of their own.
KINDS = [
    *("index.html", "404.html", "search.html", "teach.html", "gallery/index.html"),
    *("gallery/convexity/chord_and_tangent.html", "reference/api/loop.html"),
    *("reference/reading-a-trace.html", "reference/parity.html"),
    min(LECTURES, key=lambda name: len(source(name)), default=""),
]


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in KINDS else pytest.mark.every) for name in PAGES],
)
def test_axe_finds_no_fault(page: Page, phone: Page, address: str, name: str) -> None:
    # Light on a wide page, dark on a phone: both layouts, at the cost of two runs.
    visit(page, f"{address}/{name}")
    assert faults(page) == []
    visit(phone, f"{address}/{name}")
    fold(phone, folded=False)
    check_phone(phone)
    assert faults(phone) == []


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
    found = page.locator("#search-results li a", has_text=re.compile("reverse", re.IGNORECASE))
    expect(found.first).to_be_visible()


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
    page.set_viewport_size(PHONE)
    first = page.locator("svg.course-map a[href='lectures/convex-sets.html'] rect")
    assert first.evaluate("box => box.getBoundingClientRect().right") < PHONE["width"]


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
def test_script_names_its_lecture_and_what_it_uses(name: str) -> None:
    article = BeautifulSoup(source(name), "html.parser").article
    assert article is not None
    assert article.select("a[href*='/lectures/']")
    used = [p for p in article.select("p") if p.get_text().startswith("From the package:")]
    assert used[-1].select("a[href*='/reference/api/']")
    assert article.select("a.sphinx-codeautolink-a")


def test_entry_of_the_package_names_its_users(page: Page, address: str) -> None:
    page.goto(f"{address}/reference/api/loop.html")
    users = page.locator("details.uses", has_text="Used in").first
    assert users.locator("a[href*='/lectures/']").count() > 0
    assert users.locator("a[href*='/gallery/']").count() > 0
