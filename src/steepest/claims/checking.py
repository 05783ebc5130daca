"""The claim, its relations, and how it shows itself."""

import html
import logging
import math
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from steepest.claims.values import finite, in_words, pairs, plain, short

__all__ = ["Claim", "ClaimError", "claim"]

METADATA = "steepest.claim"
"""The key of an output's metadata under which a notebook stores a claim as data."""

log = logging.getLogger("steepest.claims")
"""Logs each claim that holds, with ``extra={"claim": claim}``, for whoever gathers them."""


class ClaimError(AssertionError):
    """A claim that does not hold; its message is the claim's line."""


@dataclass(frozen=True)
class Claim:
    """A statement that was checked and holds.

    Attributes
    ----------
    statement
        What is said, in words.
    observed, expected
        Both sides as plain Python: numbers, strings, Booleans, or nested lists of them.
    relation
        One of ``≈ < ≤ > ≥ raises``.
    atol, rtol
        The tolerance: the two sides may differ by ``atol + rtol · |expected|``.

    Examples
    --------
    >>> from steepest.claims import Claim
    >>> print(Claim("one half", 0.5, "≈", 0.5))
    ✓ one half: 0.5 ≈ 0.5
    """

    statement: str
    observed: Any
    relation: str
    expected: Any
    atol: float = 0.0
    rtol: float = 0.0
    _cell: int | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"✓ {self.line}"

    @property
    def line(self) -> str:
        """Statement, both sides and the tolerance in one line, numbers to nine digits.

        What is no finite number, and just as expected, is said once.

        >>> from steepest.claims import Claim
        >>> Claim("a third", 0.333, "≈", 1 / 3, atol=1e-3).line
        'a third: 0.333 ≈ 0.333333333 (atol 0.001)'
        >>> Claim("no violation was found", True, "≈", True).line
        'no violation was found: True (as expected)'
        """
        observed, expected = short(self.observed), short(self.expected)
        if self.relation == "≈" and in_words(self.observed, self.expected):
            return f"{self.statement}: {observed} (as expected)"
        tolerance = ", ".join(
            f"{name} {value:g}"
            for name, value in (("atol", self.atol), ("rtol", self.rtol))
            if value
        )
        line = f"{self.statement}: {observed} {self.relation} {expected}"
        return f"{line} ({tolerance})" if tolerance else line

    def as_dict(self) -> dict[str, Any]:
        """Return the claim as JSON can hold it; numbers that are not finite become strings.

        >>> from steepest.claims import Claim
        >>> Claim("overflow", float("inf"), "≈", float("inf")).as_dict()["observed"]
        'inf'
        """
        record = asdict(self)
        del record["_cell"]
        return {key: finite(value) for key, value in record.items()}

    def _repr_html_(self) -> str:
        return f'<div class="claim">{html.escape(str(self))}</div>'

    def _ipython_display_(self) -> None:
        # The claim showed itself when it was made; as its cell's last value it would stand twice.
        shell = _notebook()
        if shell is None:
            print(self)
        elif shell.execution_count != self._cell:
            _display(self)


