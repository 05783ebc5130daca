"""The search finds what readers type: signs, names, labels; its results lead to what they name."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
AMONG = 5
"""How many results a reader looks at."""

FOUND = {
    "minimize_many": "reference/api/multistart.html#steepest.multistart.minimize_many",
    "steepest.loop.minimize": "reference/api/loop.html#steepest.loop.minimize",
    "∇": "reference/notation.html#sign-nabla-f-x",
    "∇f": "reference/notation.html#sign-nabla-f-x",
    r"\nabla": "reference/notation.html",
    "nabla": "reference/notation.html#sign-nabla-f-x",
    "gradient": "reference/glossary.html#term-gradient",
    "α": "reference/notation.html#sign-x-k-d-k-alpha-k",
    "λ": "reference/notation.html#sign-lambda-i-a-sigma-i-a",
    "‖x‖": "reference/notation.html#sign-lvert-x-rvert",
    "κ": "reference/notation.html#sign-kappa-l-mu",
    "∂f/∂x": "reference/notation.html#sign-j-partial-f-partial-x",
    "ℝ": "reference/notation.html#sign-x-y-in-mathbb-r-n",
    "condition number": "reference/glossary.html#term-condition-number",
    "log-sum-exp": "reference/identities.html#identity-log-sum-exp",
    "logsumexp": "reference/identities.html",
    "trace of a product": "reference/identities.html#identity-trace-of-a-product",
    "log det": "reference/identities.html#identity-log-determinant",
    "logdet": "reference/identities.html#identity-log-determinant",
    "gradient of log det": "reference/identities.html#identity-log-determinant",
    "bibtex": "teach.html",
    "log determinant": "reference/identities.html#identity-log-determinant",
    "det": "lectures/matrix-calculus.html",
    "Rosenbrock": "reference/api/problems.html#steepest.problems.rosenbrock",
    "Jensen": "lectures/jensen-and-examples.html",
    "Cauchy–Schwarz": "lectures/convex-sets.html",
    "Nesterov": "lectures/conditioning-and-momentum.html#theorem-6-nesterov-convex",
    "Zoutendijk": "lectures/gradient-descent.html#theorem-zoutendijk",
    "heavy ball": "lectures/conditioning-and-momentum.html#the-heavy-ball",
    "KKT": "lectures/constraints.html#karush-kuhn-and-tucker",
    "Lipschitz": "reference/glossary.html#term-Lipschitz-constant",
    "Armijo": "lectures/gradient-descent.html#backtracking-until-armijo-is-content",
    "why does Adam fail": "lectures/stochastic-gradients.html#adam-failure",
    "O(1/k)": "lectures/rates.html",
    "Theorem 7 (Polyak–Łojasiewicz)": "lectures/rates.html#theorem-7-polyaklojasiewicz",
    "M13": "lectures/hessians-and-newton.html#item-m-13",
    "erratum 33": "lectures/gradient-descent-at-work.html#erratum-33",
    "ex-gd-3": "lectures/gradient-descent.html#ex-gd-3",
    "convex_descent": "gallery/gradient_descent/convex_descent.html",
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def results(page: Page, address: str, query: str) -> list[str]:
    """Return where the first results lead, as paths in the site."""
    page.goto(f"{address}/search.html?q={quote(query)}")
    expect(page.locator("#search-results h2")).to_have_text("Search Results", timeout=30_000)
    links = page.locator("#search-results li > a").evaluate_all(
        f"links => links.slice(0, {AMONG}).map(link => link.href)"
    )
    return [link.removeprefix(f"{address}/") for link in links]


@pytest.mark.parametrize("query", FOUND)
def test_query_leads_to_its_page(page: Page, address: str, query: str) -> None:
    wrong: list[str] = []
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    found = results(page, address, query)
    wanted = FOUND[query]
    assert wanted in (found if "#" in wanted else [place.split("#")[0] for place in found])
    assert wrong == []
    for place in map(urlsplit, found):
        text = (SITE / place.path).read_text(encoding="utf-8")
        assert not place.fragment or f'id="{place.fragment}"' in text, place


def test_a_result_leads_to_the_section_that_has_the_words(page: Page, address: str) -> None:
    wanted = "lectures/rates.html#with-strong-convexity-a-fixed-factor"
    assert wanted in results(page, address, "strong convexity fixed factor proof")
    page.locator(f"#search-results a[href$='{urlsplit(wanted).fragment}']").first.click()
    expect(page.locator("span.highlighted")).to_have_count(0)
    assert page.evaluate("localStorage.getItem('sphinx_highlight_terms')") is None


def test_the_query_can_be_changed_where_its_results_are(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    results(page, address, "nabla")
    box = page.locator(".search-again input")
    expect(box).to_have_value("nabla")
    box.fill("Rosenbrock")
    box.press("Enter")
    expect(page.locator("#search-results li").first).to_contain_text(re.compile("rosenbrock", re.I))


def test_what_is_quoted_from_a_page_has_each_formula_once(page: Page, address: str) -> None:
    results(page, address, "‖x‖")
    quoted = page.locator("#search-results li .context").first
    expect(quoted).to_have_text(re.compile(r"^\s*‖x\s*‖\s+Euclidean norm"))


def test_nothing_is_found_where_nothing_is(page: Page, address: str) -> None:
    assert results(page, address, "zzzyzx") == []
    assert results(page, address, "⊛") == []
