"""Traces of polynomials and functions of a matrix."""

from functools import partial

import torch
from torch import Tensor, einsum, outer, trace
from torch.linalg import matrix_exp, matrix_power

from steepest.identities.identity import Identity
from steepest.identities.samples import draw, normal
from steepest.identities.tools import eye

_identity = partial(Identity, topic="Traces")


def _gradient_of_a_form_in_a_power(X: Tensor, a: Tensor, b: Tensor) -> Tensor:
    powers = [matrix_power(X, r) for r in range(3)]
    return sum(
        (powers[r].mT @ outer(a, b) @ powers[2 - r].mT for r in range(3)), torch.zeros_like(X)
    )


def _gradient_of_a_form_in_two_powers(X: Tensor, a: Tensor, b: Tensor) -> Tensor:
    P = [matrix_power(X, r) for r in range(4)]
    return sum(
        (P[r].mT @ P[3] @ (outer(b, a) + outer(a, b)) @ P[2 - r].mT for r in range(3)),
        torch.zeros_like(X),
    )


def _sine(X: Tensor) -> Tensor:
    sine: Tensor = matrix_exp(1j * X).imag
    return sine


def _cosine(X: Tensor) -> Tensor:
    cosine: Tensor = matrix_exp(1j * X).real
    return cosine


