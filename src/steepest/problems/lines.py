"""Differentiable objectives of one variable."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from steepest.problems.problem import Problem, float64

__all__ = [
    "abs_power",
    "decaying_exponential",
    "exponential_minus_line",
    "hyperbola",
    "hyperbolic_tangent",
    "piecewise_quadratic",
    "quartic",
]


def hyperbolic_tangent() -> Problem:
    """Return tanh x, which has no minimiser: its infimum -1 is never reached.

    At the start 4 the slope is only 0.0013, so gradient descent hardly moves.

    Examples
    --------
    >>> from steepest import problems
    >>> problem = problems.hyperbolic_tangent()
    >>> len(problem.minimisers), problem.infimum
    (0, -1.0)
    """
    return Problem(
        "hyperbolic tangent",
        torch.tanh,
        float64(4.0),
        float64([]),
        float64([]),
        r"\tanh x",
        convex=False,
        unattained=-1.0,
        smoothness=4 / math.sqrt(27),
    )


def abs_power(exponent: float = 1.5) -> Problem:
    r"""Return :math:`|x|^p`, convex and continuously differentiable, not L-smooth unless p = 2.

    For p < 2 its curvature grows without bound at the minimiser 0, so that no fixed step size is
    small enough: with p = 1.5 and step 0.1 gradient descent ends between ±0.005625.

    Parameters
    ----------
    exponent
        The power p, above 1.

    Raises
    ------
    ValueError
        `exponent` is not above 1, or not finite.

    Examples
    --------
    >>> import torch
    >>> from steepest import problems
    >>> problems.abs_power(1.5).fun(torch.tensor(-4.0))
    tensor(8.)
    """
    if not 1 < exponent < math.inf:
        raise ValueError(f"abs_power: exponent must be above 1 and finite, got {exponent!r}")
    square = exponent == 2
    return _convex(
        f"absolute value to the power {exponent:g}",
        lambda x: torch.abs(x) ** exponent,
        x0=1.0,
        minimiser=0.0,
        minimum=0.0,
        formula=f"|x|^{{{exponent:g}}}",
        smoothness=2.0 if square else None,
        strong_convexity=2.0 if square else 0.0,
    )


def quartic() -> Problem:
    """Return x⁴: strictly convex although its second derivative vanishes at the minimiser 0.

    It is not L-smooth: from 3 with step size 0.1 gradient descent overflows.

    Examples
    --------
    >>> from steepest import problems
    >>> problem = problems.quartic()
    >>> problem.fun(problem.x0)
    tensor(81., dtype=torch.float64)
    """
    return _convex(
        "fourth power",
        lambda x: x**4,
        x0=3.0,
        minimiser=0.0,
        minimum=0.0,
        formula="x^4",
        strong_convexity=0.0,
    )


def decaying_exponential() -> Problem:
    """Return e⁻ˣ: strictly convex, bounded below by its infimum 0, and without a minimiser.

    Examples
    --------
    >>> from steepest import problems
    >>> problem = problems.decaying_exponential()
    >>> problem.convex, len(problem.minimisers), problem.infimum
    (True, 0, 0.0)
    """
    return Problem(
        "decaying exponential",
        lambda x: torch.exp(-x),
        float64(0.0),
        float64([]),
        float64([]),
        r"e^{-x}",
        convex=True,
        unattained=0.0,
        strong_convexity=0.0,
    )


def hyperbola() -> Problem:
    r"""Return :math:`\sqrt{1 + x^2}`, on which Newton's step is :math:`x^+ = -x^3`.

    Newton's method converges, cycles or diverges as :math:`|x_0|` is below, at or above 1.

    Examples
    --------
    >>> from steepest import problems
    >>> problems.hyperbola().infimum
    1.0
    """
    return _convex(
        "hyperbola",
        lambda x: torch.sqrt(1 + x**2),
        x0=0.5,
        minimiser=0.0,
        minimum=1.0,
        formula=r"\sqrt{1 + x^2}",
        smoothness=1.0,
        strong_convexity=0.0,
    )


def exponential_minus_line() -> Problem:
    """Return eˣ - 2x, minimal at ln 2, on which Newton's method shows its quadratic convergence.

    Examples
    --------
    >>> from steepest import problems
    >>> problems.exponential_minus_line().minimisers
    tensor([0.6931], dtype=torch.float64)
    """
    return _convex(
        "exponential minus line",
        lambda x: torch.exp(x) - 2 * x,
        x0=0.5,
        minimiser=math.log(2),
        minimum=2 - 2 * math.log(2),
        formula="e^x - 2x",
        strong_convexity=0.0,
    )


def piecewise_quadratic() -> Problem:
    r"""Return the strongly convex function on which the tuned heavy ball cycles for ever.

    .. math::
        \nabla f(x) = \begin{cases} 25x & x < 1 \\ x + 24 & 1 \le x < 2 \\ 25x - 24 & x \ge 2
        \end{cases}

    With μ = 1, L = 25, the step size :math:`4/(\sqrt L + \sqrt\mu)^2` = 1/9 and the momentum
    :math:`((\sqrt\kappa - 1)/(\sqrt\kappa + 1))^2` = 4/9, the heavy ball from 3.3 approaches the
    cycle 2.115918, 0.646531, -1.802449 and never the minimiser 0.

    Notes
    -----
    Lessard, Recht and Packard (2016).

    Examples
    --------
    >>> import torch
    >>> from steepest import problems
    >>> problems.piecewise_quadratic().fun(torch.tensor([0.0, 1.0, 2.0]))
    tensor([ 0.0000, 12.5000, 38.0000])
    """

    def fun(x: Tensor) -> Tensor:
        steep = 12.5 * x**2
        gentle = 0.5 * x**2 + 24 * x - 12
        return torch.where(x < 1, steep, torch.where(x < 2, gentle, steep - 24 * x + 36))

    return _convex(
        "piecewise quadratic",
        fun,
        x0=3.3,
        minimiser=0.0,
        minimum=0.0,
        formula=(
            r"\begin{cases} \tfrac{25}{2} x^2 & x < 1 \\ \tfrac12 x^2 + 24x - 12 & 1 \le x < 2 \\ "
            r"\tfrac{25}{2} x^2 - 24x + 36 & x \ge 2 \end{cases}"
        ),
        smoothness=25.0,
        strong_convexity=1.0,
    )


def _convex(
    name: str,
    fun: Callable[[Tensor], Tensor],
    *,
    x0: float,
    minimiser: float,
    minimum: float,
    formula: str,
    smoothness: float | None = None,
    strong_convexity: float | None = None,
) -> Problem:
    return Problem(
        name,
        fun,
        float64(x0),
        float64([minimiser]),
        float64([minimum]),
        formula,
        convex=True,
        smoothness=smoothness,
        strong_convexity=strong_convexity,
    )
