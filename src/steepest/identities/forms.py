"""Linear and quadratic forms."""

from functools import partial

import torch
from torch import Tensor, einsum, outer

from steepest.identities.identity import Identity
from steepest.identities.samples import away, draw, matrix, normal
from steepest.identities.tools import eye

_identity = partial(Identity, topic="Linear and quadratic forms")


def _skew(a: Tensor) -> Tensor:
    """Return the matrix of the map x ↦ a × x."""
    zero = torch.zeros_like(a[0])
    entries = [zero, -a[2], a[1], a[2], zero, -a[0], -a[1], a[0], zero]
    return torch.stack(entries).reshape(3, 3)


FORMS = (
    _identity(
        name="linear form",
        latex=r"\nabla_x\, a^\top x = a",
        domain=r"$x, a \in \mathbb{R}^n$",
        fun=lambda x, a: a @ x,
        claimed=lambda x, a: a,
        sample=draw(normal(4), normal(4)),
        source="Petersen and Pedersen (2012), eq. (69)",
    ),
    _identity(
        name="affine map",
        latex=r"\frac{\partial (Ax + b)}{\partial x} = A",
        domain=r"$A \in \mathbb{R}^{m\times n}$",
        fun=lambda x, A, b: A @ x + b,
        claimed=lambda x, A, b: A,
        sample=draw(normal(3), normal(4, 3), normal(4)),
        source="Magnus and Neudecker (2019), chapter 9",
    ),
    _identity(
        name="bilinear form by its matrix",
        latex=r"\nabla_X\, a^\top X b = a b^\top",
        domain=r"$X \in \mathbb{R}^{m\times n}$",
        fun=lambda X, a, b: a @ X @ b,
        claimed=lambda X, a, b: outer(a, b),
        sample=draw(normal(3, 4), normal(3), normal(4)),
        source="Petersen and Pedersen (2012), eq. (70)",
    ),
    _identity(
        name="matrix times vector by the matrix",
        latex=r"\frac{\partial (Xb)_k}{\partial X_{ij}} = \delta_{ki}\, b_j",
        domain=r"$X \in \mathbb{R}^{m\times n}$",
        fun=lambda X, b: X @ b,
        claimed=lambda X, b: einsum("ki,j->kij", eye(len(X), X), b),
        sample=draw(normal(3, 4), normal(4)),
        source="Petersen and Pedersen (2012), eq. (74), with a column for the second factor",
    ),
    _identity(
        name="quadratic form",
        latex=r"\nabla_x\, x^\top A x = (A + A^\top)\, x",
        domain=r"$A \in \mathbb{R}^{n\times n}$, symmetric or not",
        fun=lambda x, A: x @ A @ x,
        claimed=lambda x, A: (A + A.mT) @ x,
        second=lambda x, A: A + A.mT,
        second_latex=r"\nabla^2 = A + A^\top",
        sample=draw(normal(4), normal(4, 4)),
        source="Petersen and Pedersen (2012), eqs. (81) and (98)",
    ),
    _identity(
        name="product of two affine maps",
        latex=r"\nabla_x\, (Bx + b)^\top C\, (Dx + d)"
        r" = B^\top C\,(Dx + d) + D^\top C^\top (Bx + b)",
        domain=r"$B \in \mathbb{R}^{m\times n},\ C \in \mathbb{R}^{m\times p},\ "
        r"D \in \mathbb{R}^{p\times n}$",
        fun=lambda x, B, b, C, D, d: (B @ x + b) @ C @ (D @ x + d),
        claimed=lambda x, B, b, C, D, d: B.mT @ C @ (D @ x + d) + D.mT @ C.mT @ (B @ x + b),
        second=lambda x, B, b, C, D, d: B.mT @ C @ D + D.mT @ C.mT @ B,
        second_latex=r"\nabla^2 = B^\top C D + D^\top C^\top B",
        sample=draw(normal(3), normal(4, 3), normal(4), normal(4, 2), normal(2, 3), normal(2)),
        source="Petersen and Pedersen (2012), eq. (78)",
    ),
    _identity(
        name="form in a product with its transpose",
        latex=r"\nabla_X\, b^\top X^\top D X c = D^\top X b c^\top + D X c b^\top",
        domain=r"$X \in \mathbb{R}^{m\times n},\ D \in \mathbb{R}^{m\times m}$",
        fun=lambda X, b, D, c: b @ X.mT @ D @ X @ c,
        claimed=lambda X, b, D, c: D.mT @ X @ outer(b, c) + D @ X @ outer(c, b),
        second=lambda X, b, D, c: einsum("ki,l,j->ijkl", D, b, c) + einsum("ik,j,l->ijkl", D, b, c),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = D_{ki}\, b_l c_j + D_{ik}\, b_j c_l",
        sample=draw(normal(4, 3), normal(3), normal(4, 4), normal(3)),
        source="Petersen and Pedersen (2012), eq. (82)",
    ),
    _identity(
        name="quadratic form of an affine map, by its matrix",
        latex=r"\nabla_X\, (Xb + c)^\top D\, (Xb + c) = (D + D^\top)(Xb + c)\, b^\top",
        domain=r"$X \in \mathbb{R}^{m\times n},\ D \in \mathbb{R}^{m\times m}$",
        fun=lambda X, b, c, D: (X @ b + c) @ D @ (X @ b + c),
        claimed=lambda X, b, c, D: outer((D + D.mT) @ (X @ b + c), b),
        second=lambda X, b, c, D: einsum("ik,j,l->ijkl", D + D.mT, b, b),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = (D + D^\top)_{ik}\, b_j b_l",
        sample=draw(normal(4, 3), normal(3), normal(4), normal(4, 4)),
        source="Petersen and Pedersen (2012), eq. (83)",
    ),
    _identity(
        name="weighted residual",
        latex=r"\nabla_s\, (x - As)^\top W (x - As) = -A^\top (W + W^\top)(x - As)",
        domain=r"$A \in \mathbb{R}^{m\times n}$, $W$ symmetric or not",
        fun=lambda s, x, A, W: (x - A @ s) @ W @ (x - A @ s),
        claimed=lambda s, x, A, W: -A.mT @ (W + W.mT) @ (x - A @ s),
        second=lambda s, x, A, W: A.mT @ (W + W.mT) @ A,
        second_latex=r"\nabla^2 = A^\top (W + W^\top) A",
        sample=draw(normal(3), normal(4), normal(4, 3), normal(4, 4)),
        source="Petersen and Pedersen (2012), eq. (84), there for symmetric W",
    ),
    _identity(
        name="Rayleigh quotient",
        latex=r"\nabla_x\, \frac{x^\top A x}{x^\top x}"
        r" = \frac{(A + A^\top)\, x - 2\rho(x)\, x}{x^\top x},"
        r"\quad \rho(x) = \frac{x^\top A x}{x^\top x}",
        domain=r"$x \ne 0$",
        fun=lambda x, A: (x @ A @ x) / (x @ x),
        claimed=lambda x, A: ((A + A.mT) @ x - 2 * (x @ A @ x) / (x @ x) * x) / (x @ x),
        sample=draw(away(4), normal(4, 4)),
        source="Golub and Van Loan (2013), chapter 8",
    ),
    _identity(
        name="ratio of two squared norms",
        latex=r"\nabla_x\, \frac{\|Ax\|^2}{\|Bx\|^2} = \frac{2 A^\top\! A x}{x^\top B^\top\! B x}"
        r" - \frac{2\,(x^\top A^\top\! A x)\, B^\top\! B x}{(x^\top B^\top\! B x)^2}",
        domain=r"$Bx \ne 0$",
        fun=lambda x, A, B: ((A @ x) @ (A @ x)) / ((B @ x) @ (B @ x)),
        claimed=lambda x, A, B: (
            2 * A.mT @ A @ x / (x @ B.mT @ B @ x)
            - 2 * (x @ A.mT @ A @ x) * (B.mT @ B @ x) / (x @ B.mT @ B @ x) ** 2
        ),
        sample=draw(away(3), normal(4, 3), matrix(5, 3)),
        source="Petersen and Pedersen (2012), eq. (95), whose first denominator lacks a transpose",
    ),
    _identity(
        name="outer product",
        latex=r"\frac{\partial (x x^\top)_{kl}}{\partial x_i}"
        r" = \delta_{ki}\, x_l + x_k\, \delta_{li}",
        domain=r"$x \in \mathbb{R}^n$",
        fun=lambda x: outer(x, x),
        claimed=lambda x: (
            einsum("ki,l->kli", eye(len(x), x), x) + einsum("k,li->kli", x, eye(len(x), x))
        ),
        sample=draw(normal(4)),
        source="Magnus and Neudecker (2019), chapter 9",
    ),
    _identity(
        name="cross product",
        latex=r"\frac{\partial (a \times x)}{\partial x} = \begin{pmatrix}"
        r"0 & -a_3 & a_2 \\ a_3 & 0 & -a_1 \\ -a_2 & a_1 & 0 \end{pmatrix}",
        domain=r"$a, x \in \mathbb{R}^3$",
        fun=lambda x, a: torch.linalg.cross(a, x),
        claimed=lambda x, a: _skew(a),
        sample=draw(normal(3), normal(3)),
        source="Magnus and Neudecker (2019), chapter 9, on linear maps",
    ),
    _identity(
        name="Gram matrix with a weight",
        latex=r"\frac{\partial (X^\top B X)_{kl}}{\partial X_{ij}}"
        r" = \delta_{lj} (X^\top B)_{ki} + \delta_{kj} (B X)_{il}",
        domain=r"$X \in \mathbb{R}^{m\times n},\ B \in \mathbb{R}^{m\times m}$",
        fun=lambda X, B: X.mT @ B @ X,
        claimed=lambda X, B: (
            einsum("lj,ki->klij", eye(X.shape[1], X), X.mT @ B)
            + einsum("kj,il->klij", eye(X.shape[1], X), B @ X)
        ),
        sample=draw(normal(4, 3), normal(4, 4)),
        source="Petersen and Pedersen (2012), eq. (79)",
    ),
)
