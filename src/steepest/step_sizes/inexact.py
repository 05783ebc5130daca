"""Inexact searches: steps that are good enough, by Armijo's and by Wolfe's conditions."""

import math
from collections.abc import Callable

from torch import Tensor

from steepest._numbers import fraction, positive
from steepest.state import State, Step
from steepest.step_sizes._line import Line, Trial, inner
from steepest.step_sizes.schedules import StepSize

__all__ = ["armijo", "curvature_first", "unit_first", "wolfe"]

TRIALS = 60
"""How many points a search may try."""


def armijo(c1: float = 1e-4, shrink: float = 0.5, first: float = 1.0) -> StepSize:
    r"""Return the rule that shrinks the step until the function falls enough.

    .. math:: f(x + \alpha d) \le f(x) + c_1\, \alpha\, \nabla f(x)^\top d

    Parameters
    ----------
    c1
        The share of the promised decrease that is asked for, in (0, 1).
    shrink
        What a refused step is multiplied with, in (0, 1).
    first
        The first step size to try, positive.

    Raises
    ------
    TypeError, ValueError
        An argument is not a number, or out of its range.

    Notes
    -----
    Armijo (1966); Nocedal and Wright (2006), algorithm 3.1. Where rounding hides the decrease,
    slopes decide, as with Hager and Zhang (2005).

    Examples
    --------
    >>> import torch
    >>> from steepest.state import Oracle, State
    >>> from steepest.step_sizes import armijo
    >>> x, oracle = torch.tensor([1.0]), Oracle(lambda x: (x**2).sum())
    >>> armijo().search(State(x, *oracle.value_and_grad(x), oracle), torch.tensor([-2.0])).step_size
    0.5
    """
    fraction(c1, "armijo", "c1")
    fraction(shrink, "armijo", "shrink")
    positive(first, "armijo", "first")

    def search(state: State, d: Tensor) -> Step:
        line = Line(state, d)
        if not line.start.slope < 0:
            return _not_downhill(line)
        t = float(first)
        for _ in range(TRIALS):
            trial = line(t)
            if math.isfinite(trial.slope) and _falls(line, trial, c1):
                return line.step(trial)
            t *= shrink
        return line.give_up(first, f"Armijo's condition held at none of {TRIALS} step sizes.")

    return StepSize("Armijo search", search)


def unit_first(state: State, d: Tensor, slope: float) -> float:
    """Try 1 first: what Newton's and quasi-Newton directions are scaled for.

    Examples
    --------
    >>> from steepest.step_sizes import unit_first, wolfe
    >>> wolfe(first=unit_first).name
    'Wolfe search'
    """
    return 1.0


def curvature_first(state: State, d: Tensor, slope: float) -> float:
    r"""Try :math:`-\nabla f(x)^\top d / d^\top H d` first: the minimum of the parabola along d.

    Examples
    --------
    >>> import torch
    >>> from steepest.state import Oracle, State
    >>> from steepest.step_sizes import curvature_first
    >>> x, oracle = torch.tensor([1.0]), Oracle(lambda x: (x**2).sum())
    >>> state = State(x, *oracle.value_and_grad(x), oracle)
    >>> curvature_first(state, torch.tensor([-4.0]), slope=-8.0)
    0.25
    """
    curvature = inner(d, state.oracle.hvp(state.x, d))
    if curvature > 0 and math.isfinite(slope / curvature):
        return -slope / curvature
    return 1.0 if state.previous is None else abs(state.previous.step_size) or 1.0


