"""Chain, product and quotient rules."""

from functools import partial

import torch
from torch import Tensor, cos, diag, einsum, exp, outer, sin, softmax, trace
from torch.linalg import inv, matrix_exp, slogdet

from steepest.identities.identity import Identity
from steepest.identities.samples import away, definite, draw, matrix, normal, uniform
from steepest.identities.tools import from_differential

_identity = partial(Identity, topic="Chain rules")


def _spread(p: Tensor) -> Tensor:
    return diag(p) - outer(p, p)


CHAIN_RULES = (
    _identity(
        name="function of an affine map",
        latex=r"\nabla_x\, g(Ax + b) = A^\top \nabla g(Ax + b)",
        domain=r"$g$ differentiable, here log-sum-exp",
        fun=lambda x, A, b: torch.logsumexp(A @ x + b, 0),
        claimed=lambda x, A, b: A.mT @ softmax(A @ x + b, 0),
        second=lambda x, A, b: A.mT @ _spread(softmax(A @ x + b, 0)) @ A,
        second_latex=r"\nabla^2 = A^\top\, \nabla^2 g(Ax + b)\, A",
        sample=draw(normal(3), normal(4, 3), normal(4)),
        source="Boyd and Vandenberghe (2004), appendix A.4",
    ),
    _identity(
        name="function along a line",
        latex=r"\frac{d}{dt}\, g(x + tv) = \nabla g(x + tv)^\top v",
        domain=r"$t \in \mathbb{R}$, $g$ differentiable, here log-sum-exp",
        fun=lambda t, x, v: torch.logsumexp(x + t * v, 0),
        claimed=lambda t, x, v: softmax(x + t * v, 0) @ v,
        second=lambda t, x, v: v @ _spread(softmax(x + t * v, 0)) @ v,
        second_latex=r"\frac{d^2}{dt^2} = v^\top\, \nabla^2 g(x + tv)\, v",
        sample=draw(normal(), normal(4), uniform(4, low=0.5, high=2.0)),
        source="Boyd and Vandenberghe (2004), appendix A.4",
    ),
    _identity(
        name="scalar function of a scalar function",
        latex=r"\nabla_x\, h(g(x)) = h'(g(x))\, \nabla g(x)",
        domain=r"here $h = \log$ and $g(x) = x^\top S x$ with $S$ symmetric positive definite",
        fun=lambda x, S: (x @ S @ x).log(),
        claimed=lambda x, S: 2 * S @ x / (x @ S @ x),
        second=lambda x, S: 2 * S / (x @ S @ x) - outer(2 * S @ x, 2 * S @ x) / (x @ S @ x) ** 2,
        second_latex=r"\nabla^2 = h'(g)\, \nabla^2 g + h''(g)\, \nabla g\, \nabla g^\top",
        sample=draw(away(4), definite(4)),
        source="Boyd and Vandenberghe (2004), appendix A.4",
    ),
    _identity(
        name="Jacobian of a composition",
        latex=r"\frac{\partial f(g(x))}{\partial x} = J_f(g(x))\, J_g(x)",
        domain=r"here $g(x) = \sin(Bx)$ and $f(u) = e^{Au}$, entry by entry",
        fun=lambda x, A, B: exp(A @ sin(B @ x)),
        claimed=lambda x, A, B: diag(exp(A @ sin(B @ x))) @ A @ diag(cos(B @ x)) @ B,
        sample=draw(normal(3), normal(2, 4), normal(4, 3)),
        source="Magnus and Neudecker (2019), chapter 5",
    ),
    _identity(
        name="elementwise composition",
        latex=r"\frac{\partial \sin(x \circ x)}{\partial x}"
        r" = \operatorname{diag}\big( 2x \circ \cos(x \circ x) \big)",
        domain=r"$x \in \mathbb{R}^n$",
        fun=lambda x: sin(x**2),
        claimed=lambda x: diag(2 * x * cos(x**2)),
        sample=draw(normal(4)),
        source="Magnus and Neudecker (2019), chapter 9",
    ),
    _identity(
        name="form in two functions",
        latex=r"\nabla_x\, s(x)^\top A\, r(x) = J_s^\top A\, r + J_r^\top A^\top s",
        domain=r"here $s(x) = \sin(Bx)$ and $r(x) = e^{Cx}$",
        fun=lambda x, A, B, C: sin(B @ x) @ A @ exp(C @ x),
        claimed=lambda x, A, B, C: (
            (diag(cos(B @ x)) @ B).mT @ A @ exp(C @ x)
            + (diag(exp(C @ x)) @ C).mT @ A.mT @ sin(B @ x)
        ),
        sample=draw(normal(3), normal(4, 2), normal(4, 3), normal(2, 3)),
        source="Petersen and Pedersen (2012), eq. (93)",
    ),
    _identity(
        name="product of a scalar and a vector function",
        latex=r"\frac{\partial\, g(x)\, f(x)}{\partial x} = f\, \nabla g^\top + g\, J_f",
        domain=r"here $g(x) = a^\top x$ and $f(x) = \sin(Bx)$",
        fun=lambda x, a, B: (a @ x) * sin(B @ x),
        claimed=lambda x, a, B: outer(sin(B @ x), a) + (a @ x) * diag(cos(B @ x)) @ B,
        sample=draw(normal(3), normal(3), normal(4, 3)),
        source="Magnus and Neudecker (2019), chapter 9",
    ),
    _identity(
        name="quotient: projective map",
        latex=r"\frac{\partial}{\partial x} \frac{Ax}{c^\top x}"
        r" = \frac{A}{c^\top x} - \frac{A x c^\top}{(c^\top x)^2}",
        domain=r"$c^\top x \ne 0$",
        fun=lambda x, A, c: A @ x / (c @ x),
        claimed=lambda x, A, c: A / (c @ x) - outer(A @ x, c) / (c @ x) ** 2,
        # c leans towards x, so that the denominator stays away from 0.
        sample=lambda generator: (lambda x, A, z: (x, A, x + z - (z @ x) / (x @ x) * x))(
            away(3, low=0.6)(generator), normal(4, 3)(generator), normal(3)(generator)
        ),
        source="Boyd and Vandenberghe (2004), section 2.3.3, for the map",
    ),
    _identity(
        name="nonlinear least squares",
        latex=r"\nabla_x\, \tfrac12 \|r(x)\|^2 = J^\top r",
        domain=r"here $r(x) = \sin(Ax) - b$; without its sum the second derivative is"
        r" Gauss and Newton's",
        fun=lambda x, A, b: ((sin(A @ x) - b) ** 2).sum() / 2,
        claimed=lambda x, A, b: (diag(cos(A @ x)) @ A).mT @ (sin(A @ x) - b),
        second=lambda x, A, b: A.mT @ diag(cos(A @ x) ** 2 - (sin(A @ x) - b) * sin(A @ x)) @ A,
        second_latex=r"\nabla^2 = J^\top J + \sum_i r_i\, \nabla^2 r_i",
        sample=draw(normal(3), normal(5, 3), normal(5)),
        source="Nocedal and Wright (2006), chapter 10",
    ),
    _identity(
        name="trace of a function of a Gram matrix",
        latex=r"\nabla_X \operatorname{tr} f(X^\top X) = 2 X f'(X^\top X)",
        domain=r"$X \in \mathbb{R}^{m\times n}$, here $f = \exp$",
        fun=lambda X: trace(matrix_exp(X.mT @ X)),
        claimed=lambda X: 2 * X @ matrix_exp(X.mT @ X),
        sample=draw(matrix(4, 3)),
        source="Petersen and Pedersen (2012), eq. (137)",
    ),
    _identity(
        name="log determinant of a linear family",
        latex=r"\frac{\partial}{\partial x_i} \log\det \sum_j x_j A_j"
        r" = \operatorname{tr}(F^{-1} A_i),\quad F = \sum_j x_j A_j",
        domain=r"$\det F > 0$",
        fun=lambda x, A: slogdet(einsum("j,jkl->kl", x, A)).logabsdet,
        claimed=lambda x, A: einsum("kl,jlk->j", inv(einsum("j,jkl->kl", x, A)), A),
        second=lambda x, A: (
            -einsum(
                "iab,jba->ij",
                inv(einsum("j,jkl->kl", x, A)) @ A,
                inv(einsum("j,jkl->kl", x, A)) @ A,
            )
        ),
        second_latex=r"\nabla^2_{ij} = -\operatorname{tr}(F^{-1} A_i F^{-1} A_j)",
        # A first member that dominates keeps F well away from singular.
        sample=lambda generator: (
            torch.cat([torch.full((1,), 3.0).double(), 0.1 * normal(2)(generator)]),
            torch.stack([matrix(3, 3, sign=1)(generator), *normal(2, 3, 3)(generator)]),
        ),
        source="Boyd and Vandenberghe (2004), appendix A.4",
    ),
    _identity(
        name="similarity transform",
        latex=r"d(X A X^{-1}) = (dX\, X^{-1})\, M - M\, (dX\, X^{-1}),"
        r"\quad M = X A X^{-1}",
        domain=r"$X$ invertible",
        fun=lambda X, A: X @ A @ inv(X),
        claimed=lambda X, A: from_differential(
            lambda dX: dX @ A @ inv(X) - X @ A @ inv(X) @ dX @ inv(X), X
        ),
        sample=draw(matrix(3, 3), normal(3, 3)),
        source="Petersen and Pedersen (2012), eqs. (37) and (40)",
    ),
)
