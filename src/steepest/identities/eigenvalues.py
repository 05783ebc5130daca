"""Eigenvalues, singular values, and what belongs to them.

A symmetric matrix has no unconstrained neighbourhood. Functions of symmetric matrices are therefore
extended to all square ones by the symmetric part, f(X) = g((X + Xᵀ)/2): their gradient at a
symmetric X is the symmetric matrix of which directional derivatives along symmetric dX are inner
products.
"""

from functools import partial

import torch
from torch import Tensor, outer
from torch.linalg import cholesky, eigh, eigvalsh, inv, pinv, solve_triangular, svd, svdvals

from steepest.identities.identity import Identity
from steepest.identities.samples import (
    definite,
    diagonalizable,
    draw,
    leaning,
    matrix,
    normal,
)
from steepest.identities.tools import eye, from_differential, sym, units

_identity = partial(Identity, topic="Eigenvalues and singular values")


def _least(X: Tensor) -> tuple[Tensor, Tensor]:
    """Return the least eigenvalue of the symmetric part, and its eigenvector of norm 1."""
    values, vectors = eigh(sym(X))
    return values[0], vectors[:, 0]


def _second_of_least_eigenvalue(X: Tensor) -> Tensor:
    values, vectors = eigh(sym(X))
    v, total = vectors[:, 0], torch.zeros_like(units(X))
    for value, w in zip(values[1:], vectors.mT[1:], strict=True):
        S = outer(v, w) + outer(w, v)
        total = total + S[:, :, None, None] * S[None, None] / (2 * (values[0] - value))
    return total


def _greatest(X: Tensor) -> Tensor:
    """Return the eigenvector for the eigenvalue of greatest real part, of norm 1."""
    values, vectors = torch.linalg.eig(X)
    vector: Tensor = vectors[:, values.real.argmax()].real
    return vector


def _gradient_of_general_eigenvalue(X: Tensor) -> Tensor:
    u, v = _greatest(X.mT), _greatest(X)
    return outer(u, v) / (u @ v)


def _derivative_of_eigenprojector(X: Tensor) -> Tensor:
    value, v = _least(X)
    P, S = outer(v, v), pinv(value * eye(len(X), X) - sym(X))
    return from_differential(lambda dX: S @ sym(dX) @ P + P @ sym(dX) @ S, X)


def _eigenvector_towards(X: Tensor, a: Tensor) -> Tensor:
    v = _least(X)[1]
    return v * (a @ v).sign()


def _matrix_and_side(generator: torch.Generator) -> tuple[Tensor, ...]:
    """Draw a matrix and a vector that is not orthogonal to its eigenvector."""
    X, z = leaning(3)(generator), normal(3)(generator)
    v = _least(X)[1]
    return X, v + z - (v @ z) * v


def _derivative_of_eigenvector(X: Tensor, a: Tensor) -> Tensor:
    value, v = _least(X)[0], _eigenvector_towards(X, a)
    S = pinv(value * eye(len(X), X) - sym(X))
    return from_differential(lambda dX: S @ sym(dX) @ v, X)


def _derivative_of_cholesky(X: Tensor) -> Tensor:
    L = cholesky(sym(X))
    inverse = inv(L)

    def half(M: Tensor) -> Tensor:
        return M.tril() - M * eye(len(X), X) / 2

    return from_differential(lambda dX: L @ half(inverse @ sym(dX) @ inverse.mT), X)


def _generalised_least(B: Tensor, A: Tensor) -> Tensor:
    """Return the least eigenvalue of the pencil Av = λBv, by the Cholesky factor of B."""
    L = cholesky(sym(B))
    half = solve_triangular(L, A, upper=False)
    least: Tensor = eigvalsh(solve_triangular(L, half.mT, upper=False))[0]
    return least


def _gradient_of_generalised_least(B: Tensor, A: Tensor) -> Tensor:
    v = _greatest(-inv(sym(B)) @ A)
    return -(v @ A @ v) / (v @ sym(B) @ v) ** 2 * outer(v, v)


def _triplet(X: Tensor, i: int) -> Tensor:
    """Return the product of the i-th left and right singular vectors."""
    left, _, right = svd(X, full_matrices=False)
    return outer(left[:, i], right[i])


