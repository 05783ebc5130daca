"""Functions defined by an equation, and the adjoint solves that differentiate them."""

from functools import partial

import torch
from torch import Tensor, diag, einsum, outer, tanh
from torch.linalg import inv, lstsq, solve

from steepest.identities.identity import Identity
from steepest.identities.samples import (
    draw,
    leaning,
    matrix,
    normal,
    positive_number,
)
from steepest.identities.tools import eye, kron, unvec, vec

_identity = partial(Identity, topic="Implicit functions")


def _cubic_root(p: Tensor) -> Tensor:
    """Return y with y³ + y = p, entry by entry, by Newton's method."""
    y = p.clone()
    for _ in range(12):
        y = y - (y**3 + y - p) / (3 * y**2 + 1)
    return y


def _fixed_point(x: Tensor, W: Tensor) -> Tensor:
    """Return z = tanh(Wz + x), by Newton's method."""
    z = torch.zeros_like(x)
    for _ in range(7):
        y = tanh(W @ z + x)
        z = z - solve(eye(len(x), x) - (1 - y**2)[:, None] * W, z - y)
    return z


def _derivative_of_fixed_point(x: Tensor, W: Tensor) -> Tensor:
    D = diag(1 - _fixed_point(x, W) ** 2)
    derivative: Tensor = inv(eye(len(x), x) - D @ W) @ D
    return derivative


