"""Formulas in two alphabets: Unicode for people and terminals, LaTeX for pages."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steepest.trace.rows import symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_TEX_SPECIAL = {
    "\\": r"\backslash{}", "_": r"\_", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$",
    "{": r"\{", "}": r"\}", "^": r"\hat{}", "~": r"\sim{}", "<": "<", ">": ">",
}  # fmt: skip
_TEX_FUNCTIONS = frozenset(
    {"arccos", "arcsin", "arctan", "cos", "cosh", "det", "exp", "ln"}
    | {"max", "min", "sin", "sinh", "tan", "tanh"}
)


@dataclass(frozen=True)
class Alphabet:
    """How to write the pieces of a formula."""

    latex: bool

    def v(self, index: int, accent: str = "") -> str:
        """Write a variable, its tangent (``accent="dot"``) or its adjoint (``"bar"``)."""
        if self.latex:
            letter = f"\\{accent}{{v}}" if accent else "v"
            return f"{letter}_{{{index}}}"
        mark = {"": "", "dot": "\u0307", "bar": "\u0304"}[accent]
        return "v" + mark + symbol(index)[1:]

    def name(self, text: str) -> str:
        """Write a name from a program."""
        if not self.latex:
            return text
        escaped = "".join(_TEX_SPECIAL.get(letter, letter) for letter in text)
        return escaped if len(text) == 1 else f"\\mathtt{{{escaped}}}"

    def function(self, name: str) -> str:
        """Write a function's name in front of its argument."""
        if not self.latex:
            return name
        if name in _TEX_FUNCTIONS:
            return f"\\{name}"
        escaped = name.replace("_", r"\_")
        return f"\\operatorname{{{escaped}}}"

    def call(self, name: str, argument: str, *, atomic: bool) -> str:
        """``sin v``, or ``sin(u + v)``."""
        if atomic:
            return f"{self.function(name)} {argument}"
        return f"{self.function(name)}{self.brackets(argument)}"

    def absolute(self, text: str) -> str:
        """Write an absolute value."""
        return rf"\left|{text}\right|" if self.latex else f"|{text}|"

    def brackets(self, text: str) -> str:
        """Put the text in brackets that grow with it."""
        return rf"\left({text}\right)" if self.latex else f"({text})"

    def power(self, base: str, exponent: str) -> str:
        """Write ``base`` to the power ``exponent``."""
        if self.latex:
            return f"{base}^{{{exponent}}}"
        if exponent.lstrip("-").isdigit():
            return base + exponent.translate(_SUPERSCRIPTS)
        return f"{base}^{exponent}" if exponent.isalnum() else f"{base}^({exponent})"

    def transposed(self, text: str) -> str:
        """Write the transpose of a matrix."""
        return rf"{text}^{{\top}}" if self.latex else f"{text}ᵀ"

    def root(self, text: str, *, atomic: bool) -> str:
        """Write a square root."""
        if self.latex:
            return rf"\sqrt{{{text}}}"
        return f"√{text}" if atomic else f"√({text})"

    def ratio(self, over: str, under: str, *, atomic: tuple[bool, bool] = (True, True)) -> str:
        """Write a fraction; the two flags say which parts need no brackets."""
        if self.latex:
            return rf"\frac{{{over}}}{{{under}}}"
        over = over if atomic[0] else f"({over})"
        under = under if atomic[1] else f"({under})"
        return f"{over} / {under}"

    def partial(self, over: str, under: str) -> str:
        """Write the partial derivative of one name with respect to another."""
        if self.latex:
            return rf"\frac{{\partial {over}}}{{\partial {under}}}"
        return f"∂{over}/∂{under}"

    @property
    def minus(self) -> str:
        """The minus sign."""
        return "-" if self.latex else "−"

    @property
    def times(self) -> str:
        """What stands between two factors that are numbers."""
        return r" \cdot " if self.latex else " · "

    @property
    def cross(self) -> str:
        """What stands between the sizes of a tensor."""
        return r" \times " if self.latex else "×"

    @property
    def dots(self) -> str:
        """What is left out."""
        return r"\ldots" if self.latex else "…"

    def words(self, text: str) -> str:
        """Write words beside numbers."""
        return rf"\text{{{text}}}" if self.latex else text

    def number(self, value: Any, digits: int = 6) -> str:
        """Write a number, as short as it can be said; -0.0 is 0."""
        if isinstance(value, complex):
            real, imaginary = self.number(value.real, digits), self.number(value.imag, digits)
            sign = "" if imaginary.startswith(self.minus) else "+"
            return f"{real}{sign}{imaginary}" + ("i" if self.latex else " i")
        text = f"{value + 0:.{digits}g}" if isinstance(value, float) else str(value)
        mantissa, _, exponent = text.replace("inf", r"\infty" if self.latex else "∞").partition("e")
        mantissa = self.words("NaN") if mantissa == "nan" else mantissa.replace("-", self.minus)
        if exponent:
            return mantissa + self.times + self.power("10", str(int(exponent)))
        return mantissa


