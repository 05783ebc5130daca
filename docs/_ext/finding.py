"""What the search finds beside words: signs, theorems, exercises, errata, identities.

Formulas are indexed by the signs that they show as well as by the names of LaTeX's commands, and a
query is taken apart in the same way. What has an anchor and no heading gets a title that the search
knows and the page does not show. A page that only has the words somewhere is shown at the section
that has most of them: ``templates/search.js`` looks for it when it quotes the page.
"""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

from reports import STATEMENT

GREEK = (
    "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta θ iota ι"
    " kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ phi φ varphi φ chi χ psi ψ omega ω"
    " Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω"
)
SIGNS = (
    "nabla ∇ partial ∂ lVert ‖ rVert ‖ Vert ‖ infty ∞ sum ∑ prod ∏ int ∫ sqrt √ otimes ⊗ odot ⊙"
    " circ ∘ in ∈ notin ∉ subset ⊂ subseteq ⊆ cap ∩ cup ∪ le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈"
    " succeq ⪰ succ ≻ preceq ⪯ prec ≺ to → times × cdot · star ⋆ top ᵀ pm ± langle ⟨ rangle ⟩"
    " mapsto ↦ forall ∀ exists ∃ setminus ∖ dots … ldots …"
)
COMMANDS = dict(zip(*[iter(f"{GREEK} {SIGNS}".split())] * 2, strict=True))
"""LaTeX's commands, and what they show."""

SHAPES = [
    (re.compile(r"\^\{?-1\}?"), "⁻¹"),
    (re.compile(r"\^\{?-\s*\\top\}?"), "⁻ᵀ"),
    (re.compile(r"\^\{?\\top\}?"), "ᵀ"),
    (re.compile(r"\^\{?2\}?"), "²"),
    (re.compile(r"\\mathbb\s*\{?R\}?"), "ℝ"),
    (re.compile(r"\\\|"), "‖"),
    (re.compile(r"\\[td]?frac\s*\{?1\}?\s*\{?([A-Za-z])\b\}?"), r"1/\1"),
]
"""What several characters of LaTeX show."""

FOUND = "".join(
    sorted({sign for sign in COMMANDS.values() if not sign.isascii()} - set("…·") | {"ℝ"})
)
"""The signs that are words of the index."""
WORD = re.compile(rf"1/[a-z]\b|⁻¹|[{FOUND}]|[^\W{FOUND}¹²³]+", re.IGNORECASE)
"""A word of the index: a sign, an inverse, a rate such as 1/k, or letters and digits."""

SYNONYMS = [(re.compile("log[-‑–]sum[-‑–]exp", re.IGNORECASE), "logsumexp")]

SCRIPT = Path(__file__).parent / "templates" / "search.js"


def words(text: str) -> list[str]:
    """Return the words of a text, of formulas both names and signs."""
    for told, meant in SYNONYMS:
        text = told.sub(meant, text)
    if "\\" in text or "^" in text:
        for shape, sign in SHAPES:
            text = shape.sub(rf" {sign} \g<0>", text)
        text = re.sub(r"\\([A-Za-z]+)", _named, text)
    return WORD.findall(text)


def _named(command: re.Match[str]) -> str:
    return f" {command[1]} {COMMANDS.get(command[1], '')} "


COMMAND = re.compile(r"\\([A-Za-z]+)(?:\s(?=[A-Za-z(]))?")
"""A command, with the space that only ends its name."""


def shown(latex: str) -> str | None:
    """Return a short formula as a line of Unicode, None where that cannot be."""
    for shape, sign in SHAPES:
        latex = shape.sub(sign, latex)
    latex = re.sub(r"\\(?:operatorname|mathrm|text|dot|bar)\s*", "", latex)
    latex = re.sub(r"\\[,;:! ]", " ", latex)
    latex = re.sub(r"\\(det|log|exp|max|min|sup|inf)\s*", r"\1 ", latex)
    latex = COMMAND.sub(lambda found: COMMANDS.get(found[1], found[0]), latex)
    latex = re.sub(r"\s*/\s*", "/", re.sub(r"[{}]", "", latex))
    latex = re.sub(r"(?<=‖)\s+|\s+(?=‖)", "", latex)
    return None if "\\" in latex else " ".join(latex.split())


class English(SearchEnglish):
    """English with mathematical signs."""

    @property
    def js_splitter_code(self) -> str:  # type: ignore[override]
        """Return the script that takes queries apart, behind Sphinx's own."""
        text = SCRIPT.read_text(encoding="utf-8").replace('"FOUND"', json.dumps(FOUND))
        return text.replace('"COMMANDS"', json.dumps(COMMANDS))

    def split(self, input: str) -> list[str]:  # the name is Sphinx's
        """Return the words of a text."""
        return words(input)


