"""Exact search: the minimum along the direction."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from steepest._numbers import positive
from steepest.state import State, Step
from steepest.step_sizes._line import Line, Trial, inner
from steepest.step_sizes.schedules import StepSize

__all__ = ["exact"]


def exact(tol: float | None = None) -> StepSize:
    r"""Return the rule that goes to the nearest minimum on the line, forwards or backwards.

    .. math:: \alpha = \arg\min_t \varphi(t), \qquad \varphi(t) = f(x + t d)

    Where :math:`d^\top H d` is constant along d, as on every quadratic, that is
    :math:`\alpha = -\nabla f(x)^\top d / d^\top H d`: one product and one evaluation. Elsewhere a
    bracket grows downhill and Brent's method shrinks it around the zero of :math:`\varphi'`, or
    around the kink where its sign changes. The sign of :math:`\alpha` is whichever leads downhill.

    Parameters
    ----------
    tol
        The slope at the end is at most `tol` times the slope at the start, or the bracket at most
        `tol` times its distance wide. None takes the square root of the dtype's epsilon: 1.5e-8 in
        float64, 3.5e-4 in float32.

    Raises
    ------
    TypeError, ValueError
        `tol` is not a number, or not positive and finite.

    Notes
    -----
    Brent (1973), chapter 4, on the slope rather than on the value: values know a minimum only to
    half of the digits.

    Examples
    --------
    >>> import torch
    >>> from steepest.state import Oracle, State
    >>> from steepest.step_sizes import exact
    >>> x, oracle = torch.tensor([1.0]), Oracle(lambda x: (x**2).sum())
    >>> step = exact().search(State(x, *oracle.value_and_grad(x), oracle), torch.tensor([4.0]))
    >>> step.step_size, step.x
    (-0.25, tensor([0.]))
    """
    wanted = None if tol is None else positive(tol, "exact", "tol")

    def search(state: State, d: Tensor) -> Step:
        slope = inner(state.grad, d)
        if slope <= 0:
            return _search(state, d, wanted)
        step = _search(state, -d, wanted)
        return replace(step, step_size=-step.step_size, slope=slope)

    return StepSize("exact line search", search, second_order=True)


def _search(state: State, d: Tensor, wanted: float | None) -> Step:
    """Find the nearest minimum ahead, where the slope is at most zero."""
    line = Line(state, d)
    start = line.start
    tol = torch.finfo(state.x.dtype).eps ** 0.5 if wanted is None else wanted
    if start.slope == 0:
        return line.step(start)
    curvature = inner(d, state.oracle.hvp(state.x, d))
    trial = None
    first = -start.slope / curvature if curvature > 0 else math.inf
    if math.isfinite(first):
        trial = line(first)
        flat = abs(trial.slope) <= tol * abs(start.slope)
        # Near a minimum rounding hides that the slope is gone; value and curvature show it, the
        # one that no kink lies between, the other that the parabola is the same at both ends.
        missed = trial.value - start.value - first * start.slope / 2
        if (flat and trial.value <= start.value + line.noise) or (
            abs(missed) <= line.noise
            and abs(inner(d, state.oracle.hvp(trial.x, d)) - curvature) <= tol * curvature
        ):
            return line.step(trial)
    else:
        # A tenth of the size of x is far enough to see something, and near enough to miss little.
        size = float(torch.linalg.vector_norm(state.x))
        first = 0.1 * max(size, 1.0) / float(torch.linalg.vector_norm(d))
    low, high = _bracket(line, trial or line(first))
    if high is None:
        return line.give_up(
            first, f"Along it the function still falls at {low.t:.3g} times the direction."
        )
    best = _brent(line, low, high, tol)
    return line.step(best) if best.t > 0 else line.give_up(first, "No step lowers the function.")


def _signed(line: Line, trial: Trial) -> float:
    """Return the slope, made positive wherever one has gone too far: too high, or not finite."""
    if not (math.isfinite(trial.value) and math.isfinite(trial.slope)):
        return abs(line.start.slope)
    if trial.value > line.start.value + line.noise:
        return max(abs(trial.slope), abs(line.start.slope))
    return trial.slope


def _bracket(line: Line, trial: Trial) -> tuple[Trial, Trial | None]:
    """Double the step until a minimum lies between the last two trials."""
    low = line.start
    for _ in range(100):
        if _signed(line, trial) >= 0 or trial.value > low.value + line.noise:
            return low, trial
        low, trial = trial, line(2 * trial.t)
    return low, None


def _brent(line: Line, low: Trial, high: Trial, tol: float) -> Trial:
    """Shrink a bracket: inverse quadratic interpolation, secant, or bisection where they fail."""
    # a: the last b; b: the best; c: the other side of the sign change. Names are Brent's.
    a, b, c = low, high, low
    fa, fc = _signed(line, a), _signed(line, a)
    # The bracket's upper end may still fall, where it rose and fell again: that counts as rising.
    fb = _signed(line, b) if _signed(line, b) >= 0 else abs(line.start.slope)
    step = before = b.t - a.t
    for _ in range(100):
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        middle = (c.t - b.t) / 2
        width = tol * abs(b.t) / 2
        flat = b.t > 0 and abs(fb) <= tol * abs(line.start.slope)
        if flat or abs(middle) <= width:
            break
        if abs(before) < width or abs(fa) <= abs(fb):
            step = before = middle
        else:
            p, q = _interpolate(a.t, b.t, c.t, fa, fb, fc)
            if 2 * p < min(3 * middle * q - abs(width * q), abs(before * q)):
                before, step = step, p / q
            else:
                step = before = middle
        a, fa = b, fb
        b = line(b.t + (step if abs(step) > width else math.copysign(width, middle)))
        fb = _signed(line, b)
        if (fb > 0) == (fc > 0):
            c, fc = a, fa
            step = before = b.t - a.t
    return b if abs(fb) <= tol * abs(line.start.slope) else min(b, c, key=_height)


def _interpolate(
    a: float, b: float, c: float, fa: float, fb: float, fc: float
) -> tuple[float, float]:
    """Return p at least 0 and q such that b + p/q is where the interpolant vanishes."""
    s = fb / fa
    if a == c:
        p, q = (c - b) * s, 1 - s
    else:
        q, r = fa / fc, fb / fc
        p = s * ((c - b) * q * (q - r) - (b - a) * (r - 1))
        q = (q - 1) * (r - 1) * (s - 1)
    return (p, -q) if p > 0 else (-p, q)


def _height(trial: Trial) -> float:
    return trial.value if math.isfinite(trial.value) else math.inf
