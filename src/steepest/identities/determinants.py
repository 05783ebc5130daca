"""Determinants and their logarithms."""

from functools import partial

import torch
from torch import Tensor, det, einsum, outer, trace
from torch.linalg import inv, matrix_power, pinv, slogdet

from steepest.identities.identity import Identity
from steepest.identities.samples import draw, leaning, matrix, normal, positive_number
from steepest.identities.tools import eye, sym

_identity = partial(Identity, topic="Determinants")


def _second_of_det(X: Tensor) -> Tensor:
    Y = inv(X)
    return det(X) * (einsum("ji,lk->ijkl", Y, Y) - einsum("jk,li->ijkl", Y, Y))


def _cofactors(X: Tensor) -> Tensor:
    """Return the signed minors, which need no inverse."""
    rows = torch.arange(len(X))
    minors = [
        (-1) ** (i + j) * det(X[rows != i][:, rows != j])
        for i in range(len(X))
        for j in range(len(X))
    ]
    return torch.stack(minors).reshape(X.shape)


def _singular(generator: torch.Generator) -> tuple[Tensor, ...]:
    return (normal(3, 2)(generator) @ normal(2, 3)(generator),)


def _leibniz(X: Tensor) -> Tensor:
    """Return the determinant of a matrix of three rows by its definition."""
    triple: Tensor = X[0] @ torch.linalg.cross(X[1], X[2])
    return triple


