"""Objectives of one variable with kinks, where autograd returns one subgradient of many."""

import torch

from steepest.problems.problem import Problem, float64

__all__ = ["abs_quadratic", "seven_minima"]


def abs_quadratic() -> Problem:
    r"""Return :math:`|x| + (x - 5)^2`: convex, with one kink, minimal at 9/2.

    Examples
    --------
    >>> from steepest import problems
    >>> problems.abs_quadratic().minimisers
    tensor([4.5000], dtype=torch.float64)
    """
    return Problem(
        "absolute value plus quadratic",
        lambda x: torch.abs(x) + (x - 5) ** 2,
        float64(0.0),
        float64([4.5]),
        float64([4.75]),
        r"|x| + (x - 5)^2",
        convex=True,
        strong_convexity=2.0,
    )


def seven_minima() -> Problem:
    r"""Return :math:`x\cos 4x + 2|x|`: its global minimum at the kink 0, six more on [-5, 5].

    Outside [-5, 5] it has infinitely many more local minima; `minimisers` lists those inside, in
    ascending order.

    Examples
    --------
    >>> from steepest import problems
    >>> problem = problems.seven_minima()
    >>> problem.minimisers[problem.minima.argmin()]
    tensor(0., dtype=torch.float64)
    """
    return Problem(
        "x cos 4x + 2|x|",
        lambda x: x * torch.cos(4 * x) + 2 * torch.abs(x),
        float64(-3.5),
        float64(
            [
                -4.699063257646912,
                -3.121483710036719,
                -1.529166939939435,
                0.0,
                0.6837670176585962,
                2.32915112432038476,
                3.910966323573707,
            ]
        ),
        float64(
            [
                4.705737162261738,
                3.1315761320750465,
                1.550318439894331,
                0.0,
                0.7394936091130372,
                2.342765120051979,
                3.9189977739946827,
            ]
        ),
        r"x \cos 4x + 2|x|",
        convex=False,
    )