class Place(nodes.Element):
    """An anchor and, in it, a title that only the search sees."""


def skip(self: Any, node: Place) -> None:
    """Write nothing."""
    raise nodes.SkipNode


def places(doctree: nodes.document) -> Iterator[tuple[str, str]]:
    """Yield titles for the search, and the anchors that they lead to.

    Theorems and rows of signs that have no anchor get one.
    """
    taken = {name for node in doctree.findall(nodes.Element) for name in node["ids"]}
    for node in doctree.findall(nodes.Element):
        found = titles(node)
        if found and not node["ids"]:
            kind = "sign" if isinstance(node, nodes.row) else ""
            first = node.next_node(lambda n: isinstance(n, nodes.title | nodes.entry))
            node["ids"].append(anchor(f"{kind} {first.astext() if first else ''}", taken))
        yield from ((title, node["ids"][0]) for title in found)
        yield from ((title, name) for name in node["ids"] for title in labels(name))


def anchor(text: str, taken: set[str]) -> str:
    """Return an anchor that is not taken, and take it."""
    base = nodes.make_id(text)
    names = (base if number == 1 else f"{base}-{number}" for number in count(1))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


def labels(name: str) -> Iterator[str]:
    """Yield what readers call a place with this anchor: ``item-m-13`` is M13."""
    if re.fullmatch(r"ex-[a-z]+-\d+|erratum-\w+", name):
        yield name
    if found := re.fullmatch(r"erratum-([a-z]?)0*(\d+)", name):
        yield f"Erratum {found[1].upper()}{found[2]}"
    if found := re.fullmatch(r"item-m-(\d+)", name):
        yield f"M{found[1]}"
    if found := re.fullmatch(r"item-(l\d)-([\d-]+)", name):
        yield f"{found[1].upper()}.{found[2].replace('-', '.')}"


def titles(node: nodes.Element) -> list[str]:
    """Return what the search knows an identity, a theorem or a row of signs by."""
    if isinstance(node, nodes.rubric) and "identity" in node["classes"]:
        return [*names(node.astext())]
    if isinstance(node, nodes.admonition):
        return statement(title.astext()) if (title := node.next_node(nodes.title)) else []
    if isinstance(node, nodes.row) and isinstance(node.parent, nodes.tbody):
        head = node.parent.parent.next_node(nodes.thead)
        if head is not None and head.astext().split()[:1] == ["sign"]:
            cell = node.next_node(nodes.entry)
            formulas = cell.findall(nodes.math) if cell is not None else ()
            return signs(formula.astext() for formula in formulas)
    return []


def names(identity: str) -> Iterator[str]:
    """Yield what readers ask for when they look for an identity."""
    yield identity
    whole = identity.lower()
    short = whole.replace("determinant", "det")
    if short != whole:
        yield short
    if "log det" in short:
        yield short.replace("log det", "logdet")
    for name in dict.fromkeys([whole, short]):
        yield f"gradient of {name}"
        yield f"derivative of {name}"


def statement(title: str) -> list[str]:
    """Return number and name of a theorem; Sphinx itself knows the whole title."""
    if not STATEMENT.match(title):
        return []
    kind, _, name = title.partition(" (")
    named = [(shown(name) or name).removesuffix(")")] if name else []
    return [kind, *named] if kind[-1].isdigit() else named


def signs(formulas: Iterable[str]) -> list[str]:
    """Return the formulas as they show, and each of their signs with its name."""
    found: list[str] = []
    for formula in formulas:
        if line := shown(formula):
            found += [line, re.sub(r"\(\w\)$", "", line), *(sign for sign in line if sign in FOUND)]
        for name in re.findall(r"\\([A-Za-z]+)", formula):
            if name in COMMANDS and COMMANDS[name] in FOUND:
                found.append(name)
    return list(dict.fromkeys(found))


def add(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the titles that only the search sees; the page's own title stays the first one."""
    if app.builder.format != "html":
        return
    for title, name in dict.fromkeys(list(places(doctree))):
        doctree += Place("", nodes.title("", title), ids=[name])


def setup(app: Sphinx) -> dict[str, Any]:
    """Name places before `reports` links to them."""
    app.add_search_language(English)
    app.add_node(Place, html=(skip, None))
    app.connect("doctree-resolved", add, priority=490)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
