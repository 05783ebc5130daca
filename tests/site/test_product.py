"""The site as a product: safe, found, readable by everybody, the same on paper, light."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import redirects

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"
PAGES = [
    str(path.relative_to(SITE))
    for path in sorted(SITE.rglob("*.html"))
    if not path.relative_to(SITE).parts[0].startswith("_")
    and path.relative_to(SITE).with_suffix("").as_posix() not in redirects.read()
]
LECTURE = next(name for name in PAGES if name.startswith("lectures/"))
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event =>
    violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
FAULTS = """async () => {
    // What KaTeX draws is hidden from speech, which reads its MathML: thousands of boxes less.
    const found = await axe.run({exclude: [".katex-html"]}, {resultTypes: ["violations"]});
    return found.violations.flatMap(rule => rule.nodes
        // A head that is a formula is MathML, which axe does not take for text.
        .filter(node => rule.id !== "empty-table-header"
            || !document.querySelector(node.target[0]).querySelector("math"))
        .map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}"""


def source(name: str) -> str:
    return (SITE / name).read_text(encoding="utf-8")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(VIOLATIONS)
    yield context.new_page()
    context.close()


def visit(page: Page, address: str) -> None:
    """Open a page, and wait until its fonts are there and its boxes were measured."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.evaluate(
        """async () => {
            await document.fonts.ready;
            for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
        }"""
    )


def violations(page: Page) -> list[str]:
    return page.evaluate("violations")


@pytest.mark.parametrize("name", PAGES)
def test_page_works_under_its_policy(page: Page, address: str, name: str) -> None:
    text = source(name)
    head = text[: text.index("</head>")]
    assert head.count('http-equiv="Content-Security-Policy"') == 1
    assert head.index("Content-Security-Policy") < head.index("<link")
    assert not re.search(r"<[^>]+\son[a-z]+=", text), "an event handler inside the page"
    troubles: list[str] = []
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.goto(f"{address}/{name}", wait_until="load")
    page.locator("button.theme-toggle:visible").first.click()
    assert page.locator("body").get_attribute("data-theme") in {"dark", "light"}
    for details in page.locator("details:not([open]) > summary").all()[:3]:
        details.evaluate("summary => summary.click()")
    assert violations(page) == []
    assert troubles == []


