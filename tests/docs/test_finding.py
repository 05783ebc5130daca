"""Signs and places are found by what a reader types."""

import json
import re
import subprocess

import pytest
from docutils import nodes

import formulas
from finding import FOUND, SCRIPT, English, labels, names, places, shown, signs, statement, words

WORDS = {
    r"\nabla f(x)": ["nabla", "∇", "f", "x"],
    "∇f und ‖x‖": ["∇", "f", "und", "‖", "x", "‖"],
    r"\lVert x\rVert": ["lVert", "‖", "x", "rVert", "‖"],
    r"2\kappa": ["2", "kappa", "κ"],
    "2κ": ["2", "κ"],
    r"X^{-1}": ["X", "⁻¹", "1"],
    "X⁻¹, x²": ["X", "⁻¹", "x"],
    r"A^\top": ["A", "ᵀ", "top", "ᵀ"],
    r"\mathbb{R}^n": ["ℝ", "mathbb", "R", "n"],
    r"O(1/k), \frac1k": ["O", "1/k", "1/k", "frac", "1k"],
    "1/kg": ["1", "kg"],
    "log-sum-exp": ["logsumexp"],
    "minimize_many, Łojasiewicz’s": ["minimize_many", "Łojasiewicz", "s"],
}


@pytest.mark.parametrize("text", WORDS)
def test_words_of_a_text(text):
    assert words(text) == WORDS[text]
    assert English({}).split(text) == WORDS[text]


QUERIES = {
    "∇f": ["∇"],
    r"\nabla": ["nabla"],
    "‖x‖": ["‖", "‖"],
    "X⁻¹": ["⁻¹"],
    "x": ["x"],
    "O(1/k)": ["1/k"],
    "1/kg": ["1", "kg"],
    "log-sum-exp": ["logsumexp"],
    "logdet": ["log", "det"],
    "ex-gd-3": ["ex", "gd", "3"],
    "Cauchy–Schwarz": ["Cauchy", "Schwarz"],
    "steepest.loop.minimize": ["steepest", "loop", "minimize"],
    "trace of a product": ["trace", "of", "product"],
    "": [],
}


def test_queries_are_taken_apart_as_texts_are():
    program = f"""
        const Scorer = {{}}, DOCUMENTATION_OPTIONS = {{}};
        const Search = {{output: {{}}, _index: {{
            docnames: ["lectures/a", "gallery/b"],
            alltitles: {{"B": [[1, null]], "A": [[0, null]], "Strongly convex": [[0, "s"]]}},
        }}}};
        const location = {{search: "?q=the+strong+convexity"}}, stopwords = new Set(["the"]);
        class Stemmer {{
            stemWord(word) {{ return word.replace(/ity$/, ""); }}
        }}
        {English({}).js_splitter_code}
        console.log(JSON.stringify([
            {json.dumps(list(QUERIES))}.map(splitQuery),
            [["lectures/a", "title", 10], ["gallery/b", "title", 10],
             ["lectures/a", "text", 15], ["gallery/b", "text", 15]]
                .map(([page, kind, score]) => Scorer.score([page, 0, 0, 0, score, 0, kind])),
            [0, 9, 10].map(count => {{
                Search.output.childElementCount = count;
                return DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY;
            }}),
        ]));
    """
    ran = subprocess.run(
        [str(formulas._node()), "-e", program], capture_output=True, text=True, check=True
    )
    found, scores, quoted = json.loads(ran.stdout)
    assert found == list(QUERIES.values())
    assert scores == [20.5, 20, 17.5, 15]
    assert quoted == [True, True, False]


def test_script_takes_its_signs_from_the_index():
    code = English({}).js_splitter_code
    (given,) = re.findall(r"^const signs = (.*);$", code, re.MULTILINE)
    assert json.loads(given) == FOUND
    assert not set("∇∂‖ℝακλ∈≤⪰⊗ᵀ") - set(FOUND)
    assert not any(sign.isascii() for sign in FOUND)
    assert '"FOUND"' in SCRIPT.read_text(encoding="utf-8")