DETERMINANTS = (
    _identity(
        name="determinant",
        latex=r"\nabla_X \det X = \det(X)\, X^{-\top}",
        domain=r"$X$ invertible, of either sign",
        fun=lambda X: det(X),
        claimed=lambda X: det(X) * inv(X).mT,
        second=_second_of_det,
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}} = \det(X)"
        r" \big( X^{-1}_{ji} X^{-1}_{lk} - X^{-1}_{jk} X^{-1}_{li} \big)",
        sample=draw(matrix(3, 3)),
        source="Petersen and Pedersen (2012), eq. (49)",
    ),
    _identity(
        name="determinant of a singular matrix",
        latex=r"\nabla_X \det X = \operatorname{adj}(X)^\top",
        domain=r"every $X \in \mathbb{R}^{n\times n}$, here of rank $n - 1$;"
        r" $\operatorname{adj}$ is the adjugate, the transpose of the matrix of cofactors",
        fun=_leibniz,
        claimed=_cofactors,
        sample=_singular,
        source="Petersen and Pedersen (2012), eq. (41)",
    ),
    _identity(
        name="log of the absolute determinant",
        latex=r"\nabla_X \log |\det X| = X^{-\top}",
        domain=r"$X$ invertible, here with a negative determinant",
        fun=lambda X: slogdet(X).logabsdet,
        claimed=lambda X: inv(X).mT,
        second=lambda X: -einsum("jk,li->ijkl", inv(X), inv(X)),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = -X^{-1}_{jk} X^{-1}_{li}",
        sample=draw(matrix(3, 3, sign=-1)),
        source="Petersen and Pedersen (2012), eq. (57)",
    ),
    _identity(
        name="log determinant",
        latex=r"\nabla_X \log \det X = X^{-\top}",
        domain=r"$\det X > 0$; elsewhere $\log\det X$ has no real value",
        fun=lambda X: det(X).log(),
        claimed=lambda X: inv(X).mT,
        sample=draw(matrix(3, 3, sign=1)),
        source="Petersen and Pedersen (2012), eq. (43)",
    ),
    _identity(
        name="log determinant by Cholesky",
        latex=r"\nabla_X \log\det \tfrac12 (X + X^\top)"
        r" = \left( \tfrac12 (X + X^\top) \right)^{-1}",
        domain=r"$X + X^\top$ positive definite; at a symmetric $X$ this is $X^{-1}$",
        fun=lambda X: 2 * torch.linalg.cholesky(sym(X)).diagonal().log().sum(),
        claimed=lambda X: inv(sym(X)),
        second=lambda X: (
            (
                -einsum("jk,li->ijkl", inv(sym(X)), inv(sym(X)))
                - einsum("ik,lj->ijkl", inv(sym(X)), inv(sym(X)))
            )
            / 2
        ),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = -\tfrac12 \big( S_{jk} S_{li} + S_{ik} S_{lj} \big),"
        r"\quad S = \left( \tfrac12 (X + X^\top) \right)^{-1}",
        sample=draw(leaning(3)),
        source="Boyd and Vandenberghe (2004), appendix A.4",
    ),
    _identity(
        name="determinant of a product of three",
        latex=r"\nabla_X \det(AXB) = \det(AXB)\, A^\top (AXB)^{-\top} B^\top",
        domain=r"$A \in \mathbb{R}^{p\times m},\ X \in \mathbb{R}^{m\times n},\ "
        r"B \in \mathbb{R}^{n\times p}$, $AXB$ invertible",
        fun=lambda X, A, B: det(A @ X @ B),
        claimed=lambda X, A, B: det(A @ X @ B) * A.mT @ inv(A @ X @ B).mT @ B.mT,
        sample=draw(matrix(3, 4), matrix(2, 3), matrix(4, 2)),
        source="Petersen and Pedersen (2012), eq. (51), there for square factors",
    ),
    _identity(
        name="determinant of a quadratic form",
        latex=r"\nabla_X \det(X^\top\! A X) = \det(X^\top\! A X)\, \big( A X (X^\top\! A X)^{-1}"
        r" + A^\top\! X (X^\top\! A^\top\! X)^{-1} \big)",
        domain=r"$X \in \mathbb{R}^{m\times n}$, $A$ symmetric or not, $X^\top\! A X$ invertible",
        fun=lambda X, A: det(X.mT @ A @ X),
        claimed=lambda X, A: (
            det(X.mT @ A @ X) * (A @ X @ inv(X.mT @ A @ X) + A.mT @ X @ inv(X.mT @ A.mT @ X))
        ),
        sample=draw(matrix(4, 2), leaning(4)),
        source="Petersen and Pedersen (2012), eq. (54)",
    ),
    _identity(
        name="log determinant of a Gram matrix",
        latex=r"\nabla_X \log\det(X^\top X) = 2\,(X^+)^\top",
        domain=r"$X \in \mathbb{R}^{m\times n}$ of rank $n$; $X^+$ is the pseudo-inverse",
        fun=lambda X: slogdet(X.mT @ X).logabsdet,
        claimed=lambda X: 2 * pinv(X).mT,
        sample=draw(matrix(4, 3)),
        source="Petersen and Pedersen (2012), eq. (55)",
    ),
    _identity(
        name="determinant of a power",
        latex=r"\nabla_X \det(X^k) = k \det(X^k)\, X^{-\top}",
        domain=r"$X$ invertible, here $k = 3$",
        fun=lambda X: det(matrix_power(X, 3)),
        claimed=lambda X: 3 * det(X) ** 3 * inv(X).mT,
        sample=draw(matrix(3, 3)),
        source="Petersen and Pedersen (2012), eq. (58)",
    ),
    _identity(
        name="determinant of the inverse",
        latex=r"\nabla_X \det(X^{-1}) = -\det(X^{-1})\, X^{-\top}",
        domain=r"$X$ invertible",
        fun=lambda X: det(inv(X)),
        claimed=lambda X: -inv(X).mT / det(X),
        sample=draw(matrix(3, 3)),
        source="Petersen and Pedersen (2012), eq. (62)",
    ),
    _identity(
        name="log determinant of a capacity",
        latex=r"\nabla_X \log\det(I + X X^\top) = 2\,(I + X X^\top)^{-1} X",
        domain=r"$X \in \mathbb{R}^{m\times n}$",
        fun=lambda X: slogdet(eye(len(X), X) + X @ X.mT).logabsdet,
        claimed=lambda X: 2 * inv(eye(len(X), X) + X @ X.mT) @ X,
        sample=draw(normal(4, 3)),
        source="Petersen and Pedersen (2012), eq. (43), by the chain rule",
    ),
    _identity(
        name="log determinant after an update of rank one",
        latex=r"\nabla_x \log\det(A + x x^\top) = (M^{-1} + M^{-\top})\, x,"
        r"\quad M = A + x x^\top",
        domain=r"$\det M > 0$, $A$ symmetric or not",
        fun=lambda x, A: slogdet(A + outer(x, x)).logabsdet,
        claimed=lambda x, A: (inv(A + outer(x, x)) + inv(A + outer(x, x)).mT) @ x,
        sample=draw(normal(3), leaning(3)),
        source="Petersen and Pedersen (2012), eq. (43), by the chain rule",
    ),
    _identity(
        name="determinant along a line",
        latex=r"\frac{d}{dt} \det Y = \det(Y) \operatorname{tr}(Y^{-1} B),\quad Y = A + tB",
        domain=r"$t \in \mathbb{R}$, $Y$ invertible",
        fun=lambda t, A, B: det(A + t * B),
        claimed=lambda t, A, B: det(A + t * B) * trace(inv(A + t * B) @ B),
        second=lambda t, A, B: (
            det(A + t * B)
            * (trace(inv(A + t * B) @ B) ** 2 - trace(matrix_power(inv(A + t * B) @ B, 2)))
        ),
        second_latex=r"\frac{d^2}{dt^2} \det Y = \det(Y) \left( \operatorname{tr}(Y^{-1} B)^2"
        r" - \operatorname{tr}\big((Y^{-1} B)^2\big) \right)",
        sample=draw(positive_number(), leaning(3), leaning(3)),
        source="Petersen and Pedersen (2012), eqs. (46) and (48)",
    ),
)