TRACES = (
    _identity(
        name="trace",
        latex=r"\nabla_X \operatorname{tr} X = I",
        domain=r"$X \in \mathbb{R}^{n\times n}$",
        fun=lambda X: trace(X),
        claimed=lambda X: eye(len(X), X),
        sample=draw(normal(4, 4)),
        source="Petersen and Pedersen (2012), eq. (99)",
    ),
    _identity(
        name="trace of a product",
        latex=r"\nabla_X \operatorname{tr}(A X) = A^\top",
        domain=r"$X \in \mathbb{R}^{m\times n},\ A \in \mathbb{R}^{n\times m}$",
        fun=lambda X, A: trace(A @ X),
        claimed=lambda X, A: A.mT,
        sample=draw(normal(3, 4), normal(4, 3)),
        source="Petersen and Pedersen (2012), eq. (100)",
    ),
    _identity(
        name="trace of a square",
        latex=r"\nabla_X \operatorname{tr}(X^2) = 2 X^\top",
        domain=r"$X \in \mathbb{R}^{n\times n}$",
        fun=lambda X: trace(X @ X),
        claimed=lambda X: 2 * X.mT,
        second=lambda X: 2 * einsum("il,jk->ijkl", eye(len(X), X), eye(len(X), X)),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = 2\,\delta_{il}\,\delta_{jk}",
        sample=draw(normal(3, 3)),
        source="Petersen and Pedersen (2012), eq. (106)",
    ),
    _identity(
        name="trace of a square times a matrix",
        latex=r"\nabla_X \operatorname{tr}(X^2 B) = (XB + BX)^\top",
        domain=r"$X, B \in \mathbb{R}^{n\times n}$",
        fun=lambda X, B: trace(X @ X @ B),
        claimed=lambda X, B: (X @ B + B @ X).mT,
        sample=draw(normal(3, 3), normal(3, 3)),
        source="Petersen and Pedersen (2012), eq. (107)",
    ),
    _identity(
        name="trace of a quadratic form from the left",
        latex=r"\nabla_X \operatorname{tr}(X^\top B X) = (B + B^\top)\, X",
        domain=r"$X \in \mathbb{R}^{m\times n},\ B \in \mathbb{R}^{m\times m}$",
        fun=lambda X, B: trace(X.mT @ B @ X),
        claimed=lambda X, B: (B + B.mT) @ X,
        second=lambda X, B: einsum("ik,jl->ijkl", B + B.mT, eye(X.shape[1], X)),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = (B + B^\top)_{ik}\, \delta_{jl}",
        sample=draw(normal(4, 3), normal(4, 4)),
        source="Petersen and Pedersen (2012), eq. (108)",
    ),
    _identity(
        name="trace of a quadratic form from the right",
        latex=r"\nabla_X \operatorname{tr}(X B X^\top) = X\,(B + B^\top)",
        domain=r"$X \in \mathbb{R}^{m\times n},\ B \in \mathbb{R}^{n\times n}$",
        fun=lambda X, B: trace(X @ B @ X.mT),
        claimed=lambda X, B: X @ (B + B.mT),
        second=lambda X, B: einsum("ik,jl->ijkl", eye(len(X), X), B + B.mT),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = \delta_{ik}\, (B + B^\top)_{jl}",
        sample=draw(normal(4, 3), normal(3, 3)),
        source="Petersen and Pedersen (2012), eq. (111)",
    ),
    _identity(
        name="trace of two products",
        latex=r"\nabla_X \operatorname{tr}(A X B X)"
        r" = A^\top X^\top B^\top + B^\top X^\top A^\top",
        domain=r"$X \in \mathbb{R}^{m\times n},\ A, B \in \mathbb{R}^{n\times m}$",
        fun=lambda X, A, B: trace(A @ X @ B @ X),
        claimed=lambda X, A, B: A.mT @ X.mT @ B.mT + B.mT @ X.mT @ A.mT,
        second=lambda X, A, B: einsum("li,jk->ijkl", A, B) + einsum("li,jk->ijkl", B, A),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = A_{li} B_{jk} + B_{li} A_{jk}",
        sample=draw(normal(3, 4), normal(4, 3), normal(4, 3)),
        source="Petersen and Pedersen (2012), eq. (114)",
    ),
    _identity(
        name="trace of a quadratic form with two weights",
        latex=r"\nabla_X \operatorname{tr}(X^\top B X C) = B X C + B^\top X C^\top",
        domain=r"$X \in \mathbb{R}^{m\times n},\ B \in \mathbb{R}^{m\times m},\ "
        r"C \in \mathbb{R}^{n\times n}$",
        fun=lambda X, B, C: trace(X.mT @ B @ X @ C),
        claimed=lambda X, B, C: B @ X @ C + B.mT @ X @ C.mT,
        second=lambda X, B, C: einsum("ik,lj->ijkl", B, C) + einsum("ki,jl->ijkl", B, C),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = B_{ik} C_{lj} + B_{ki} C_{jl}",
        sample=draw(normal(4, 3), normal(4, 4), normal(3, 3)),
        source="Petersen and Pedersen (2012), eq. (117)",
    ),
    _identity(
        name="squared norm of a two-sided affine map",
        latex=r"\nabla_X\, \|A X B + C\|_F^2 = 2 A^\top (A X B + C)\, B^\top",
        domain=r"$A \in \mathbb{R}^{p\times m},\ X \in \mathbb{R}^{m\times n},\ "
        r"B \in \mathbb{R}^{n\times q}$",
        fun=lambda X, A, B, C: ((A @ X @ B + C) ** 2).sum(),
        claimed=lambda X, A, B, C: 2 * A.mT @ (A @ X @ B + C) @ B.mT,
        second=lambda X, A, B, C: 2 * einsum("ik,jl->ijkl", A.mT @ A, B @ B.mT),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = 2\,(A^\top\! A)_{ik}\, (B B^\top)_{jl}",
        sample=draw(normal(3, 4), normal(2, 3), normal(4, 5), normal(2, 5)),
        source="Petersen and Pedersen (2012), eq. (119)",
    ),
    _identity(
        name="trace of a power",
        latex=r"\nabla_X \operatorname{tr}(X^k) = k\,(X^{k-1})^\top",
        domain=r"$X \in \mathbb{R}^{n\times n}$, here $k = 4$",
        fun=lambda X: trace(matrix_power(X, 4)),
        claimed=lambda X: 4 * matrix_power(X, 3).mT,
        sample=draw(normal(3, 3)),
        source="Petersen and Pedersen (2012), eq. (121)",
    ),
    _identity(
        name="form in a power",
        latex=r"\nabla_X\, a^\top X^k b"
        r" = \sum_{r=0}^{k-1} (X^r)^\top a b^\top (X^{k-1-r})^\top",
        domain=r"$X \in \mathbb{R}^{n\times n}$, here $k = 3$",
        fun=lambda X, a, b: a @ matrix_power(X, 3) @ b,
        claimed=_gradient_of_a_form_in_a_power,
        sample=draw(normal(3, 3), normal(3), normal(3)),
        source="Petersen and Pedersen (2012), eq. (91)",
    ),
    _identity(
        name="form in a power and its transpose",
        latex=r"\nabla_X\, a^\top (X^k)^\top X^k b"
        r" = \sum_{r=0}^{k-1} (X^r)^\top X^k (b a^\top + a b^\top) (X^{k-1-r})^\top",
        domain=r"$X \in \mathbb{R}^{n\times n}$, here $k = 3$",
        fun=lambda X, a, b: (matrix_power(X, 3) @ a) @ (matrix_power(X, 3) @ b),
        claimed=_gradient_of_a_form_in_two_powers,
        sample=draw(normal(3, 3), normal(3), normal(3)),
        source="Petersen and Pedersen (2012), eq. (92), whose first term is transposed there",
    ),
    _identity(
        name="trace of a fourth-order form",
        latex=r"\nabla_X \operatorname{tr}(X^\top C X X^\top C X)"
        r" = 2\, C X X^\top C X + 2\, C^\top X X^\top C^\top X",
        domain=r"$X \in \mathbb{R}^{m\times n},\ C \in \mathbb{R}^{m\times m}$",
        fun=lambda X, C: trace(X.mT @ C @ X @ X.mT @ C @ X),
        claimed=lambda X, C: 2 * C @ X @ X.mT @ C @ X + 2 * C.mT @ X @ X.mT @ C.mT @ X,
        sample=draw(normal(3, 2), normal(3, 3)),
        source="Petersen and Pedersen (2012), eq. (123), with the identity for B",
    ),
    _identity(
        name="trace of the exponential",
        latex=r"\nabla_X \operatorname{tr} e^X = (e^X)^\top",
        domain=r"$X \in \mathbb{R}^{n\times n}$",
        fun=lambda X: trace(matrix_exp(X)),
        claimed=lambda X: matrix_exp(X).mT,
        sample=draw(normal(3, 3)),
        source="Petersen and Pedersen (2012), section 2.5",
    ),
    _identity(
        name="trace of the sine",
        latex=r"\nabla_X \operatorname{tr} \sin X = (\cos X)^\top",
        domain=r"$X \in \mathbb{R}^{n\times n}$, functions of matrices",
        fun=lambda X: trace(_sine(X)),
        claimed=lambda X: _cosine(X).mT,
        sample=draw(normal(3, 3)),
        source="Petersen and Pedersen (2012), eq. (128)",
    ),
)
