"""Inverses, pseudo-inverses, and functions of matrices."""

from functools import partial

import torch
from torch import Tensor, einsum, trace
from torch.linalg import inv, matrix_exp, matrix_power, pinv, solve

from steepest.identities.identity import Identity
from steepest.identities.samples import (
    definite,
    diagonalizable,
    draw,
    leaning,
    matrix,
    normal,
)
from steepest.identities.tools import eye, from_differential, kron, unvec, vec

_identity = partial(Identity, topic="Inverses and functions of matrices")


def _full_rank_pinv(X: Tensor) -> Tensor:
    inverse: Tensor = solve(X.mT @ X, X.mT)
    return inverse


def _derivative_of_pinv(X: Tensor) -> Tensor:
    P, G, rest = pinv(X), inv(X.mT @ X), eye(len(X), X) - X @ pinv(X)
    return from_differential(lambda dX: -P @ dX @ P + G @ dX.mT @ rest, X)


def _derivative_of_projector(X: Tensor) -> Tensor:
    P, rest = pinv(X), eye(len(X), X) - X @ pinv(X)
    half = from_differential(lambda dX: rest @ dX @ P, X)
    return half + half.transpose(0, 1)


def _square_root(X: Tensor) -> Tensor:
    """Return the principal square root, by the iteration of Denman and Beavers (1976)."""
    Y, Z = X, eye(len(X), X)
    for _ in range(8):
        Y, Z = (Y + inv(Z)) / 2, (Z + inv(Y)) / 2
    return Y


def _derivative_of_square_root(X: Tensor) -> Tensor:
    n, eigen = len(X), torch.linalg.eig(X)
    V = eigen.eigenvectors
    root = (V * eigen.eigenvalues.sqrt() @ inv(V)).real
    system = kron(eye(n, X), root) + kron(root.mT, eye(n, X))
    columns = [unvec(solve(system, vec(dX)), n) for dX in eye(n * n, X).reshape(n * n, n, n)]
    return torch.stack(columns, dim=-1).reshape(n, n, n, n)


def _derivative_of_exponential(X: Tensor) -> Tensor:
    n = len(X)

    def corner(dX: Tensor) -> Tensor:
        block = X.new_zeros(2 * n, 2 * n)
        block[:n, :n], block[n:, n:], block[:n, n:] = X, X, dX
        found: Tensor = matrix_exp(block)[:n, n:]
        return found

    columns = [corner(dX) for dX in eye(n * n, X).reshape(n * n, n, n)]
    return torch.stack(columns, dim=-1).reshape(n, n, n, n)


