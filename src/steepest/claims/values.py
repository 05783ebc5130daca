"""What the two sides of a claim may hold: plain numbers, strings, Booleans, lists of them."""

import math
from collections.abc import Iterator
from typing import Any

from torch import Tensor

MOST = 10_000
"""How many values a claim may hold: every one of them is stored with the page."""


def plain(value: Any) -> Any:
    """Return numbers, strings, Booleans and nested lists of them, from tensors and the like."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"claim: {type(value).__name__} is not a number, a string, a tensor or a list")


def pairs(observed: Any, expected: Any) -> Iterator[tuple[Any, Any]]:
    """Pair the entries of both sides, and refuse what has none."""
    shape = _shape(observed)
    if 0 in shape:
        raise ValueError("claim: nothing was observed: an empty claim cannot fail")
    if isinstance(expected, list) and _shape(expected) != shape:
        raise ValueError(
            f"claim: observed has shape {shape} and expected {_shape(expected)}; "
            "give the same shape, or a single expected value"
        )
    if math.prod(shape) > MOST:
        raise ValueError(
            f"claim: {math.prod(shape)} values are too many to keep, at most {MOST}; "
            "claim what sums them up, such as their largest error"
        )
    left = _flat(observed)
    if isinstance(expected, list):
        return zip(left, _flat(expected), strict=True)
    return ((entry, expected) for entry in left)


def _shape(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        return ()
    inner = {_shape(entry) for entry in value}
    if len(inner) > 1:
        raise ValueError(f"claim: the rows of a list must have one length, got {value!r}")
    return (len(value), *(inner.pop() if inner else ()))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for entry in value:
            yield from _flat(entry)
    else:
        yield value


def in_words(observed: Any, expected: Any) -> bool:
    """Say whether no finite number was observed, and just what was expected."""
    seen = list(_flat(observed))
    spoken = all(isinstance(finite(one), str | bool) for one in seen)
    wanted = {short(expected)} if not isinstance(expected, list) else set()
    return spoken and (short(observed) == short(expected) or {*map(short, seen)} == wanted)


def short(value: Any) -> str:
    """Write a value for a line: numbers to nine digits, long lists cut."""
    if isinstance(value, list):
        shown = [short(entry) for entry in (value if len(value) <= 8 else value[:3])]
        rest = [f"… {len(value)} in all"] if len(value) > 8 else []
        return f"[{', '.join(shown + rest)}]"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def finite(value: Any) -> Any:
    """Return the value as strict JSON can hold it: what is not finite becomes a string."""
    if isinstance(value, list):
        return [finite(entry) for entry in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
