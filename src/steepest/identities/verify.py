"""An identity against automatic differentiation and against differences."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from steepest import derivatives
from steepest.identities.identity import Identity

__all__ = ["Verification", "verify"]

AUTOGRAD = 1e-10
"""The relative error against automatic differentiation that a true identity stays below.

Both sides are exact but for rounding, 2e-16 an operation: this leaves room for thousands of
operations and for the condition numbers of the samples, which are at most 100, and for no slip.
"""

DIFFERENCES = 1e-8
"""The relative error against central differences that a true identity stays below.

Five points with steps h near 1/1000 leave an error of order h⁴ from the function's fifth derivative
and of order 2e-16/h from rounding, both near 1e-13 times the function over its derivative.
"""


@dataclass(frozen=True)
class Verification:
    r"""How far a claimed derivative is from the truth: the worst over all samples.

    An error is relative: :math:`\max_i |a_i - b_i| \,/\, \max_i \max(|a_i|, |b_i|)` for the two
    sides a and b, infinite where their shapes differ, NaN where one of them is. A report is true
    where the identity holds.

    Attributes
    ----------
    name
        The identity that was verified.
    samples
        At how many points.
    autograd, differences
        Error of the claimed derivative against automatic differentiation, and against central
        differences of the function.
    second_autograd, second_differences
        Error of the claimed second derivative against automatic differentiation, and against
        differences of the claimed first one; None where no second derivative is claimed.

    Examples
    --------
    >>> from steepest.identities import find, verify
    >>> report = verify(find("trace of a product"))
    >>> report.holds, report.autograd, report.second_autograd
    (True, 0.0, None)
    """

    name: str
    samples: int
    autograd: float
    differences: float
    second_autograd: float | None = None
    second_differences: float | None = None

    def __bool__(self) -> bool:
        return self.holds

    @property
    def holds(self) -> bool:
        """Whether no error is above 1e-10 against autograd, 1e-8 against differences, or NaN.

        >>> from steepest.identities import Verification
        >>> Verification("a slip", samples=3, autograd=0.5, differences=0.5).holds
        False
        """
        exact = (self.autograd, self.second_autograd)
        rough = (self.differences, self.second_differences)
        # NaN is never within a tolerance.
        return all(error is None or error <= AUTOGRAD for error in exact) and all(
            error is None or error <= DIFFERENCES for error in rough
        )


def verify(identity: Identity, *, samples: int = 3, seed: int = 0) -> Verification:
    """Compare what an identity claims with automatic differentiation and with differences.

    The two checks are independent: automatic differentiation shares no formula with the claim, and
    differences see nothing of the function but its values.

    Parameters
    ----------
    identity
        What to verify. A false one is no error: the report's `holds` is False.
    samples
        At how many points of the domain, at least 1.
    seed
        Of the generator that draws them; the same seed draws the same points.

    Returns
    -------
    report
        A :class:`Verification`.

    Raises
    ------
    TypeError
        `identity` is none, `samples` is no int, or the identity's `sample` does not return a tuple
        of tensors.
    ValueError
        `samples` is less than 1, the first tensor drawn is not float64 or has no entry, or no graph
        connects the function's result to it.

    Notes
    -----
    Central differences on five points, of fourth order: Abramowitz and Stegun (1964), chapter 25.

    Examples
    --------
    The determinant's gradient needs a transposed inverse. On symmetric matrices nobody would notice
    its absence:

    >>> from dataclasses import replace
    >>> import torch
    >>> from steepest.identities import find, verify
    >>> right = find("determinant")
    >>> slip = replace(
    ...     right,
    ...     claimed=lambda X: torch.det(X) * torch.linalg.inv(X),
    ...     second=None,
    ...     second_latex="",
    ... )
    >>> verify(right).holds, verify(slip).holds
    (True, False)
    >>> def symmetric(generator):
    ...     (X,) = right.sample(generator)
    ...     return (X + X.mT,)
    >>> verify(replace(slip, sample=symmetric)).holds
    True
    """
    if not isinstance(identity, Identity):
        raise TypeError(
            f"verify: identity must be an Identity, got {type(identity).__name__}; "
            "take one from CATALOGUE, or by its name with find"
        )
    if isinstance(samples, bool) or not isinstance(samples, int):
        raise TypeError(f"verify: samples must be an int, got {samples!r}")
    if samples < 1:
        raise ValueError(f"verify: samples must be at least 1, got {samples}")
    generator = torch.Generator().manual_seed(seed)
    rows = [_errors(identity, *_draw(identity, generator)) for _ in range(samples)]
    worst = [_worst(column) for column in zip(*rows, strict=True)]
    return Verification(identity.name, samples, *worst)


def _draw(identity: Identity, generator: torch.Generator) -> tuple[Tensor, ...]:
    drawn: object = identity.sample(generator)
    must = f"verify: sample of {identity.name!r} must"
    if not isinstance(drawn, tuple):
        raise TypeError(
            f"{must} return a tuple of tensors, x first; got {type(drawn).__name__}; "
            "write (x,) where there is nothing beside x"
        )
    if not drawn:
        raise TypeError(f"{must} return a tuple of tensors, x first; got an empty tuple")
    for part in drawn:
        if not isinstance(part, Tensor):
            raise TypeError(
                f"{must} return a tuple of tensors, x first; got a tuple with {type(part).__name__}"
            )
    if drawn[0].dtype != torch.float64:
        raise ValueError(f"{must} draw x in torch.float64, got {drawn[0].dtype}")
    if drawn[0].numel() == 0:
        raise ValueError(
            f"{must} draw x with at least one entry, got shape {tuple(drawn[0].shape)}"
        )
    return drawn


def _errors(identity: Identity, x: Tensor, *constants: Tensor) -> list[float]:
    """Compare at one point: first derivative, then the second where one is claimed."""

    def fun(x: Tensor) -> Tensor:
        return identity.fun(x, *constants)

    def claimed(x: Tensor) -> Tensor:
        return identity.claimed(x, *constants)

    first = claimed(x)
    errors = [
        _error(first, derivatives.jacobian(fun, x)),
        _error(first, _central_differences(fun, x)),
    ]
    if identity.second is not None:
        second = identity.second(x, *constants)
        errors += [
            _error(second, derivatives.hessian(fun, x)),
            _error(second, _central_differences(claimed, x)),
        ]
    return errors


def _error(a: Tensor, b: Tensor) -> float:
    """Return the largest difference relative to the largest entry."""
    if a.shape != b.shape:
        return math.inf
    distance = float((a - b).abs().max())
    # An exact zero against an exact zero is no error; 0/0 would be NaN.
    return distance / float(torch.maximum(a.abs(), b.abs()).max()) if distance else 0.0


def _worst(errors: tuple[float, ...]) -> float:
    return math.nan if any(math.isnan(error) for error in errors) else max(errors)


def _central_differences(fun: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return all partial derivatives by five-point differences, of shape out + in."""
    columns = []
    for entry in range(x.numel()):
        h = 1e-3 * max(1.0, abs(float(x.reshape(-1)[entry])))

        def value(steps: int, entry: int = entry, h: float = h) -> Tensor:
            moved = x.clone(memory_format=torch.contiguous_format)
            moved.view(-1)[entry] += steps * h
            return fun(moved)

        near, far = value(1) - value(-1), value(2) - value(-2)
        columns.append((8 * near - far) / (12 * h))
    stacked = torch.stack(columns, dim=-1)
    return stacked.reshape((*stacked.shape[:-1], *x.shape))