def wolfe(
    c1: float = 1e-4,
    c2: float = 0.9,
    first: Callable[[State, Tensor, float], float] = unit_first,
) -> StepSize:
    r"""Return the rule that asks for enough decrease and for a flatter slope.

    .. math::

        f(x + \alpha d) \le f(x) + c_1\, \alpha\, \nabla f(x)^\top d, \qquad
        |\nabla f(x + \alpha d)^\top d| \le c_2\, |\nabla f(x)^\top d|

    Parameters
    ----------
    c1, c2
        With ``0 < c1 < c2 < 1``. Small `c2` makes the search nearly exact.
    first
        ``first(state, d, slope)`` is the step size to try first: :func:`unit_first` or
        :func:`curvature_first`.

    Raises
    ------
    TypeError, ValueError
        An argument is not a number, or out of its range.

    Notes
    -----
    The strong conditions of Wolfe (1969); Nocedal and Wright (2006), algorithms 3.5 and 3.6, with
    cubic interpolation. At a kink the slope may never get flat: the lowest point
    with enough decrease is then taken. Where decrease is below the rounding of the function, slopes
    decide, as with Hager and Zhang (2005).

    Examples
    --------
    >>> import torch
    >>> from steepest.state import Oracle, State
    >>> from steepest.step_sizes import wolfe
    >>> x, oracle = torch.tensor([1.0]), Oracle(lambda x: (x**2).sum())
    >>> wolfe().search(State(x, *oracle.value_and_grad(x), oracle), torch.tensor([-2.0])).step_size
    0.5
    """
    fraction(c1, "wolfe", "c1")
    fraction(c2, "wolfe", "c2")
    if not c1 < c2:
        raise ValueError(f"wolfe: c1 must be below c2, got c1={c1!r}, c2={c2!r}")
    if not callable(first):
        raise TypeError(f"wolfe: first must be a function, got {type(first).__name__}")

    def search(state: State, d: Tensor) -> Step:
        line = Line(state, d)
        if not line.start.slope < 0:
            return _not_downhill(line)
        begin = first(state, d, line.start.slope)
        best = _zoom(line, begin, c1, c2)
        if best.t > 0:
            return line.step(best)
        return line.give_up(begin, f"Wolfe's conditions held at none of {TRIALS} step sizes.")

    return StepSize("Wolfe search", search, second_order=first is curvature_first)


def _zoom(line: Line, t: float, c1: float, c2: float) -> Trial:
    """Return a trial that meets both conditions, else the lowest that meets the first."""
    # low: the lowest trial with enough decrease. high: the other end, None while unbounded.
    low, high, behind = line.start, None, line.start
    for _ in range(TRIALS):
        trial = line(t)
        if not math.isfinite(trial.slope) or not _falls(line, trial, c1):
            high = trial
        elif abs(trial.slope) <= c2 * abs(line.start.slope):
            return trial
        elif trial.value > low.value + line.noise:
            high = trial
        else:
            if trial.slope * ((math.inf if high is None else high.t) - low.t) >= 0:
                high = low
            low, behind = trial, low
        if high is None:
            guess = _vertex(line, behind, low)
            t = min(max(guess, 2 * low.t), 10 * low.t) if math.isfinite(guess) else 4 * low.t
        else:
            left, right = min(low.t, high.t), max(low.t, high.t)
            if right - left <= 1e-14 * right:
                break
            margin = 0.1 * (right - left)
            guess = _vertex(line, low, high)
            t = min(max(guess, left + margin), right - margin)
            if not math.isfinite(guess):
                t = (left + right) / 2 if math.isfinite(high.value) else 0.9 * left + 0.1 * right
    return low


def _vertex(line: Line, a: Trial, b: Trial) -> float:
    """Return the minimum of the cubic through two trials, NaN where there is none."""
    if not (math.isfinite(b.value) and math.isfinite(b.slope)):
        return math.nan
    if abs(a.value - b.value) <= line.noise:
        # The values are equal but for rounding: the parabola through the slopes.
        rise = b.slope - a.slope
        return a.t - a.slope * (b.t - a.t) / rise if rise * (b.t - a.t) > 0 else math.nan
    # Nocedal and Wright (2006), equation 3.59.
    d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return math.nan
    d2 = math.copysign(math.sqrt(square), b.t - a.t)
    bottom = b.slope - a.slope + 2 * d2
    return b.t - (b.t - a.t) * (b.slope + d2 - d1) / bottom if bottom else math.nan


def _falls(line: Line, trial: Trial, c1: float) -> bool:
    """Say whether the decrease is enough; by slopes where rounding hides it."""
    start = line.start
    change = trial.value - start.value
    if abs(change) <= line.noise:
        # On a parabola the same condition: Hager and Zhang (2005), equation 4.
        return abs(trial.slope) <= (1 - 2 * c1) * abs(start.slope)
    return change <= c1 * trial.t * start.slope


def _not_downhill(line: Line) -> Step:
    return line.give_up(
        1.0, f"The direction does not lead downhill: its slope is {line.start.slope:.3g}."
    )