def _sylvester(A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """Return X with AX + XB = C."""
    system = kron(eye(len(B), B), A) + kron(B.mT, eye(len(A), A))
    return unvec(solve(system, vec(C)), len(A))


def _ridge(t: Tensor, A: Tensor, b: Tensor) -> Tensor:
    x: Tensor = solve(A.mT @ A + t * eye(A.shape[1], A), A.mT @ b)
    return x


def _ridge_value(b: Tensor, A: Tensor, t: Tensor) -> Tensor:
    x = _ridge(t, A, b)
    return (((A @ x - b) ** 2).sum() + t * (x**2).sum()) / 2


def _kkt(b: Tensor, Q: Tensor, c: Tensor, A: Tensor) -> Tensor:
    """Return the solution and the multipliers of min ½xᵀQx + cᵀx subject to Ax = b."""
    corner = torch.zeros(len(A), len(A), dtype=A.dtype)
    system = torch.cat([torch.cat([Q, A.mT], 1), torch.cat([A, corner], 1)])
    solution: Tensor = solve(system, torch.cat([-c, b]))
    return solution


def _program_value(b: Tensor, Q: Tensor, c: Tensor, A: Tensor) -> Tensor:
    x = _kkt(b, Q, c, A)[: len(c)]
    return x @ Q @ x / 2 + c @ x


IMPLICIT = (
    _identity(
        name="solution of a linear system by its matrix",
        latex=r"\frac{\partial u_k}{\partial X_{ij}} = -(X^{-1})_{ki}\, u_j,\quad X u = b",
        domain=r"$X$ invertible",
        fun=lambda X, b: solve(X, b),
        claimed=lambda X, b: -einsum("ki,j->kij", inv(X), solve(X, b)),
        sample=draw(matrix(3, 3), normal(3)),
        source="Petersen and Pedersen (2012), eq. (60)",
    ),
    _identity(
        name="adjoint solve",
        latex=r"\nabla_X\, w^\top u = -\lambda u^\top,\quad X u = b,\ X^\top \lambda = w",
        domain=r"$X$ invertible",
        fun=lambda X, b, w: w @ solve(X, b),
        claimed=lambda X, b, w: -outer(solve(X.mT, w), solve(X, b)),
        sample=draw(matrix(3, 3), normal(3), normal(3)),
        source="Petersen and Pedersen (2012), eq. (61)",
    ),
    _identity(
        name="adjoint of Sylvester's equation",
        latex=r"\nabla_A\, \langle W, X \rangle = -\Lambda X^\top,\quad A X + X B = C,"
        r"\ A^\top \Lambda + \Lambda B^\top = W",
        domain=r"no eigenvalue of $A$ is one of $-B$",
        fun=lambda A, B, C, W: (W * _sylvester(A, B, C)).sum(),
        claimed=lambda A, B, C, W: -_sylvester(A.mT, B.mT, W) @ _sylvester(A, B, C).mT,
        sample=draw(leaning(3), leaning(2), normal(3, 2), normal(3, 2)),
        source="Giles (2008), on adjoints of solves",
    ),
    _identity(
        name="least-squares solution by the data",
        latex=r"\frac{\partial \hat x}{\partial b} = A^+,"
        r"\quad \hat x = \operatorname*{arg\,min}_x \|Ax - b\|",
        domain=r"$A \in \mathbb{R}^{m\times n}$ of rank $n$",
        fun=lambda b, A: lstsq(A, b, driver="gels").solution,
        claimed=lambda b, A: inv(A.mT @ A) @ A.mT,
        sample=draw(normal(5), matrix(5, 3)),
        source="Golub and Van Loan (2013), chapter 5",
    ),
    _identity(
        name="ridge solution by its weight",
        latex=r"\frac{d\hat x}{d\lambda} = -(A^\top A + \lambda I)^{-1}\, \hat x,"
        r"\quad (A^\top A + \lambda I)\, \hat x = A^\top b",
        domain=r"$\lambda > 0$",
        fun=_ridge,
        claimed=lambda t, A, b: -inv(A.mT @ A + t * eye(A.shape[1], A)) @ _ridge(t, A, b),
        sample=draw(positive_number(), normal(4, 3), normal(4)),
        source="Bengio (2000), for the use",
    ),
    _identity(
        name="optimal value by the data",
        latex=r"\nabla_b\, \min_x \tfrac12 \big( \|Ax - b\|^2 + \lambda \|x\|^2 \big)"
        r" = b - A \hat x",
        domain=r"$\lambda > 0$; the derivative of $\hat x$ drops out, as it minimises",
        fun=_ridge_value,
        claimed=lambda b, A, t: b - A @ _ridge(t, A, b),
        second=lambda b, A, t: eye(len(b), b) - A @ inv(A.mT @ A + t * eye(A.shape[1], A)) @ A.mT,
        second_latex=r"\nabla^2 = I - A\, (A^\top A + \lambda I)^{-1} A^\top",
        sample=draw(normal(4), normal(4, 3), positive_number()),
        source="Boyd and Vandenberghe (2004), section 5.6, on sensitivity",
    ),
    _identity(
        name="optimal value by the constraint",
        latex=r"\nabla_b\, \min_{Ax = b} \big( \tfrac12 x^\top Q x + c^\top x \big) = -\nu,"
        r"\quad Q x + c + A^\top \nu = 0",
        domain=r"$Q$ symmetric positive definite, $A$ of full row rank",
        fun=_program_value,
        claimed=lambda b, Q, c, A: -_kkt(b, Q, c, A)[len(c) :],
        second=lambda b, Q, c, A: inv(A @ inv(Q) @ A.mT),
        second_latex=r"\nabla^2 = (A Q^{-1} A^\top)^{-1}",
        sample=lambda generator: (
            normal(2)(generator),
            (lambda root: root @ root.mT)(matrix(3, 3)(generator)),
            normal(3)(generator),
            matrix(2, 3)(generator),
        ),
        source="Boyd and Vandenberghe (2004), section 5.6",
    ),
    _identity(
        name="root of an equation",
        latex=r"\frac{\partial y}{\partial p} = \operatorname{diag}"
        r"\left( \frac{1}{3 y \circ y + 1} \right),\quad y^3 + y = p",
        domain=r"$p \in \mathbb{R}^n$, entry by entry",
        fun=_cubic_root,
        claimed=lambda p: diag(1 / (3 * _cubic_root(p) ** 2 + 1)),
        sample=draw(normal(4)),
        source="Nocedal and Wright (2006), appendix A, on implicit functions",
    ),
    _identity(
        name="fixed point",
        latex=r"\frac{\partial z}{\partial x} = (I - D W)^{-1} D,"
        r"\quad z = \tanh(W z + x),\ D = \operatorname{diag}(1 - z \circ z)",
        domain=r"$\|W\|_2 < 1$",
        fun=_fixed_point,
        claimed=_derivative_of_fixed_point,
        sample=lambda generator: (normal(3)(generator), matrix(3, 3)(generator) / 3),
        source="Nocedal and Wright (2006), appendix A, on implicit functions",
    ),
)
