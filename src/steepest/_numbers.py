"""What plain numbers among the arguments must be, and the messages where they are not.

Each helper takes the name of the public call, so that a message names what the reader wrote.
"""

import math


def real(value: object, caller: str, name: str, *, otherwise: str = "") -> float:
    """Return an int or a float as a float; True and False are neither."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = f"; write {name}.item()" if hasattr(value, "item") else ""
        raise TypeError(f"{caller}: {name} must be a number{otherwise}, got {value!r}{hint}")
    return float(value)


def positive(value: object, caller: str, name: str) -> float:
    """Return a positive, finite number as a float."""
    number = real(value, caller, name)
    if not 0 < number < math.inf:
        raise ValueError(f"{caller}: {name} must be positive and finite, got {value!r}")
    return number


def fraction(value: object, caller: str, name: str, *, zero: bool = False) -> float:
    """Return a number in (0, 1) as a float, or in [0, 1) where `zero` will do."""
    number = real(value, caller, name)
    if not (0 < number < 1 or (zero and number == 0)):
        raise ValueError(f"{caller}: {name} must be in {'[' if zero else '('}0, 1), got {value!r}")
    return number


def count(value: object, caller: str, name: str, *, otherwise: str = "") -> int:
    """Return an int of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{caller}: {name} must be an int{otherwise}, got {value!r}")
    if value < 1:
        raise ValueError(f"{caller}: {name} must be at least 1, got {value}")
    return value


def tolerance(value: object, caller: str) -> None:
    """Refuse what `tol` cannot be: it is None, or a finite number of at least 0."""
    if value is not None and not 0 <= real(value, caller, "tol", otherwise=" or None") < math.inf:
        raise ValueError(f"{caller}: tol must be finite and at least 0, got {value!r}")
