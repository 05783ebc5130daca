"""The search for points that break an inequality of convexity."""

from collections.abc import Callable

import torch
from torch import Tensor

from steepest.convexity._conditions import CONDITIONS
from steepest.convexity._draws import source
from steepest.convexity._hunt import Hunt
from steepest.convexity._kinds import KINDS
from steepest.convexity._sets import search_set
from steepest.convexity.base import Set
from steepest.convexity.witness import Search, Witness
from steepest.derivatives import _arguments as arguments

__all__ = ["find_violation", "search"]


def find_violation(
    fun_or_set: Callable[[Tensor], Tensor] | Set,
    domain: Set | None = None,
    condition: str = "chord",
    kind: str = "convex",
    *,
    samples: int = 10_000,
    refinements: int = 32,
    steps: int = 60,
    points: int = 4,
    generator: torch.Generator | None = None,
) -> Witness | None:
    r"""Look for points that show that a function, or a set, is not convex.

    A function f is convex where its domain is a convex set and

    .. math:: f(\theta x + (1 - \theta) y) \le \theta f(x) + (1 - \theta) f(y)

    for all x, y in it and all :math:`0 \le \theta \le 1`: its graph lies on or below each chord.
    It is strictly convex where < holds for all :math:`x \ne y` and :math:`0 < \theta < 1`, and
    (strictly) concave where -f is (strictly) convex. What follows from convexity, and is looked
    for here too: :math:`f(\sum_i w_i x_i) \le \sum_i w_i f(x_i)` (Jensen's inequality); on an
    open domain, :math:`f(y) \ge f(x) + \nabla f(x)^\top (y - x)` where f is differentiable, with
    > for a strictly convex f and :math:`x \ne y`, and :math:`\nabla^2 f(x) \succeq 0` where it is
    twice so.

    Parameters
    ----------
    fun_or_set
        A function of one point that returns a tensor of shape ``()``; it is batched by
        :func:`torch.vmap`, so it must not branch on values (use :func:`torch.where`). Or a
        :class:`Set`: then two of its points are looked for whose segment leaves it.
    domain
        The convex set to search, which says the points' shape, dtype and device as well. For a set
        as first argument it may be left out; if it is given, points are drawn from it and those in
        the set are kept.
    condition
        ``"chord"``, ``"gradient"`` (first order), ``"hessian"`` (second order) or ``"jensen"``.
    kind
        What is to be broken: ``"convex"``, ``"strict"``, ``"concave"`` or ``"strictly concave"``.
    samples
        How many random configurations are evaluated at first.
    refinements
        From how many of them the search goes on.
    steps
        How many steps of gradient ascent each refinement takes at most.
    points
        How many points Jensen's inequality gets, at least 2.
    generator
        Where the random numbers come from. None takes a fresh one of seed 0, so that two calls
        agree; the global generator is never used.

    Returns
    -------
    witness
        The greatest violation that the first successful stage found, or None. None means *not
        found*: no finite search proves convexity. :func:`search` says what was tried.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong; or the domain is not convex; or f is NaN at a point of the domain,
        or nowhere finite.

    Notes
    -----
    First, many random configurations are evaluated together. Then, from the points of least
    curvature, found by Lanczos' method on Hessian-vector products, the search goes along that
    direction through the whole domain. At last, gradient ascent on the violation, divided by the
    squared spread of the points and projected on the domain. Stages end at the first success.

    *Rounding.* A violation counts where it exceeds 16 machine epsilons times the size of the terms
    of the inequality, plus 8 times the scatter that changes in the last places of the points
    cause; the size of a second derivative includes the gradient's length over a sixteenth of the
    domain's extent. This is an estimate: a function that loses digits inside in a way that such
    changes do not show can still be accused.

    *Strictness* cannot be decided from rounded values alone. A strict kind is broken by whatever
    breaks the plain one, and by a segment, at least a quarter as long as the domain is in its
    direction, along which f is affine to within 4 machine epsilons: equality at nine equidistant
    points, or a vanishing second derivative at all of them. So :math:`|x|` is caught, and
    :math:`x^4` is not accused: its second derivative vanishes at 0 only, and a positive definite
    Hessian is sufficient for strict convexity, not necessary. But a function that is curved by
    less than its dtype can show, such as :math:`1 + e^x` far on the left, does look affine.

    *Kinks.* At a kink, autograd's gradient is one subgradient of many, or none. Points of the
    refined stages are therefore moved a little towards a random point of the domain before
    derivatives are taken, so that they meet a kink with probability 0.

    *Infinite values* are passed over, as those of an f that is infinite outside its domain.

    References
    ----------
    Boyd and Vandenberghe (2004), sections 2.1 and 3.1.

    Examples
    --------
    >>> import torch
    >>> from steepest import problems
    >>> from steepest.convexity import Box, NormBall, find_violation
    >>> line = Box(torch.tensor(-5.0, dtype=torch.float64), torch.tensor(5.0, dtype=torch.float64))
    >>> find_violation(problems.abs_quadratic().fun, line) is None
    True
    >>> witness = find_violation(problems.seven_minima().fun, line)
    >>> witness.left > witness.right
    True
    >>> disc = NormBall(torch.zeros(2, dtype=torch.float64))
    >>> saddle = find_violation(lambda x: x[0] ** 2 - x[1] ** 2, disc, "hessian")
    >>> saddle.violation > 0, saddle.recheck(lambda x: x[0] ** 2 + x[1] ** 2)
    (True, False)
    """
    return search(
        fun_or_set,
        domain,
        condition,
        kind,
        samples=samples,
        refinements=refinements,
        steps=steps,
        points=points,
        generator=generator,
    ).witness


