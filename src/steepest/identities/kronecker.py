"""Kronecker products, and matrices as columns stacked in a vector."""

from functools import partial

import torch
from torch import Tensor, det, einsum, outer, trace
from torch.linalg import inv

from steepest.identities.identity import Identity
from steepest.identities.samples import draw, matrix, normal
from steepest.identities.tools import eye, kron, units, unvec, vec

_identity = partial(Identity, topic="Kronecker products and vec")


def _kron_from_left(D: Tensor, A: Tensor) -> Tensor:
    """Return the derivative of F ⊗ A where that of F is D, both of shape out + in."""
    product = einsum("ij...,pq->ipjq...", D, A)
    return product.flatten(0, 1).flatten(1, 2)


def _kron_from_right(A: Tensor, D: Tensor) -> Tensor:
    """Return the derivative of A ⊗ F where that of F is D."""
    product = einsum("ij,pq...->ipjq...", A, D)
    return product.flatten(0, 1).flatten(1, 2)


def _commutation(m: int, n: int, like: Tensor) -> Tensor:
    """Return the matrix K with K vec X = vec Xᵀ for all X of m rows and n columns."""
    places = torch.arange(m * n)
    return eye(m * n, like)[vec(unvec(places, m).mT)]


KRONECKER = (
    _identity(
        name="vec of a product of three",
        latex=r"\operatorname{vec}(AXB) = (B^\top \otimes A) \operatorname{vec} X,\qquad"
        r" \frac{\partial \operatorname{vec}(AXB)}{\partial \operatorname{vec} X}"
        r" = B^\top \otimes A",
        domain=r"$v = \operatorname{vec} X$ stacks the columns of $X \in \mathbb{R}^{3\times n}$",
        fun=lambda v, A, B: vec(A @ unvec(v, 3) @ B),
        claimed=lambda v, A, B: kron(B.mT, A),
        sample=draw(normal(6), normal(4, 3), normal(2, 5)),
        source="Petersen and Pedersen (2012), eq. (520)",
    ),
    _identity(
        name="product of three",
        latex=r"d(AXB) = A\, dX\, B,\qquad"
        r" \frac{\partial (AXB)_{kl}}{\partial X_{ij}} = A_{ki}\, B_{jl}",
        domain=r"$A$, $X$, $B$ of fitting shapes",
        fun=lambda X, A, B: A @ X @ B,
        claimed=lambda X, A, B: einsum("ki,jl->klij", A, B),
        sample=draw(normal(3, 2), normal(4, 3), normal(2, 5)),
        source="Petersen and Pedersen (2012), eq. (37)",
    ),
    _identity(
        name="transpose",
        latex=r"\frac{\partial \operatorname{vec}(X^\top)}{\partial \operatorname{vec} X}"
        r" = K,\quad K \operatorname{vec} X = \operatorname{vec}(X^\top)",
        domain=r"$v = \operatorname{vec} X$, $X \in \mathbb{R}^{3\times n}$;"
        r" $K$ is the commutation matrix",
        fun=lambda v: vec(unvec(v, 3).mT),
        claimed=lambda v: _commutation(3, len(v) // 3, v),
        sample=draw(normal(6)),
        source="Magnus and Neudecker (2019), chapter 3",
    ),
    _identity(
        name="form in a matrix, as a form in its vec",
        latex=r"\nabla_v\, a^\top X B X^\top c = (K + K^\top)\, v,"
        r"\quad K = B^\top\! \otimes c a^\top,\ v = \operatorname{vec} X",
        domain=r"$X \in \mathbb{R}^{3\times n},\ B \in \mathbb{R}^{n\times n}$",
        fun=lambda v, a, B, c: a @ unvec(v, 3) @ B @ unvec(v, 3).mT @ c,
        claimed=lambda v, a, B, c: (kron(B.mT, outer(c, a)) + kron(B.mT, outer(c, a)).mT) @ v,
        second=lambda v, a, B, c: kron(B.mT, outer(c, a)) + kron(B.mT, outer(c, a)).mT,
        second_latex=r"\nabla^2 = K + K^\top",
        sample=draw(normal(6), normal(3), normal(2, 2), normal(3)),
        source="Petersen and Pedersen (2012), eq. (524), true as printed for symmetric B only",
    ),
    _identity(
        name="Kronecker product by its first factor",
        latex=r"d(X \otimes A) = dX \otimes A",
        domain=r"any shapes",
        fun=lambda X, A: kron(X, A),
        claimed=lambda X, A: _kron_from_left(units(X), A),
        sample=draw(normal(2, 3), normal(3, 2)),
        source="Petersen and Pedersen (2012), eq. (39)",
    ),
    _identity(
        name="Kronecker product by its second factor",
        latex=r"d(A \otimes X) = A \otimes dX",
        domain=r"any shapes",
        fun=lambda X, A: kron(A, X),
        claimed=lambda X, A: _kron_from_right(A, units(X)),
        sample=draw(normal(2, 3), normal(3, 2)),
        source="Petersen and Pedersen (2012), eq. (39)",
    ),
    _identity(
        name="Kronecker square",
        latex=r"d(X \otimes X) = dX \otimes X + X \otimes dX",
        domain=r"any shape",
        fun=lambda X: kron(X, X),
        claimed=lambda X: _kron_from_left(units(X), X) + _kron_from_right(X, units(X)),
        sample=draw(normal(2, 3)),
        source="Petersen and Pedersen (2012), eq. (39)",
    ),
    _identity(
        name="trace of a Kronecker product",
        latex=r"\nabla_X \operatorname{tr}(A \otimes X) = \operatorname{tr}(A)\, I",
        domain=r"$A$ and $X$ square",
        fun=lambda X, A: trace(kron(A, X)),
        claimed=lambda X, A: trace(A) * eye(len(X), X),
        sample=draw(normal(2, 2), normal(3, 3)),
        source="Petersen and Pedersen (2012), eq. (105)",
    ),
    _identity(
        name="trace of a Kronecker square",
        latex=r"\nabla_X \operatorname{tr}(X \otimes X) = 2 \operatorname{tr}(X)\, I",
        domain=r"$X \in \mathbb{R}^{n\times n}$",
        fun=lambda X: trace(kron(X, X)),
        claimed=lambda X: 2 * trace(X) * eye(len(X), X),
        second=lambda X: 2 * einsum("ij,kl->ijkl", eye(len(X), X), eye(len(X), X)),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = 2\,\delta_{ij}\,\delta_{kl}",
        sample=draw(normal(2, 2)),
        source="Petersen and Pedersen (2012), eq. (120)",
    ),
    _identity(
        name="determinant of a Kronecker product",
        latex=r"\nabla_X \det(A \otimes X) = m \det(A \otimes X)\, X^{-\top}",
        domain=r"$A \in \mathbb{R}^{m\times m}$ and $X$ invertible",
        fun=lambda X, A: det(kron(A, X)),
        claimed=lambda X, A: len(A) * det(A) ** len(X) * det(X) ** len(A) * inv(X).mT,
        sample=draw(matrix(2, 2), matrix(3, 3)),
        source="Petersen and Pedersen (2012), eq. (516), by the chain rule",
    ),
)