def test_the_policy_stops_a_foreign_script(page: Page, address: str) -> None:
    page.goto(f"{address}/index.html")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.foreign = true";
            document.body.append(script);
        }"""
    )
    assert page.evaluate("window.foreign") is None
    assert len(violations(page)) == 1


def test_a_copy_button_and_a_search_work_under_the_policy(browser: Browser, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    page.goto(f"{address}/{LECTURE}")
    button = page.locator("article button.copybtn").first
    button.evaluate("button => button.click()")
    expect(button).to_have_class(re.compile("success"))
    assert violations(page) == []
    page.goto(f"{address}/search.html?q=gradient")
    expect(page.locator("#search-results li a").first).to_be_visible()
    assert violations(page) == []
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_head_says_what_the_page_is(name: str) -> None:
    head = source(name).split("</head>")[0]
    assert head.count('name="viewport"') == 1
    assert len(re.findall(r'property="og:title" content="[^"]+"', head)) == 1
    assert len(re.findall(r'property="og:image" content="http[^"]+/_static/site.png"', head)) == 1
    assert head.count('type="application/atom+xml"') == 1
    assert head.count('rel="canonical"') == (name != "404.html")
    if name.startswith(("lectures/", "index")):
        assert len(re.findall(r'name="description" content="[^"]{20,}"', head)) == 1


def test_lists_name_every_page_once() -> None:
    namespace = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    listed = [
        str(element.text)
        for element in ElementTree.parse(SITE / "sitemap.xml").iter(f"{namespace}loc")
    ]
    assert len(set(listed)) == len(listed)
    begin = listed[0][: -len(next(name for name in PAGES if listed[0].endswith(f"/{name}")))]
    generated = {"404.html", "genindex.html", "py-modindex.html", "search.html"}
    assert {location.removeprefix(begin) for location in listed} == set(PAGES) - generated
    assert f"Sitemap: {begin}sitemap.xml" in source("robots.txt")
    outline = re.findall(r"^- \[[^\n]+\]\((\S+)\)", source("llms.txt"), re.MULTILINE)
    assert set(outline) == set(listed) - {f"{begin}index.html"}
    assert len(set(outline)) == len(outline)


def test_the_feed_tells_the_changes() -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.parse(SITE / "feed.xml").getroot()
    assert feed.findtext(f"{atom}updated")
    assert [entry.findtext(f"{atom}title") for entry in feed.findall(f"{atom}entry")]


@pytest.mark.parametrize("depth", ["/no.html", "/lectures/no/such/page.html"])
def test_the_missing_page_is_whole_at_any_depth(page: Page, address: str, depth: str) -> None:
    # A host shows it in place of what is missing; here the browser is made to believe so.
    lost: list[str] = []
    page.on("response", lambda answer: answer.status >= 400 and lost.append(answer.url))
    page.route(f"{address}{depth}", lambda route: route.fulfill(path=SITE / "404.html", status=200))
    visit(page, f"{address}{depth}")
    expect(page.locator("h1")).to_have_text("Page not found")
    assert page.locator("article").evaluate("a => getComputedStyle(a).fontFamily") != ""
    page.locator("article a").first.click()
    assert page.url == f"{address}/index.html"
    assert lost == []
    assert violations(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_foot_tells_what_the_page_was_made_from(name: str) -> None:
    build = json.loads(source("build.json"))
    foot = source(name).split('<div class="colophon">')[1]
    for fact in (build["commit"], build["device"], build["versions"]["torch"]):
        assert fact in foot
    assert "Last updated on" not in source(name)
    assert "BSD-3-Clause" in source(name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault(browser: Browser, address: str, name: str, scheme: str) -> None:
    # Dark on a narrow page, light on a wide one: both layouts, at the cost of two runs.
    width = 1280 if scheme == "light" else 390
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    page = context.new_page()
    visit(page, f"{address}/{name}")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(FAULTS) == []
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_stop_leads_to_the_content(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/{LECTURE}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to content"
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"
    page.keyboard.press("Enter")
    assert page.url.endswith("#furo-main-content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('article, footer, .toc-drawer') !== null")
    context.close()


def test_drawers_open_and_close_by_keyboard(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{address}/{LECTURE}")
    button = page.get_by_role("button", name="Toggle site navigation sidebar")
    expect(page.locator(".sidebar-search")).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sidebar-search")).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    assert page.evaluate("document.activeElement.closest('.sidebar-drawer') !== null")
    page.keyboard.press("Escape")
    expect(page.locator(".sidebar-search")).to_be_hidden()
    expect(button).to_be_focused()
    context.close()


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("lectures/")])
def test_what_scrolls_is_reached_and_named(browser: Browser, address: str, name: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    visit(page, f"{address}/{name}")
    for details in page.locator("article details").all():
        details.evaluate("details => { details.open = true; }")
    page.wait_for_timeout(200)
    scrolling, mute, still = page.evaluate(
        """() => {
            const boxes = [...document.querySelectorAll("article :is(pre, div)")];
            const scrolls = box => /auto|scroll/.test(getComputedStyle(box).overflowX)
                && box.scrollWidth > box.clientWidth && box.checkVisibility();
            const named = box => box.tabIndex === 0 && box.getAttribute("aria-label");
            return [
                boxes.filter(scrolls).length,
                boxes.filter(box => scrolls(box) && !named(box)).map(box => box.className),
                boxes.filter(box => box.tabIndex === 0 && !/auto|scroll/.test(
                    getComputedStyle(box).overflow)).map(box => box.className),
            ];
        }"""
    )
    assert scrolling > 0
    assert mute == []
    assert still == []
    context.close()


def test_motion_is_reduced_for_who_asks(browser: Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/{LECTURE}")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    moving = page.evaluate(
        """[...document.querySelectorAll("*")].filter(element =>
            parseFloat(getComputedStyle(element).transitionDuration) > 0).length"""
    )
    assert moving == 0
    context.close()


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("lectures/")])
def test_paper_holds_the_text_and_all_of_it(page: Page, address: str, name: str) -> None:
    visit(page, f"{address}/{name}")
    page.set_viewport_size({"width": 680, "height": 900})  # an A4 page between its margins
    page.emulate_media(media="print")
    for selector in (".sidebar-drawer", ".toc-drawer", ".mobile-header", "button.copybtn"):
        for thing in page.locator(selector).all():
            expect(thing).to_be_hidden()
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


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_no_sheet_or_script_in_vain(name: str) -> None:
    text = source(name)
    body = text.split("<body>")[1].split("<script src=")[0]
    for file, mark in {
        "katex.min.css": 'class="katex',
        "mystnb.": "cell_input",
        "sphinx-design.min.css": "sd-",
        "copybutton.js": 'class="highlight',
        "sg_gallery.css": "sphx-glr",
        "design-tabs.js": "sd-tab-set",
        "sg_gallery-binder.css": "binder-badge",
    }.items():
        assert (file in text.replace(body, "")) == (mark in body), file
