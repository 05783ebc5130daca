"""Losses: least squares, softmax and its relatives, classification and regression."""

from functools import partial

import torch
from torch import Tensor, diag, einsum, log_softmax, outer, sigmoid, softmax
from torch.linalg import solve
from torch.nn.functional import softplus

from steepest.identities.identity import Identity
from steepest.identities.samples import (
    away,
    draw,
    matrix,
    normal,
    positive_number,
    probabilities,
    signs,
    uniform,
)
from steepest.identities.tools import eye, units

_identity = partial(Identity, topic="Losses")


def _hinge_sample(generator: torch.Generator) -> tuple[Tensor, ...]:
    """Draw rows whose margins are not near the kink at 1."""
    x, y = normal(3)(generator), signs(5)(generator)
    A = normal(5, 3)(generator)
    margins = 1 + away(5)(generator)
    return x, A + outer(y * margins - A @ x, x) / (x @ x), y


def _second_of_softmax_regression(W: Tensor, X: Tensor, Y: Tensor) -> Tensor:
    P = softmax(X @ W.mT, dim=1)
    spread = torch.diag_embed(P) - P[:, :, None] * P[:, None, :]
    return einsum("nik,nj,nl->ijkl", spread, X, X)


LOSSES = (
    _identity(
        name="least squares",
        latex=r"\nabla_x\, \tfrac12 \|Ax - b\|^2 = A^\top (Ax - b)",
        domain=r"$A \in \mathbb{R}^{m\times n}$",
        fun=lambda x, A, b: ((A @ x - b) ** 2).sum() / 2,
        claimed=lambda x, A, b: A.mT @ (A @ x - b),
        second=lambda x, A, b: A.mT @ A,
        second_latex=r"\nabla^2 = A^\top A",
        sample=draw(normal(3), normal(5, 3), normal(5)),
        source="Petersen and Pedersen (2012), eq. (84), with the identity for W",
    ),
    _identity(
        name="ridge regression",
        latex=r"\nabla_x\, \tfrac12 \big( \|Ax - b\|^2 + \lambda \|x\|^2 \big)"
        r" = A^\top (Ax - b) + \lambda x",
        domain=r"$A \in \mathbb{R}^{m\times n}$",
        fun=lambda x, A, b, t: (((A @ x - b) ** 2).sum() + t * (x**2).sum()) / 2,
        claimed=lambda x, A, b, t: A.mT @ (A @ x - b) + t * x,
        second=lambda x, A, b, t: A.mT @ A + t * eye(len(x), x),
        second_latex=r"\nabla^2 = A^\top A + \lambda I",
        sample=draw(normal(3), normal(5, 3), normal(5), positive_number()),
        source="Boyd and Vandenberghe (2004), section 6.3",
    ),
    _identity(
        name="masked least squares",
        latex=r"\nabla_X\, \tfrac12 \|A \circ X - B\|_F^2 = A \circ (A \circ X - B)",
        domain=r"$A, B, X \in \mathbb{R}^{m\times n}$",
        fun=lambda X, A, B: ((A * X - B) ** 2).sum() / 2,
        claimed=lambda X, A, B: A * (A * X - B),
        second=lambda X, A, B: A[:, :, None, None] ** 2 * units(X),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = A_{ij}^2\, \delta_{ik}\,\delta_{jl}",
        sample=draw(normal(3, 4), normal(3, 4), normal(3, 4)),
        source="Petersen and Pedersen (2012), eq. (38), by the chain rule",
    ),
    _identity(
        name="matrix factorisation",
        latex=r"\nabla_U\, \tfrac12 \|U V^\top - M\|_F^2 = (U V^\top - M)\, V",
        domain=r"$U \in \mathbb{R}^{m\times k},\ V \in \mathbb{R}^{n\times k}$",
        fun=lambda U, V, M: ((U @ V.mT - M) ** 2).sum() / 2,
        claimed=lambda U, V, M: (U @ V.mT - M) @ V,
        second=lambda U, V, M: einsum("ik,jl->ijkl", eye(len(U), U), V.mT @ V),
        second_latex=r"\frac{\partial^2}{\partial U_{ij}\,\partial U_{kl}}"
        r" = \delta_{ik}\, (V^\top V)_{jl}",
        sample=draw(normal(4, 2), normal(3, 2), normal(4, 3)),
        source="Petersen and Pedersen (2012), eq. (119), with an identity for A",
    ),
    _identity(
        name="log-sum-exp",
        latex=r"\nabla_x \log \sum_i e^{x_i} = p,\quad p = \operatorname{softmax}(x)",
        domain=r"$x \in \mathbb{R}^n$",
        fun=lambda x: torch.logsumexp(x, 0),
        claimed=lambda x: x.exp() / x.exp().sum(),
        second=lambda x: diag(softmax(x, 0)) - outer(softmax(x, 0), softmax(x, 0)),
        second_latex=r"\nabla^2 = \operatorname{diag}(p) - p p^\top",
        sample=draw(normal(4)),
        source="Boyd and Vandenberghe (2004), section 3.1.5",
    ),
    _identity(
        name="softmax",
        latex=r"\frac{\partial p}{\partial x} = \operatorname{diag}(p) - p p^\top,"
        r"\quad p = \operatorname{softmax}(x)",
        domain=r"$x \in \mathbb{R}^n$",
        fun=lambda x: softmax(x, 0),
        claimed=lambda x: (lambda p: diag(p) - outer(p, p))(x.exp() / x.exp().sum()),
        sample=draw(normal(4)),
        source="Bishop (2006), eq. (4.106)",
    ),
    _identity(
        name="log-softmax",
        latex=r"\frac{\partial \log p}{\partial x} = I - \mathbf{1} p^\top,"
        r"\quad p = \operatorname{softmax}(x)",
        domain=r"$x \in \mathbb{R}^n$",
        fun=lambda x: log_softmax(x, 0),
        claimed=lambda x: eye(len(x), x) - softmax(x, 0),
        sample=draw(normal(4)),
        source="Bishop (2006), eq. (4.106), by the chain rule",
    ),
    _identity(
        name="cross-entropy of a softmax",
        latex=r"\nabla_x \Big( -\sum_i y_i \log p_i \Big) = p - y,"
        r"\quad p = \operatorname{softmax}(x)",
        domain=r"$\sum_i y_i = 1$",
        fun=lambda x, y: -(y * log_softmax(x, 0)).sum(),
        claimed=lambda x, y: softmax(x, 0) - y,
        second=lambda x, y: diag(softmax(x, 0)) - outer(softmax(x, 0), softmax(x, 0)),
        second_latex=r"\nabla^2 = \operatorname{diag}(p) - p p^\top",
        sample=draw(normal(4), probabilities(4)),
        source="Bishop (2006), eq. (4.109)",
    ),
    _identity(
        name="softmax regression",
        latex=r"\nabla_W \Big( -\sum_n \log p_{n, y_n} \Big) = (P - Y)^\top X,"
        r"\quad P = \operatorname{softmax}(X W^\top)",
        domain=r"rows of $X$ are data, rows of $Y$ unit vectors; softmax of each row",
        fun=lambda W, X, Y: -(Y * log_softmax(X @ W.mT, dim=1)).sum(),
        claimed=lambda W, X, Y: (softmax(X @ W.mT, dim=1) - Y).mT @ X,
        second=_second_of_softmax_regression,
        second_latex=r"\frac{\partial^2}{\partial W_{ij}\,\partial W_{kl}}"
        r" = \sum_n P_{ni} (\delta_{ik} - P_{nk})\, X_{nj} X_{nl}",
        sample=lambda generator: (
            normal(3, 2)(generator),
            normal(5, 2)(generator),
            eye(3, torch.zeros(0, dtype=torch.float64))[
                torch.randint(3, (5,), generator=generator)
            ],
        ),
        source="Bishop (2006), eqs. (4.109) and (4.110)",
    ),
    _identity(
        name="logistic sigmoid",
        latex=r"\frac{\partial \sigma(x)}{\partial x}"
        r" = \operatorname{diag}\big( \sigma(x) \circ (1 - \sigma(x)) \big)",
        domain=r"$x \in \mathbb{R}^n$, $\sigma(t) = 1/(1 + e^{-t})$ entry by entry",
        fun=lambda x: sigmoid(x),
        claimed=lambda x: diag(1 / (2 + x.exp() + (-x).exp())),
        sample=draw(normal(4)),
        source="Bishop (2006), section 4.3.2",
    ),
    _identity(
        name="softplus",
        latex=r"\nabla_x \sum_i \log(1 + e^{x_i}) = \sigma(x)",
        domain=r"$x \in \mathbb{R}^n$",
        fun=lambda x: softplus(x).sum(),
        claimed=lambda x: 1 / (1 + (-x).exp()),
        second=lambda x: diag(sigmoid(x) * (1 - sigmoid(x))),
        second_latex=r"\nabla^2 = \operatorname{diag}\big( \sigma(x) \circ (1 - \sigma(x)) \big)",
        sample=draw(normal(4)),
        source="Bishop (2006), section 4.3.2",
    ),
    _identity(
        name="logistic regression",
        latex=r"\nabla_x \sum_i \log\big(1 + e^{-y_i a_i^\top x}\big)"
        r" = -A^\top \big( y \circ \sigma(-y \circ Ax) \big)",
        domain=r"$a_i^\top$ the rows of $A$, $y_i = \pm 1$, $p = \sigma(Ax)$",
        fun=lambda x, A, y: torch.log1p((-y * (A @ x)).exp()).sum(),
        claimed=lambda x, A, y: -A.mT @ (y * sigmoid(-y * (A @ x))),
        second=lambda x, A, y: A.mT @ diag(sigmoid(A @ x) * sigmoid(-A @ x)) @ A,
        second_latex=r"\nabla^2 = A^\top \operatorname{diag}\big( p \circ (1 - p) \big)\, A",
        sample=draw(normal(3), normal(5, 3), signs(5)),
        source="Bishop (2006), section 4.3.2",
    ),
    _identity(
        name="hinge loss",
        latex=r"\nabla_x \sum_i \max(0, 1 - y_i a_i^\top x)"
        r" = -A^\top \big( y \circ [\, y \circ Ax < 1 \,] \big)",
        domain=r"no $y_i a_i^\top x$ equal to 1; $[\cdot]$ is 1 where true, else 0",
        fun=lambda x, A, y: (1 - y * (A @ x)).clamp(min=0).sum(),
        claimed=lambda x, A, y: -A.mT @ (y * (y * (A @ x) < 1)),
        sample=_hinge_sample,
        source="Bishop (2006), section 7.1.2",
    ),
    _identity(
        name="Poisson regression",
        latex=r"\nabla_x \sum_i \big( e^{a_i^\top x} - y_i a_i^\top x \big)"
        r" = A^\top (e^{Ax} - y)",
        domain=r"$a_i^\top$ the rows of $A \in \mathbb{R}^{m\times n}$",
        fun=lambda x, A, y: ((A @ x).exp() - y * (A @ x)).sum(),
        claimed=lambda x, A, y: A.mT @ ((A @ x).exp() - y),
        second=lambda x, A, y: A.mT @ diag((A @ x).exp()) @ A,
        second_latex=r"\nabla^2 = A^\top \operatorname{diag}(e^{Ax})\, A",
        sample=draw(normal(3), normal(5, 3), uniform(5, low=0.0, high=4.0)),
        source="Boyd and Vandenberghe (2004), section 7.1",
    ),
    _identity(
        name="logarithmic barrier",
        latex=r"\nabla_x \Big( -\sum_i \log(b_i - a_i^\top x) \Big) = A^\top d,"
        r"\quad d = \frac{1}{b - Ax}",
        domain=r"$Ax < b$ in every entry",
        fun=lambda x, A, b: -(b - A @ x).log().sum(),
        claimed=lambda x, A, b: A.mT @ (1 / (b - A @ x)),
        second=lambda x, A, b: A.mT @ diag((b - A @ x) ** -2) @ A,
        second_latex=r"\nabla^2 = A^\top \operatorname{diag}(d \circ d)\, A",
        sample=lambda generator: (lambda x, A, slack: (x, A, A @ x + slack))(
            normal(3)(generator), away(5, 3)(generator), uniform(5, low=1.0, high=3.0)(generator)
        ),
        source="Boyd and Vandenberghe (2004), section 11.2",
    ),
    _identity(
        name="squared Mahalanobis distance by its matrix",
        latex=r"\nabla_S\, r^\top S^{-1} r = -S^{-\top} r r^\top S^{-\top}",
        domain=r"$S$ invertible, $r = x - \mu$",
        fun=lambda S, r: r @ solve(S, r),
        claimed=lambda S, r: -outer(solve(S.mT, r), solve(S, r)),
        sample=draw(matrix(3, 3), normal(3)),
        source="Petersen and Pedersen (2012), eq. (61)",
    ),
)