UNICODE = Alphabet(latex=False)
LATEX = Alphabet(latex=True)


def write(expression: Any, names: Mapping[Any, str], alphabet: Alphabet) -> str:
    """Write a SymPy expression; ``names`` says how each of its symbols looks.

    Examples
    --------
    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> write(-y * sympy.cos(x) / (1 + x**2), {x: "x", y: "y"}, UNICODE)
    '−y cos x / (x² + 1)'
    """
    return _Writer(names, alphabet).text(expression)


class _Writer:
    def __init__(self, names: Mapping[Any, str], alphabet: Alphabet) -> None:
        self.names = names
        self.order = {held: place for place, held in enumerate(names)}
        self.a = alphabet

    def text(self, e: Any) -> str:
        if e.is_Add:
            return self.sum(e)
        if e.could_extract_minus_sign() and (e.is_Mul or e.is_Number):
            return self.a.minus + self.text(-e)
        if e.is_Mul or (e.is_Pow and e.exp.could_extract_minus_sign()):
            return self.product(e)
        if e.is_Number and not e.is_Integer and e.is_Rational:
            return self.a.ratio(str(e.p), str(e.q))
        return self.atom(e)

    def sum(self, e: Any) -> str:
        parts = sorted(e.args, key=lambda p: (p.could_extract_minus_sign(), p.is_Number))
        text = ""
        for part in parts:
            negative = part.could_extract_minus_sign()
            sign = self.a.minus if negative else "+"
            body = self.text(-part if negative else part)
            text += (f" {sign} " if text else sign if negative else "") + body
        return text

    def product(self, e: Any) -> str:
        over, under = e.as_numer_denom()
        if under == 1:
            return " ".join(self.factors(over))
        atomic = (not over.is_Add, not under.is_Add and not under.is_Mul)
        return self.a.ratio(self.text(over), self.text(under), atomic=atomic)

    def factors(self, e: Any) -> list[str]:
        parts = e.args if e.is_Mul else (e,)
        return [self.atom(part) for part in sorted(parts, key=self._rank)]

    def _rank(self, e: Any) -> tuple[int, int]:
        """Numbers, then symbols in the order of `names`, then functions: u cos v, not cos v u."""
        if e.is_Number:
            return 0, 0
        if e.is_Symbol:
            return 1, self.order[e]
        return (3 if e.is_Function else 2), 0

    def atom(self, e: Any) -> str:
        """`e` so that factors can stand beside it."""
        if e.is_Symbol:
            return self.names[e]
        if e.is_Integer:
            return self.a.number(int(e))
        if e.is_Number:
            return self.a.number(float(e)) if not e.is_Rational else self.bracketed(e)
        if e.is_NumberSymbol:
            return {"pi": r"\pi" if self.a.latex else "π"}.get(str(e), str(e).lower())
        if e.is_Pow and not e.exp.could_extract_minus_sign():
            return self.power(e)
        if e.is_Function:
            return self.function(e)
        return self.bracketed(e)

    def bracketed(self, e: Any) -> str:
        return self.a.brackets(self.text(e))

    def base(self, e: Any) -> str:
        return self.atom(e) if e.is_Symbol or self._digits(e) else self.bracketed(e)

    @staticmethod
    def _digits(e: Any) -> bool:
        return bool(e.is_Integer and e >= 0)

    def power(self, e: Any) -> str:
        if str(e.exp) == "1/2":
            return self.a.root(
                self.text(e.base), atomic=bool(e.base.is_Symbol or e.base.is_NumberSymbol)
            )
        return self.a.power(self.base(e.base), self.text(e.exp).replace("−", "-"))

    def function(self, e: Any) -> str:
        name, arguments = type(e).__name__, e.args
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self, e)
        name = {"log": "ln", "asin": "arcsin", "acos": "arccos", "atan": "arctan"}.get(name, name)
        if len(arguments) == 1:
            inner = arguments[0]
            return self.a.call(
                name, self.text(inner), atomic=inner.is_Symbol or self._digits(inner)
            )
        return self.a.call(name, ", ".join(self.text(part) for part in arguments), atomic=False)


def _absolute(writer: _Writer, e: Any) -> str:
    return writer.a.absolute(writer.text(e.args[0]))


def _where(writer: _Writer, e: Any) -> str:
    """Iverson's bracket: 1 where the condition holds, 0 elsewhere."""
    return f"[{writer.text(e.args[0])} > 0]"


_SPECIAL: dict[str, Callable[[_Writer, Any], str]] = {"Abs": _absolute, "step": _where}


@functools.cache
def function(name: str, slope: Callable[[Any], Any]) -> Any:
    """Give SymPy a function of one variable by its name and its derivative.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> function("softplus", function("sigmoid", sympy.cos))(2 * x).diff(x)
    2*sigmoid(2*x)
    """
    import sympy

    return type(name, (sympy.Function,), {"fdiff": lambda self, argindex=1: slope(*self.args)})
