"""Objectives with known answers, shared by lectures, gallery, tests and benchmarks."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Problem", "abs_quadratic", "himmelblau", "quadratic", "rosenbrock", "seven_minima"]


@dataclass(frozen=True)
class Problem:
    """An objective, where to start, and what is known about its minima.

    Attributes
    ----------
    name
        What the problem is called.
    fun
        Maps a tensor of the shape of `x0` to a tensor of shape ``()``, in the dtype it is given.
    x0
        The customary start, float64.
    minimisers
        All local minimisers, stacked: shape ``(k, *x0.shape)``.
    minima
        The values there, shape ``(k,)``.
    formula
        The objective in LaTeX.
    convex
        Whether it is.

    Examples
    --------
    >>> from steepest import problems
    >>> problem = problems.abs_quadratic()
    >>> problem.fun(problem.minimisers[0])
    tensor(4.7500, dtype=torch.float64)
    """

    name: str
    fun: Callable[[Tensor], Tensor]
    x0: Tensor
    minimisers: Tensor
    minima: Tensor
    formula: str
    convex: bool


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
        _tensor(0.0),
        _tensor([4.5]),
        _tensor([4.75]),
        r"|x| + (x - 5)^2",
        convex=True,
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
        _tensor(-3.5),
        _tensor(
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
        _tensor(
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


def quadratic(A: Tensor, b: Tensor | None = None) -> Problem:
    r"""Return :math:`f(x) = \tfrac12 x^\top A x + b^\top x`, minimal at :math:`-A^{-1}b`.

    Parameters
    ----------
    A
        Symmetric positive definite, of shape ``(n, n)``.
    b
        Of shape ``(n,)``; zero unless given.

    Raises
    ------
    ValueError
        `A` is not square, not symmetric or not positive definite, or `b` does not fit it.

    Examples
    --------
    >>> import torch
    >>> from steepest import problems
    >>> A = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
    >>> problems.quadratic(A, torch.tensor([1.0, 1.0])).minimisers
    tensor([[-0.4000, -0.2000]], dtype=torch.float64)
    """
    if A.ndim != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"quadratic: A must be a square matrix, got shape {tuple(A.shape)}")
    matrix = A.detach().to(torch.float64)
    n = len(matrix)
    if not torch.equal(matrix, matrix.T):
        raise ValueError("quadratic: A must be symmetric; pass (A + A.T) / 2")
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if failed:
        raise ValueError(
            "quadratic: A must be positive definite, got a smallest eigenvalue of "
            f"{torch.linalg.eigvalsh(matrix)[0].item():g}"
        )
    shift = torch.zeros(n, dtype=torch.float64) if b is None else b.detach().to(torch.float64)
    if shift.shape != (n,):
        raise ValueError(f"quadratic: b must have shape ({n},), got {tuple(shift.shape)}")
    shift = shift.to(matrix.device)
    minimiser = -torch.cholesky_solve(shift[:, None], factor)[:, 0]

    def fun(x: Tensor) -> Tensor:
        return x @ (matrix.to(x) @ x) / 2 + shift.to(x) @ x

    return Problem(
        f"quadratic in {n} dimensions",
        fun,
        torch.ones_like(shift),
        minimiser[None],
        fun(minimiser)[None],
        r"\tfrac12 x^\top A x + b^\top x",
        convex=True,
    )


def rosenbrock(n: int = 2) -> Problem:
    r"""Return Rosenbrock's curved valley in n variables, minimal at (1, …, 1).

    .. math:: f(x) = \sum_{i=1}^{n-1} 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2

    For 4 ≤ n ≤ 7 a second, worse local minimum lies near (-1, 1, …, 1); `minimisers` lists the
    global one.

    Raises
    ------
    ValueError
        `n` is below 2.

    Notes
    -----
    Rosenbrock (1960) for n = 2.

    Examples
    --------
    >>> from steepest import problems
    >>> problem = problems.rosenbrock(3)
    >>> problem.fun(problem.minimisers[0])
    tensor(0., dtype=torch.float64)
    """
    if n < 2:
        raise ValueError(f"rosenbrock: n must be at least 2, got {n}")
    x0 = torch.ones(n, dtype=torch.float64)
    x0[::2] = -1.2
    return Problem(
        f"Rosenbrock in {n} dimensions",
        lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(),
        x0,
        torch.ones(1, n, dtype=torch.float64),
        _tensor([0.0]),
        r"\sum_{i<n} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2",
        convex=False,
    )


def himmelblau() -> Problem:
    r"""Return Himmelblau's function: four minima of value 0, four saddles, one maximum.

    .. math:: f(x) = (x_1^2 + x_2 - 11)^2 + (x_1 + x_2^2 - 7)^2

    Notes
    -----
    Himmelblau (1972).

    Examples
    --------
    >>> from steepest import problems
    >>> problem = problems.himmelblau()
    >>> problem.fun(problem.minimisers[0])
    tensor(0., dtype=torch.float64)
    """
    return Problem(
        "Himmelblau",
        lambda x: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2,
        _tensor([0.0, 0.0]),
        _tensor(
            [
                [3.0, 2.0],
                [-2.805118086952745, 3.1313125182505730],
                [-3.779310253377747, -3.2831859912861695],
                [3.584428340330492, -1.8481265269644034],
            ]
        ),
        torch.zeros(4, dtype=torch.float64),
        r"(x_1^2 + x_2 - 11)^2 + (x_1 + x_2^2 - 7)^2",
        convex=False,
    )


def _tensor(values: float | list[float] | list[list[float]]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