SHOWN = {
    r"\nabla^2 f(x)": "∇² f(x)",
    r"\lVert x \rVert": "‖x‖",
    r"J = \partial f / \partial x": "J = ∂f/∂x",
    r"x \in \mathbb{R}^n": "x ∈ ℝ^n",
    r"A^{-\top}": "A⁻ᵀ",
    r"\operatorname{tr} A": "tr A",
    r"\det A": "det A",
    r"\unknown x": None,
}


@pytest.mark.parametrize("latex", SHOWN)
def test_formula_as_it_shows(latex):
    assert shown(latex) == SHOWN[latex]


def test_an_identity_is_found_by_what_readers_call_it():
    assert list(names("Log determinant")) == [
        "Log determinant",
        "log det",
        "logdet",
        "gradient of log determinant",
        "derivative of log determinant",
        "gradient of log det",
        "derivative of log det",
    ]
    assert list(names("Trace of a product")) == [
        "Trace of a product",
        "gradient of trace of a product",
        "derivative of trace of a product",
    ]


LABELS = {
    "ex-gd-3": ["ex-gd-3"],
    "erratum-01": ["erratum-01", "Erratum 1"],
    "erratum-b2": ["erratum-b2", "Erratum B2"],
    "item-m-13": ["M13"],
    "item-l1-4-2": ["L1.4.2"],
    "item-b-step": [],
    "rates": [],
}


@pytest.mark.parametrize("name", LABELS)
def test_labels(name):
    assert list(labels(name)) == LABELS[name]


STATEMENTS = {
    "Theorem 3 (Convex)": ["Theorem 3", "Convex"],
    "Theorem (Zoutendijk)": ["Zoutendijk"],
    "Lemma 1": ["Lemma 1"],
    r"Theorem 2 (a sweep gives J^\top u)": ["Theorem 2", "a sweep gives Jᵀ u"],
    "After this page you can": [],
}


@pytest.mark.parametrize("title", STATEMENTS)
def test_statement(title):
    assert statement(title) == STATEMENTS[title]


def test_signs_of_a_row():
    assert signs([r"\nabla f(x)", r"\kappa = L/\mu"]) == [
        *("∇f(x)", "∇f", "∇", "nabla"),
        *("κ = L/μ", "κ", "μ", "kappa", "mu"),
    ]


def box(title, *names):
    return nodes.admonition("", nodes.title("", title), ids=list(names))


def table(head):
    def row(cell):
        return nodes.row("", nodes.entry("", nodes.paragraph("", "", cell)), nodes.entry())

    group = nodes.tgroup("", cols=2)
    group += nodes.thead("", row(nodes.Text(head)))
    group += nodes.tbody("", row(nodes.math("", r"\nabla f(x)")))
    return nodes.table("", group)


def test_places_have_titles_and_anchors_of_their_own():
    theorem, again, named = box("Theorem 1 (A)"), box("Theorem 1 (A)"), box("Lemma 2", "lem")
    other, sign = box("Note"), table("sign")
    identity = nodes.rubric("", "Trace", ids=["identity-trace"], classes=["identity"])
    exercise = nodes.section("", nodes.title("", "Exercise 1"), ids=["exercise-1", "ex-gd-1"])
    document = nodes.document(None, None)
    document += [theorem, again, named, other, sign, table("thing"), identity, exercise]
    found = list(places(document))
    assert found == [
        *((title, "theorem-1-a") for title in ("Theorem 1", "A")),
        *((title, "theorem-1-a-2") for title in ("Theorem 1", "A")),
        ("Lemma 2", "lem"),
        *((title, "sign-nabla-f-x") for title in ("∇f(x)", "∇f", "∇", "nabla")),
        ("Trace", "identity-trace"),
        ("gradient of trace", "identity-trace"),
        ("derivative of trace", "identity-trace"),
        ("ex-gd-1", "ex-gd-1"),
    ]
    assert theorem["ids"] == ["theorem-1-a"]
    assert other["ids"] == []
    assert list(places(document)) == found
