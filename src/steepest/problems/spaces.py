"""Objectives of many variables."""

import math

import torch
from torch import Tensor

from steepest.problems.problem import Problem, float64

__all__ = ["himmelblau", "ill_conditioned", "quadratic", "quadratic_from_spectrum", "rosenbrock"]


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
    spectrum = torch.linalg.eigvalsh(matrix)
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
        smoothness=spectrum[-1].item(),
        strong_convexity=spectrum[0].item(),
    )


def quadratic_from_spectrum(eigenvalues: Tensor, *, seed: int | None = None) -> Problem:
    r"""Return :math:`f(x) = \tfrac12 x^\top Q \Lambda Q^\top x` with the eigenvalues you give it.

    Parameters
    ----------
    eigenvalues
        The diagonal of :math:`\Lambda`, positive, of shape ``(n,)``.
    seed
        Chooses the orthogonal matrix Q, of shape ``(n, n)``; None means Q = I, which costs O(n).

    Raises
    ------
    ValueError
        `eigenvalues` is not a vector, is empty, or holds a number that is not positive and finite.

    Examples
    --------
    >>> import torch
    >>> from steepest import problems
    >>> problem = problems.quadratic_from_spectrum(torch.tensor([1.0, 10.0]))
    >>> problem.fun(torch.tensor([2.0, 1.0]))
    tensor(7.)
    >>> problem.strong_convexity, problem.smoothness
    (1.0, 10.0)
    """
    spectrum = eigenvalues.detach().to(torch.float64)
    if spectrum.ndim != 1 or len(spectrum) == 0:
        raise ValueError(
            "quadratic_from_spectrum: eigenvalues must have shape (n,) with n at least 1, got "
            f"{tuple(spectrum.shape)}"
        )
    if not bool(((spectrum > 0) & torch.isfinite(spectrum)).all()):
        raise ValueError(
            "quadratic_from_spectrum: eigenvalues must be positive and finite, got a smallest of "
            f"{spectrum.min().item():g} and a largest of {spectrum.max().item():g}"
        )
    n = len(spectrum)
    basis = None if seed is None else _orthogonal(n, seed).to(spectrum.device)

    def fun(x: Tensor) -> Tensor:
        coordinates = x if basis is None else x @ basis.to(x.dtype)
        return (spectrum.to(x.dtype) * coordinates**2).sum() / 2

    return Problem(
        f"quadratic of condition {(spectrum.max() / spectrum.min()).item():g} in {n} dimensions",
        fun,
        torch.ones_like(spectrum),
        torch.zeros_like(spectrum)[None],
        torch.zeros_like(spectrum[:1]),
        r"\tfrac12 x^\top Q \Lambda Q^\top x",
        convex=True,
        smoothness=spectrum.max().item(),
        strong_convexity=spectrum.min().item(),
    )


def ill_conditioned(n: int, condition: float, *, seed: int | None = None) -> Problem:
    r"""Return a quadratic in n variables whose Hessian has the condition number you ask for.

    Its eigenvalues run from 1 to `condition` in equal ratios. It starts at (1, …, 1), and is
    minimal at 0.

    Parameters
    ----------
    n
        How many variables, at least 1.
    condition
        The condition number :math:`\kappa = \lambda_{\max}/\lambda_{\min}`, at least 1; with
        n = 1 it can only be 1.
    seed
        As for :func:`quadratic_from_spectrum`.

    Raises
    ------
    ValueError
        `n` or `condition` is out of its range.

    Examples
    --------
    >>> import torch
    >>> from steepest import problems
    >>> problems.ill_conditioned(3, 100.0).fun(torch.tensor([0.0, 1.0, 0.0]))
    tensor(5.)
    """
    if n < 1:
        raise ValueError(f"ill_conditioned: n must be at least 1, got {n}")
    if not 1 <= condition < math.inf:
        raise ValueError(
            f"ill_conditioned: condition must be at least 1 and finite, got {condition!r}"
        )
    if n == 1 and condition != 1:
        raise ValueError(
            f"ill_conditioned: with n = 1 the condition number is 1, got {condition!r}; raise n"
        )
    exponents = torch.linspace(0, 1, n, dtype=torch.float64)
    return quadratic_from_spectrum(condition**exponents, seed=seed)


def rosenbrock(n: int = 2) -> Problem:
    r"""Return Rosenbrock's curved valley in n variables, minimal at (1, …, 1).

    .. math:: f(x) = \sum_{i=1}^{n-1} 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2

    For 4 ≤ n ≤ 100 a second, worse local minimum is known, near (-1, 1, …, 1); `minimisers` lists
    the global one only.

    Raises
    ------
    ValueError
        `n` is below 2.

    Notes
    -----
    Rosenbrock (1960) for n = 2; Kok and Sandrock (2009) on the second minimum.

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
        float64([0.0]),
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
        float64([0.0, 0.0]),
        float64(
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


def _orthogonal(n: int, seed: int) -> Tensor:
    """Return a random orthogonal matrix, uniform over all of them (Stewart, 1980)."""
    generator = torch.Generator().manual_seed(seed)
    gaussian = torch.randn(n, n, dtype=torch.float64, generator=generator)
    factor, triangle = torch.linalg.qr(gaussian)
    basis: Tensor = factor * triangle.diagonal().sign()
    return basis