def search(
    fun_or_set: Callable[[Tensor], Tensor] | Set,
    domain: Set | None = None,
    condition: str = "chord",
    kind: str = "convex",
    *,
    samples: int = 10_000,
    refinements: int = 32,
    steps: int = 60,
    points: int = 4,
    generator: torch.Generator | None = None,
) -> Search:
    """Do what :func:`find_violation` does, and say how much was tried.

    Parameters
    ----------
    fun_or_set, domain, condition, kind, samples, refinements, steps, points, generator
        As for :func:`find_violation`.

    Returns
    -------
    Search
        The witness or None, the number of configurations tried, and a message.

    Raises
    ------
    TypeError, ValueError
        As :func:`find_violation`.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Box, search
    >>> line = Box(torch.tensor(-1.0), torch.tensor(1.0))
    >>> result = search(lambda x: x.abs(), line, kind="strict")
    >>> result.witness.condition, result.witness.kind
    ('chord', 'strict')
    """
    _check(fun_or_set, domain, condition, kind, samples, refinements, steps, points)
    random = source(generator)
    if isinstance(fun_or_set, Set):
        return search_set(fun_or_set, domain, samples, random)
    assert domain is not None
    some = domain.sample(64).reshape(64, -1).to(torch.float64)
    extent = max(float(torch.cdist(some, some).max()), torch.finfo(domain.dtype).tiny)
    hunt = Hunt(fun_or_set, domain, condition, kind, points, random, extent)
    return hunt.run(samples, refinements, steps)


def _check(
    fun_or_set: object,
    domain: object,
    condition: str,
    kind: str,
    samples: int,
    refinements: int,
    steps: int,
    points: int,
) -> None:
    if condition not in CONDITIONS:
        raise ValueError(
            f"find_violation: condition must be one of {', '.join(CONDITIONS)}, got {condition!r}"
        )
    if kind not in KINDS:
        raise ValueError(f"find_violation: kind must be one of {', '.join(KINDS)}, got {kind!r}")
    least = {"samples": 2, "refinements": 1, "steps": 0, "points": 2}
    given = {"samples": samples, "refinements": refinements, "steps": steps, "points": points}
    for name, number in given.items():
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"find_violation: {name} must be an int, got {number!r}")
        if number < least[name]:
            raise ValueError(f"find_violation: {name} must be at least {least[name]}, got {number}")
    if domain is not None and not isinstance(domain, Set):
        raise TypeError(
            f"find_violation: domain must be a Set, got {type(domain).__name__}; for example "
            "Box(lower, upper)"
        )
    if isinstance(fun_or_set, Set):
        if (condition, kind) != ("chord", "convex"):
            raise ValueError(
                "find_violation: a set has chords and can be convex; condition and kind must be "
                f"'chord' and 'convex', got {condition!r} and {kind!r}"
            )
        if domain is not None and (domain.shape, domain.dtype, domain.device) != (
            fun_or_set.shape,
            fun_or_set.dtype,
            fun_or_set.device,
        ):
            raise ValueError(
                "find_violation: set and domain must have one shape, dtype and device, got "
                f"{fun_or_set.shape}, {fun_or_set.dtype}, {fun_or_set.device} and "
                f"{domain.shape}, {domain.dtype}, {domain.device}"
            )
        return
    arguments.function(fun_or_set, "find_violation")
    if domain is None:
        raise ValueError("find_violation: a function needs a domain to search, got None")
    if not domain.convex:
        raise ValueError(
            f"find_violation: the domain of a convex function is a convex set, got {domain!r}; "
            "search its convex parts one by one"
        )
