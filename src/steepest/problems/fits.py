"""Objectives that fit a model to data."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from steepest.modules import flatten
from steepest.problems.problem import Problem, float64

__all__ = ["least_squares", "logistic_regression", "two_layer_network"]


def least_squares(A: Tensor, b: Tensor) -> Problem:
    r"""Return linear least squares, :math:`f(x) = \tfrac12 \|Ax - b\|^2`.

    Parameters
    ----------
    A
        Of shape ``(m, n)``, with independent columns, so that there is one minimiser.
    b
        Of shape ``(m,)``.

    Raises
    ------
    ValueError
        `A` is no matrix, its columns are dependent, or `b` does not fit it.

    Notes
    -----
    The minimiser solves :math:`A^\top A x = A^\top b`; it is computed from a QR factorisation of
    `A`, which keeps the accuracy that forming :math:`A^\top A` loses (Björck, 1996).

    Examples
    --------
    >>> import torch
    >>> from steepest import problems
    >>> A = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> problems.least_squares(A, torch.tensor([2.0, 5.0, 8.0])).minimisers
    tensor([[2.0000, 3.0000]], dtype=torch.float64)
    """
    matrix, target = _data("least_squares", "A", A, "b", b)
    m, n = matrix.shape
    # the squares of the singular values are the Hessian's eigenvalues
    singular = torch.linalg.svdvals(matrix)
    if m < n or singular[-1] <= torch.finfo(torch.float64).eps * max(m, n) * singular[0]:
        raise ValueError(
            f"least_squares: the columns of A, of shape {(m, n)}, must be independent; add rows, "
            "or drop columns"
        )
    factor, triangle = torch.linalg.qr(matrix)
    minimiser = torch.linalg.solve_triangular(triangle, (factor.T @ target)[:, None], upper=True)

    def fun(x: Tensor) -> Tensor:
        residual = matrix.to(x.dtype) @ x - target.to(x.dtype)
        return (residual**2).sum() / 2

    return Problem(
        f"least squares, {m} by {n}",
        fun,
        torch.zeros_like(matrix[0]),
        minimiser.T,
        fun(minimiser[:, 0])[None],
        r"\tfrac12 \|Ax - b\|^2",
        convex=True,
        smoothness=singular[0].item() ** 2,
        strong_convexity=singular[-1].item() ** 2,
    )


def logistic_regression(A: Tensor, y: Tensor, *, ridge: float = 1e-2) -> Problem:
    r"""Return ridge-regularised logistic regression on m labelled rows.

    .. math::
        f(w) = \frac1m \sum_{i=1}^m \log\bigl(1 + e^{-y_i a_i^\top w}\bigr)
               + \frac{\rho}{2}\|w\|^2

    Parameters
    ----------
    A
        The rows :math:`a_i`: shape ``(m, n)``.
    y
        The labels, each -1 or 1: shape ``(m,)``.
    ridge
        The factor :math:`\rho`, positive. Without it separable data have no minimiser.

    Raises
    ------
    ValueError
        `A` and `y` do not fit, a label is neither -1 nor 1, or `ridge` is not positive.

    Notes
    -----
    There is no closed form; the minimiser is computed by Newton's method with the Hessian
    :math:`\frac1m A^\top \operatorname{diag}(s_i(1 - s_i)) A + \rho I`,
    :math:`s_i = \sigma(a_i^\top w)` (Boyd and Vandenberghe, 2004, section 9.5).

    Examples
    --------
    >>> import math, torch
    >>> from steepest import problems
    >>> row, label = torch.tensor([[1.0]]), torch.tensor([1.0])
    >>> problem = problems.logistic_regression(row, label, ridge=1 / (4 * math.log(3)))
    >>> problem.minimisers  # ln 3
    tensor([[1.0986]], dtype=torch.float64)
    """
    matrix, labels = _data("logistic_regression", "A", A, "y", y)
    if not bool((labels.abs() == 1).all()):
        raise ValueError("logistic_regression: labels must be -1 or 1; for 0 and 1, pass 2 * y - 1")
    if not 0 < ridge < math.inf:
        raise ValueError(
            f"logistic_regression: ridge must be positive and finite, got {ridge!r}; without it "
            "separable data have no minimiser"
        )
    m, n = matrix.shape
    signed = labels[:, None] * matrix

    def fun(w: Tensor) -> Tensor:
        return ridge / 2 * (w @ w) - logsigmoid(signed.to(w.dtype) @ w).mean()

    minimiser = _logistic_minimiser(signed, ridge)
    return Problem(
        f"logistic regression, {m} by {n}",
        fun,
        torch.zeros_like(matrix[0]),
        minimiser[None],
        fun(minimiser)[None],
        r"\tfrac1m \sum_i \log(1 + e^{-y_i a_i^\top w}) + \tfrac{\rho}{2} \|w\|^2",
        convex=True,
        # at w = 0 all s(1 - s) reach their largest value 1/4 together
        smoothness=(torch.linalg.matrix_norm(matrix, 2) ** 2 / (4 * m)).item() + ridge,
        # far out, along a direction that no row is orthogonal to, they all approach 0
        strong_convexity=ridge,
    )


def two_layer_network(
    inputs: int = 2, hidden: int = 3, outputs: int = 1, *, samples: int = 32, seed: int = 0
) -> Problem:
    r"""Return the mean squared error of a two-layer tanh network that learns from one of its kind.

    The teacher, a network of the same shape, labels normally distributed inputs. Its parameters
    attain the loss 0, and so do their permutations and sign changes of hidden units, of which
    there are :math:`2^h h!`; `minimisers` lists the teacher itself. x0 is another such network.

    Parameters
    ----------
    inputs, hidden, outputs
        How many units each layer has.
    samples
        How many labelled inputs.
    seed
        Draws the teacher, the inputs and the start.

    Raises
    ------
    ValueError
        A number of units or samples is below 1.

    Examples
    --------
    >>> from steepest import problems
    >>> problem = problems.two_layer_network()
    >>> problem.x0.shape, problem.infimum
    (torch.Size([13]), 0.0)
    """
    if min(inputs, hidden, outputs, samples) < 1:
        raise ValueError(
            "two_layer_network: inputs, hidden, outputs and samples must be at least 1, got "
            f"{inputs}, {hidden}, {outputs} and {samples}"
        )
    generator = torch.Generator().manual_seed(seed)
    # built on "meta": PyTorch's own initialisation would draw from the global generator
    layers = nn.Linear(inputs, hidden, device="meta"), nn.Linear(hidden, outputs, device="meta")
    network = nn.Sequential(layers[0], nn.Tanh(), layers[1]).to_empty(device="cpu").double()
    flat, like = flatten(network, lambda model, a, y: ((model(a) - y) ** 2).mean())
    teacher, x0 = torch.randn(2, len(like), dtype=torch.float64, generator=generator)
    points = torch.randn(samples, inputs, dtype=torch.float64, generator=generator)
    labels = flatten(network, lambda model: model(points))[0](teacher)

    def fun(x: Tensor) -> Tensor:
        return flat(x, points.to(x), labels.to(x))

    return Problem(
        f"two-layer network {inputs}-{hidden}-{outputs}",
        fun,
        x0,
        teacher[None],
        float64([0.0]),
        r"\tfrac1N \sum_i \|W_2 \tanh(W_1 a_i + b_1) + b_2 - y_i\|^2",
        convex=False,
    )


def _data(caller: str, name: str, A: Tensor, target: str, b: Tensor) -> tuple[Tensor, Tensor]:
    if A.ndim != 2 or 0 in A.shape:
        raise ValueError(f"{caller}: {name} must be a matrix, got shape {tuple(A.shape)}")
    if b.shape != A.shape[:1]:
        raise ValueError(
            f"{caller}: {target} must have shape ({len(A)},), one number for each row of {name}, "
            f"got {tuple(b.shape)}"
        )
    matrix = A.detach().to(torch.float64)
    return matrix, b.detach().to(matrix)


def _logistic_minimiser(signed: Tensor, ridge: float) -> Tensor:
    """Newton's method with step halving, until rounding stops it."""
    m, n = signed.shape
    w = torch.zeros_like(signed[0])
    eye = torch.eye(n, dtype=signed.dtype, device=signed.device)

    def gradient(w: Tensor) -> tuple[Tensor, Tensor]:
        s = torch.sigmoid(-(signed @ w))
        return ridge * w - s @ signed / m, s

    g, s = gradient(w)
    for _ in range(100):
        hessian = signed.T @ ((s * (1 - s))[:, None] * signed) / m + ridge * eye
        step = torch.linalg.solve(hessian, g)
        size = 1.0
        while True:
            candidate, weights = gradient(w - size * step)
            if candidate.norm() < g.norm():
                break
            size /= 2
            if size < 2**-30:
                return w
        w, g, s = w - size * step, candidate, weights
    return w