INVERSES = (
    _identity(
        name="inverse",
        latex=r"d(X^{-1}) = -X^{-1}\, dX\, X^{-1},\qquad"
        r" \frac{\partial (X^{-1})_{kl}}{\partial X_{ij}} = -(X^{-1})_{ki}\, (X^{-1})_{jl}",
        domain=r"$X$ invertible",
        fun=lambda X: inv(X),
        claimed=lambda X: from_differential(lambda dX: -inv(X) @ dX @ inv(X), X),
        sample=draw(matrix(3, 3)),
        source="Petersen and Pedersen (2012), eqs. (40) and (60)",
    ),
    _identity(
        name="trace with an inverse",
        latex=r"\nabla_X \operatorname{tr}(A X^{-1} B) = -(X^{-1} B A X^{-1})^\top",
        domain=r"$X$ invertible, $A \in \mathbb{R}^{p\times n},\ B \in \mathbb{R}^{n\times p}$",
        fun=lambda X, A, B: trace(A @ inv(X) @ B),
        claimed=lambda X, A, B: -(inv(X) @ B @ A @ inv(X)).mT,
        second=lambda X, A, B: (
            einsum("jk,li->ijkl", inv(X), inv(X) @ B @ A @ inv(X))
            + einsum("jk,li->ijkl", inv(X) @ B @ A @ inv(X), inv(X))
        ),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = X^{-1}_{jk} M_{li} + M_{jk} X^{-1}_{li},\quad M = X^{-1} B A X^{-1}",
        sample=draw(matrix(3, 3), normal(2, 3), normal(3, 2)),
        source="Petersen and Pedersen (2012), eqs. (63) and (124)",
    ),
    _identity(
        name="trace of a shifted inverse",
        latex=r"\nabla_X \operatorname{tr}\big((X + A)^{-1}\big)"
        r" = -\big((X + A)^{-2}\big)^\top",
        domain=r"$X + A$ invertible",
        fun=lambda X, A: trace(inv(X + A)),
        claimed=lambda X, A: -(inv(X + A) @ inv(X + A)).mT,
        sample=draw(leaning(3), definite(3)),
        source="Petersen and Pedersen (2012), eq. (64)",
    ),
    _identity(
        name="trace with the inverse of a quadratic form",
        latex=r"\nabla_X \operatorname{tr}\big((X^\top C X)^{-1} A\big)"
        r" = -C X M\, (A + A^\top)\, M,\quad M = (X^\top C X)^{-1}",
        domain=r"$C$ symmetric, $X^\top C X$ invertible, $A$ symmetric or not",
        fun=lambda X, C, A: trace(inv(X.mT @ C @ X) @ A),
        claimed=lambda X, C, A: -C @ X @ inv(X.mT @ C @ X) @ (A + A.mT) @ inv(X.mT @ C @ X),
        sample=draw(matrix(4, 2), definite(4), normal(2, 2)),
        source="Petersen and Pedersen (2012), eq. (125)",
    ),
    _identity(
        name="trace of a quotient of quadratic forms",
        latex=r"\nabla_X \operatorname{tr}(M\, X^\top B X) = 2 B X M"
        r" - 2 C X M X^\top B X M,\quad M = (X^\top C X)^{-1}",
        domain=r"$B, C$ symmetric, $X^\top C X$ invertible",
        fun=lambda X, B, C: trace(inv(X.mT @ C @ X) @ (X.mT @ B @ X)),
        claimed=lambda X, B, C: (
            2 * (B @ X - C @ X @ inv(X.mT @ C @ X) @ X.mT @ B @ X) @ inv(X.mT @ C @ X)
        ),
        sample=draw(matrix(4, 2), definite(4), definite(4)),
        source="Petersen and Pedersen (2012), eq. (126)",
    ),
    _identity(
        name="Schur complement",
        latex=r"d(D - C X^{-1} B) = C X^{-1}\, dX\, X^{-1} B",
        domain=r"$X$ invertible, $B$, $C$, $D$ of fitting shapes",
        fun=lambda X, B, C, D: D - C @ solve(X, B),
        claimed=lambda X, B, C, D: einsum("ki,jl->klij", C @ inv(X), inv(X) @ B),
        sample=draw(matrix(3, 3), normal(3, 2), normal(4, 3), normal(4, 2)),
        source="Petersen and Pedersen (2012), eq. (59), by the chain rule",
    ),
    _identity(
        name="resolvent",
        latex=r"\frac{d}{dt} (tI - A)^{-1} = -(tI - A)^{-2}",
        domain=r"$t$ no eigenvalue of $A$",
        fun=lambda t, A: inv(t * eye(len(A), A) - A),
        claimed=lambda t, A: -matrix_power(t * eye(len(A), A) - A, -2),
        sample=lambda generator: (
            torch.rand((), dtype=torch.float64, generator=generator) - 1,
            diagonalizable(3)(generator),
        ),
        source="Petersen and Pedersen (2012), eq. (59)",
    ),
    _identity(
        name="pseudo-inverse",
        latex=r"d(X^+) = -X^+ dX\, X^+ + (X^\top X)^{-1} dX^\top (I - X X^+)",
        domain=r"$X \in \mathbb{R}^{m\times n}$ of rank $n$",
        fun=_full_rank_pinv,
        claimed=_derivative_of_pinv,
        sample=draw(matrix(4, 2)),
        source="Golub and Pereyra (1973)",
    ),
    _identity(
        name="orthogonal projector",
        latex=r"d(X X^+) = (I - X X^+)\, dX\, X^+"
        r" + \big( (I - X X^+)\, dX\, X^+ \big)^\top",
        domain=r"$X \in \mathbb{R}^{m\times n}$ of rank $n$",
        fun=lambda X: X @ _full_rank_pinv(X),
        claimed=_derivative_of_projector,
        sample=draw(matrix(4, 2)),
        source="Golub and Pereyra (1973)",
    ),
    _identity(
        name="square root",
        latex=r"dS\, S + S\, dS = dX,\qquad"
        r" \operatorname{vec} dS = (I \otimes S + S^\top \otimes I)^{-1}"
        r" \operatorname{vec} dX,\quad S = X^{1/2}",
        domain=r"$X$ without eigenvalues on the closed negative real axis",
        fun=_square_root,
        claimed=_derivative_of_square_root,
        sample=draw(diagonalizable(3)),
        source="Higham (2008), chapter 6",
    ),
    _identity(
        name="trace of the square root",
        latex=r"\nabla_X \operatorname{tr} X^{1/2} = \tfrac12 (X^{-1/2})^\top",
        domain=r"$X$ without eigenvalues on the closed negative real axis",
        fun=lambda X: trace(_square_root(X)),
        claimed=lambda X: inv(_square_root(X)).mT / 2,
        sample=draw(diagonalizable(3)),
        source="Petersen and Pedersen (2012), section 2.5",
    ),
    _identity(
        name="exponential",
        latex=r"\exp \begin{pmatrix} X & dX \\ 0 & X \end{pmatrix}"
        r" = \begin{pmatrix} e^X & d(e^X) \\ 0 & e^X \end{pmatrix}",
        domain=r"$X \in \mathbb{R}^{n\times n}$",
        fun=lambda X: matrix_exp(X),
        claimed=_derivative_of_exponential,
        sample=draw(normal(3, 3)),
        source="Higham (2008), section 3.2",
    ),
)