EIGENVALUES = (
    _identity(
        name="eigenvalue of a symmetric matrix",
        latex=r"\nabla_X\, \lambda\big(\tfrac12 (X + X^\top)\big) = v v^\top,"
        r"\quad \|v\| = 1",
        domain=r"$\lambda$ a simple eigenvalue of $\tfrac12 (X + X^\top)$, here the least;"
        r" $v$, $w_j$ its eigenvectors",
        fun=lambda X: eigvalsh(sym(X))[0],
        claimed=lambda X: outer(_least(X)[1], _least(X)[1]),
        second=_second_of_least_eigenvalue,
        second_latex=r"d^2\lambda = 2 \sum_{j} \frac{(v^\top dS\, w_j)^2}{\lambda - \lambda_j},"
        r"\quad dS = \tfrac12 (dX + dX^\top),\ \lambda_j \ne \lambda",
        sample=draw(leaning(4)),
        source="Petersen and Pedersen (2012), eq. (67)",
    ),
    _identity(
        name="eigenvalue of a general matrix",
        latex=r"\nabla_X\, \lambda(X) = \frac{u v^\top}{u^\top v},"
        r"\quad X v = \lambda v,\ X^\top u = \lambda u",
        domain=r"$\lambda$ real and simple, here the greatest",
        fun=lambda X: torch.linalg.eigvals(X).real.max(),
        claimed=_gradient_of_general_eigenvalue,
        sample=draw(diagonalizable(4)),
        source="Magnus and Neudecker (2019), chapter 8",
    ),
    _identity(
        name="sum of the greatest eigenvalues",
        latex=r"\nabla_X \sum_{i=1}^{k} \lambda_i\big(\tfrac12 (X + X^\top)\big) = V V^\top,"
        r"\quad V = (v_1, \dots, v_k)",
        domain=r"$\lambda_1 \ge \dots \ge \lambda_k > \lambda_{k+1}$, here $k = 2$",
        fun=lambda X: eigvalsh(sym(X))[-2:].sum(),
        claimed=lambda X: eigh(sym(X)).eigenvectors[:, -2:] @ eigh(sym(X)).eigenvectors[:, -2:].mT,
        sample=draw(leaning(4)),
        source="Petersen and Pedersen (2012), eq. (67), summed",
    ),
    _identity(
        name="eigenvector of a symmetric matrix",
        latex=r"dv = (\lambda I - S)^+\, dS\, v,\quad S = \tfrac12 (X + X^\top)",
        domain=r"$v$ of norm 1 for a simple eigenvalue $\lambda$, here the least, its sign fixed"
        r" by $a^\top v > 0$",
        fun=_eigenvector_towards,
        claimed=_derivative_of_eigenvector,
        sample=_matrix_and_side,
        source="Petersen and Pedersen (2012), eq. (68)",
    ),
    _identity(
        name="eigenprojector",
        latex=r"d(v v^\top) = (\lambda I - S)^+ dS\, v v^\top + v v^\top dS\, (\lambda I - S)^+",
        domain=r"$v$ and $S$ as before; the sign of $v$ does not matter",
        fun=lambda X: outer(_least(X)[1], _least(X)[1]),
        claimed=_derivative_of_eigenprojector,
        sample=draw(leaning(3)),
        source="Petersen and Pedersen (2012), eq. (68), by the product rule",
    ),
    _identity(
        name="generalised eigenvalue by the right-hand matrix",
        latex=r"\nabla_B\, \lambda = -\lambda\, v v^\top,"
        r"\quad A v = \lambda B v,\ v^\top B v = 1",
        domain=r"$A$ symmetric, $B$ positive definite, by its symmetric part; $\lambda$ simple",
        fun=_generalised_least,
        claimed=_gradient_of_generalised_least,
        # Near the identity, so that eigenvalues stay apart.
        sample=lambda generator: (
            torch.eye(3, dtype=torch.float64) + leaning(3)(generator) / 10,
            definite(3)(generator),
        ),
        source="Magnus and Neudecker (2019), chapter 8, by the chain rule",
    ),
    _identity(
        name="singular value",
        latex=r"\nabla_X\, \sigma_i(X) = u_i v_i^\top",
        domain=r"$\sigma_i$ simple and positive, here $i = 2$",
        fun=lambda X: svdvals(X)[1],
        claimed=lambda X: _triplet(X, 1),
        sample=draw(matrix(3, 4)),
        source="Golub and Van Loan (2013), chapter 8",
    ),
    _identity(
        name="spectral norm",
        latex=r"\nabla_X\, \|X\|_2 = u_1 v_1^\top",
        domain=r"$\sigma_1 > \sigma_2$",
        fun=lambda X: torch.linalg.matrix_norm(X, 2),
        claimed=lambda X: _triplet(X, 0),
        sample=draw(matrix(3, 4)),
        source="Watson (1992)",
    ),
    _identity(
        name="nuclear norm",
        latex=r"\nabla_X\, \|X\|_* = U V^\top,\quad X = U \operatorname{diag}(\sigma)\, V^\top",
        domain=r"$X$ of full rank",
        fun=lambda X: torch.linalg.matrix_norm(X, "nuc"),
        claimed=lambda X: svd(X, full_matrices=False).U @ svd(X, full_matrices=False).Vh,
        sample=draw(matrix(3, 4)),
        source="Watson (1992)",
    ),
    _identity(
        name="condition number",
        latex=r"\nabla_X\, \frac{\sigma_1}{\sigma_n} = \frac{\sigma_1}{\sigma_n}"
        r" \left( \frac{u_1 v_1^\top}{\sigma_1} - \frac{u_n v_n^\top}{\sigma_n} \right)",
        domain=r"$\sigma_1$ and $\sigma_n > 0$ simple",
        fun=lambda X: svdvals(X)[0] / svdvals(X)[-1],
        claimed=lambda X: (
            _triplet(X, 0) / svdvals(X)[-1] - _triplet(X, -1) * svdvals(X)[0] / svdvals(X)[-1] ** 2
        ),
        sample=draw(matrix(3, 3)),
        source="Golub and Van Loan (2013), chapter 2, for the number",
    ),
    _identity(
        name="Cholesky factor",
        latex=r"dL = L\, \Phi\big( L^{-1} dS\, L^{-\top} \big),\quad"
        r" S = \tfrac12 (X + X^\top) = L L^\top",
        domain=r"$S$ positive definite; $\Phi$ takes the lower triangle and halves the diagonal",
        fun=lambda X: cholesky(sym(X)),
        claimed=_derivative_of_cholesky,
        sample=draw(leaning(3)),
        source="Murray (2016)",
    ),
)