def claim(
    statement: str,
    observed: Any,
    expected: Any,
    *,
    relation: str = "≈",
    atol: float = 0.0,
    rtol: float = 0.0,
) -> Claim:
    r"""Check that a statement holds, show it as one line, and return it.

    ``observed ≈ expected`` means :math:`|o_i - e_i| \le \mathtt{atol} + \mathtt{rtol}\,|e_i|` in
    every entry. Both tolerances are zero unless given, so a claim is exact until you say otherwise.
    ``≤`` and ``≥`` may be missed by that tolerance; ``<`` and ``>`` take none. NaN equals NaN only
    where it is expected. With ``"raises"``, `observed` is called without arguments and `expected`
    is the type of exception that it has to raise.

    Parameters
    ----------
    statement
        What is claimed, in words.
    observed, expected
        Numbers, strings, Booleans, tensors, arrays, or nested lists of them, of one shape; a single
        expected value is compared with every observed one.
    relation
        One of ``≈ < ≤ > ≥ raises``.
    atol, rtol
        Absolute and relative tolerance, at least 0.

    Raises
    ------
    ClaimError
        The statement is false.
    ValueError, TypeError
        The claim cannot be checked: an unknown relation, shapes that differ, a strict relation with
        a tolerance, no value at all, more values than a page should store.

    Examples
    --------
    >>> import torch
    >>> from steepest import claim
    >>> c = claim("the sine of π vanishes", torch.sin(torch.tensor(torch.pi)), 0, atol=1e-6)
    ✓ the sine of π vanishes: -8.74227766e-08 ≈ 0 (atol 1e-06)
    >>> claim("two and two", 2 + 2, 5)
    Traceback (most recent call last):
        ...
    steepest.claims.checking.ClaimError: false: two and two: 4 ≈ 5
    """
    if relation not in RELATIONS:
        raise ValueError(f"claim: relation {relation!r} is none of {' '.join(RELATIONS)}")
    for name, value in (("atol", atol), ("rtol", rtol)):
        if not 0 <= value < math.inf:
            raise ValueError(f"claim: {name} must be finite and at least 0, got {value!r}")
    if relation in ("<", ">", "raises") and (atol or rtol):
        raise ValueError(
            f"claim: {relation!r} takes no tolerance, got atol={atol!r}, rtol={rtol!r}"
        )
    if relation == "raises":
        holds, seen, wanted = _raises(observed, expected)
    else:
        seen, wanted = plain(observed), plain(expected)
        holds = all(
            RELATIONS[relation](o, e, _slack(e, atol, rtol)) for o, e in pairs(seen, wanted)
        )
    shell = _notebook()
    result = Claim(
        statement,
        seen,
        relation,
        wanted,
        float(atol),
        float(rtol),
        None if shell is None else shell.execution_count,
    )
    if not holds:
        raise ClaimError(f"false: {result.line}")
    if shell is None:
        print(result)
    else:
        _display(result)
    log.info("%s", result, extra={"claim": result})
    return result


def _close(observed: Any, expected: Any, slack: float) -> bool:
    if isinstance(expected, str | bool) or isinstance(observed, str | bool):
        return type(observed) is type(expected) and observed == expected
    if math.isnan(expected) or math.isinf(expected):
        return observed == expected or (math.isnan(observed) and math.isnan(expected))
    return bool(abs(observed - expected) <= slack)


RELATIONS: dict[str, Callable[[Any, Any, float], bool]] = {
    "≈": _close,
    "<": lambda observed, expected, _: observed < expected,
    "≤": lambda observed, expected, slack: observed <= expected + slack,
    ">": lambda observed, expected, _: observed > expected,
    "≥": lambda observed, expected, slack: observed >= expected - slack,
    "raises": lambda *_: False,  # decided by calling, not by comparing
}
"""What each relation compares: an observed and an expected value, and a slack."""


def _slack(expected: Any, atol: float, rtol: float) -> float:
    # Infinity times 0 is NaN; the sides of an infinite claim are compared without slack.
    if rtol == 0 or isinstance(expected, str) or not math.isfinite(expected):
        return atol
    return atol + rtol * float(abs(expected))


def _raises(call: Any, wanted: Any) -> tuple[bool, str, str]:
    if not callable(call):
        raise TypeError(f"claim: 'raises' calls what was observed, got {call!r}; wrap it in lambda")
    if not (isinstance(wanted, type) and issubclass(wanted, Exception)):
        raise TypeError(f"claim: 'raises' expects a type of exception, got {wanted!r}")
    try:
        call()
    except wanted as error:
        first_line = (str(error).splitlines() or [""])[0]
        return True, f"{type(error).__name__}: {first_line}", wanted.__name__
    except Exception as error:
        return False, f"{type(error).__name__}: {error}", wanted.__name__
    return False, "nothing", wanted.__name__


def _notebook() -> Any:
    """IPython's shell where a notebook's kernel runs, else None. IPython is never imported."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if hasattr(shell, "kernel") else None


def _display(result: Claim) -> None:
    from IPython.display import display

    bundle = {"text/plain": str(result), "text/html": result._repr_html_()}
    metadata = {METADATA: result.as_dict()}
    display(bundle, raw=True, metadata=metadata)  # type: ignore[no-untyped-call]
