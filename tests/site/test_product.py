"""The site as a product: safe, found, readable by everybody, the same on paper, light."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from reader import LECTURES, PAGES, SITE, VIOLATIONS, source, violations, visit

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(VIOLATIONS)
    yield context.new_page()
    context.close()


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
    page.goto(f"{address}/{LECTURES[0]}")
    button = page.locator("article button.copybtn").first
    button.evaluate("button => button.click()")
    expect(button).to_have_class(re.compile("success"))
    assert violations(page) == []
    page.goto(f"{address}/search.html?q=gradient")
    expect(page.locator("#search-results li a").first).to_be_visible()
    assert violations(page) == []
    context.close()


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("article div.math:not(:has(.tag))", "$${}$$"),
        ("article div.math:has(.tag)", r"\begin{{equation*}}{}\end{{equation*}}"),
        ("article p > .math", "${}$"),
    ],
)
def test_a_formula_is_copied_whole_and_as_latex(
    browser: Browser, address: str, formula: str, wanted: str
) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/lectures/rates.html")
    page.evaluate(
        """formula => {
            const sign = document.querySelector(`${formula} .katex-html .mord`);
            getSelection().selectAllChildren(sign);
        }""",
        formula,
    )
    page.keyboard.press("Control+C")
    latex = page.locator(f"{formula} annotation").first.text_content()
    assert page.evaluate("navigator.clipboard.readText()") == wanted.format(latex)
    context.close()


def test_a_sentence_is_copied_with_its_formulas(browser: Browser, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/lectures/rates.html")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('p:has(.katex)'))")
    page.keyboard.press("Control+C")
    copied = page.evaluate("navigator.clipboard.readText()")
    latex = page.locator("p:has(.katex)").first.locator("annotation").all_text_contents()
    assert re.findall(r"\$([^$]+)\$", copied) == latex
    assert "\n\n" not in copied
    context.close()


def test_a_lecture_says_how_it_is_cited(page: Page, address: str) -> None:
    for name in LECTURES:
        entry = re.search(r"(?s)<details class=\"cite\">.*?<pre>(.*?)</pre>", source(name))
        title = re.search(r"(?s)<h1>(.*?)<", source(name))
        assert entry is not None
        assert title is not None
        assert f"{{{{{title[1]}}}}}" in entry[1]


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


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_stop_leads_to_the_content(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/{LECTURES[0]}")
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
    page.goto(f"{address}/{LECTURES[0]}")
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


MOVING = """[...document.querySelectorAll("*")].filter(element => {
    const style = getComputedStyle(element);
    return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none";
}).length"""


def test_motion_is_reduced_for_who_asks(browser: Browser, address: str) -> None:
    moving = {}
    for asked in ("no-preference", "reduce"):
        page = browser.new_page(reduced_motion=asked)
        page.goto(f"{address}/{LECTURES[0]}")
        moving[asked] = page.evaluate(MOVING)
        page.close()
    assert moving["no-preference"] > 0
    assert moving["reduce"] == 0


def test_a_jump_is_no_journey(page: Page, address: str) -> None:
    page.goto(f"{address}/{LECTURES[0]}")
    behaviours = """[...document.querySelectorAll("*")].map(
        element => getComputedStyle(element).scrollBehavior)"""
    assert set(page.evaluate(behaviours)) == {"auto"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_no_sheet_or_script_in_vain(name: str) -> None:
    text = source(name)
    body = text.split("<body>")[1].split("<script src=")[0]
    for file, mark in {
        "katex.min.css": 'class="katex',
        "copy-formulas.js": 'class="katex',
        "mystnb.": "cell_input",
        "sphinx-design.min.css": "sd-",
        "copybutton.js": 'class="highlight',
        "sg_gallery.css": "sphx-glr",
        "design-tabs.js": "sd-tab-set",
        "sg_gallery-binder.css": "binder-badge",
    }.items():
        assert (file in text.replace(body, "")) == (mark in body), file
