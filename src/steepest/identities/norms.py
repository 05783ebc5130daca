"""Norms of vectors and matrices, distances, means."""

from functools import partial

import torch
from torch import Tensor, diag, einsum, outer, trace

from steepest.identities.identity import Identity
from steepest.identities.samples import (
    apart,
    away,
    definite,
    draw,
    normal,
    uniform,
)
from steepest.identities.tools import eye, norm, unit, units

_identity = partial(Identity, topic="Norms and distances")


def _smooth_cube(x: Tensor) -> Tensor:
    return (x.abs() ** 3).sum() ** (1 / 3)


def _pairs(X: Tensor) -> Tensor:
    """Return the squared distances of all pairs of rows."""
    return ((X[:, None, :] - X[None, :, :]) ** 2).sum(-1)


NORMS = (
    _identity(
        name="squared Euclidean norm",
        latex=r"\nabla_x\, \|x\|_2^2 = 2x",
        domain=r"$x \in \mathbb{R}^n$",
        fun=lambda x: (x**2).sum(),
        claimed=lambda x: 2 * x,
        second=lambda x: 2 * eye(len(x), x),
        second_latex=r"\nabla^2 = 2I",
        sample=draw(normal(4)),
        source="Petersen and Pedersen (2012), eq. (131)",
    ),
    _identity(
        name="distance to a point",
        latex=r"\nabla_x\, \|x - a\|_2 = \frac{x - a}{\|x - a\|_2}",
        domain=r"$x \ne a$",
        fun=lambda x, a: norm(x - a),
        claimed=lambda x, a: (x - a) / norm(x - a),
        second=lambda x, a: eye(len(x), x) / norm(x - a) - outer(x - a, x - a) / norm(x - a) ** 3,
        second_latex=r"\nabla^2 = \frac{I}{\|x - a\|_2}"
        r" - \frac{(x - a)(x - a)^\top}{\|x - a\|_2^3}",
        sample=draw(away(4), normal(4)),
        source="Petersen and Pedersen (2012), eqs. (129) and (130)",
    ),
    _identity(
        name="normalisation",
        latex=r"\frac{\partial}{\partial x} \frac{x}{\|x\|_2}"
        r" = \frac{1}{\|x\|_2} \left( I - \frac{x x^\top}{\|x\|_2^2} \right)",
        domain=r"$x \ne 0$",
        fun=lambda x: x / norm(x),
        claimed=lambda x: (eye(len(x), x) - outer(x, x) / norm(x) ** 2) / norm(x),
        sample=draw(away(4)),
        source="Petersen and Pedersen (2012), eq. (130)",
    ),
    _identity(
        name="p-norm",
        latex=r"\nabla_x\, \|x\|_p"
        r" = \frac{\operatorname{sign}(x) \circ |x|^{p-1}}{\|x\|_p^{p-1}}",
        domain=r"$x \ne 0$ and $p > 1$, here $p = 3$",
        fun=lambda x: torch.linalg.vector_norm(x, 3),
        claimed=lambda x: x.sign() * x**2 / _smooth_cube(x) ** 2,
        sample=draw(away(4)),
        source="Boyd and Vandenberghe (2004), appendix A.1, for the norm",
    ),
    _identity(
        name="1-norm",
        latex=r"\nabla_x\, \|x\|_1 = \operatorname{sign}(x)",
        domain=r"no entry of $x$ is 0",
        fun=lambda x: x.abs().sum(),
        claimed=lambda x: x.sign(),
        sample=draw(away(4)),
        source="Petersen and Pedersen (2012), eq. (525), for the norm",
    ),
    _identity(
        name="maximum norm",
        latex=r"\nabla_x\, \|x\|_\infty = \operatorname{sign}(x_i)\, e_i,"
        r"\quad i = \operatorname*{arg\,max}_j |x_j|",
        domain=r"one entry of $x$ is the largest in absolute value, and not 0",
        fun=lambda x: x.abs().max(),
        claimed=lambda x: x.sign() * unit(x.abs().argmax(), x),
        sample=draw(apart(4)),
        source="Petersen and Pedersen (2012), eq. (528), for the norm",
    ),
    _identity(
        name="norm of a positive definite matrix",
        latex=r"\nabla_x\, \sqrt{x^\top S x} = \frac{S x}{\sqrt{x^\top S x}}",
        domain=r"$x \ne 0$, $S$ symmetric positive definite",
        fun=lambda x, S: (x @ S @ x).sqrt(),
        claimed=lambda x, S: S @ x / (x @ S @ x).sqrt(),
        second=lambda x, S: S / (x @ S @ x).sqrt() - outer(S @ x, S @ x) / (x @ S @ x) ** 1.5,
        second_latex=r"\nabla^2 = \frac{S}{(x^\top S x)^{1/2}}"
        r" - \frac{S x x^\top S}{(x^\top S x)^{3/2}}",
        sample=draw(away(4), definite(4)),
        source="Boyd and Vandenberghe (2004), appendix A.1, for the norm",
    ),
    _identity(
        name="squared Frobenius norm",
        latex=r"\nabla_X\, \|X\|_F^2 = 2X",
        domain=r"$X \in \mathbb{R}^{m\times n}$",
        fun=lambda X: trace(X.mT @ X),
        claimed=lambda X: 2 * X,
        second=lambda X: 2 * units(X),
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = 2\,\delta_{ik}\,\delta_{jl}",
        sample=draw(normal(3, 4)),
        source="Petersen and Pedersen (2012), eqs. (115) and (132)",
    ),
    _identity(
        name="Frobenius norm",
        latex=r"\nabla_X\, \|X\|_F = \frac{X}{\|X\|_F}",
        domain=r"$X \ne 0$",
        fun=lambda X: torch.linalg.matrix_norm(X),
        claimed=lambda X: X / norm(X),
        second=lambda X: units(X) / norm(X) - einsum("ij,kl->ijkl", X, X) / norm(X) ** 3,
        second_latex=r"\frac{\partial^2}{\partial X_{ij}\,\partial X_{kl}}"
        r" = \frac{\delta_{ik}\,\delta_{jl}}{\|X\|_F} - \frac{X_{ij} X_{kl}}{\|X\|_F^3}",
        sample=draw(normal(3, 4)),
        source="Petersen and Pedersen (2012), eq. (541), for the norm",
    ),
    _identity(
        name="sum of the norms of rows",
        latex=r"\nabla_X \sum_i \|X_{i:}\|_2 = D^{-1} X,"
        r"\quad D = \operatorname{diag}(\|X_{1:}\|_2, \dots, \|X_{m:}\|_2)",
        domain=r"no row of $X$ is 0",
        fun=lambda X: torch.linalg.vector_norm(X, dim=1).sum(),
        claimed=lambda X: X / (X**2).sum(1, keepdim=True).sqrt(),
        sample=draw(away(3, 4)),
        source="Petersen and Pedersen (2012), eq. (129), row by row",
    ),
    _identity(
        name="Huber's function",
        latex=r"\nabla_x \sum_i h(x_i) = \max(-1, \min(x, 1)), \quad"
        r" h(t) = \begin{cases} \tfrac12 t^2 & |t| \le 1 \\ |t| - \tfrac12 & |t| > 1 \end{cases}",
        domain=r"$x \in \mathbb{R}^n$",
        fun=lambda x: torch.where(x.abs() <= 1, x**2 / 2, x.abs() - 0.5).sum(),
        claimed=lambda x: x.clamp(-1, 1),
        # Entries on both sides of the kinks of the derivative, and none at them.
        sample=lambda generator: (
            torch.cat(
                [
                    away(3, low=0.1, high=0.9)(generator),
                    away(3, low=1.1, high=2.0)(generator),
                ]
            ),
        ),
        source="Huber (1964)",
    ),
    _identity(
        name="smoothed 1-norm",
        latex=r"\nabla_x \sum_i \sqrt{1 + x_i^2} = \frac{x}{\sqrt{1 + x \circ x}}",
        domain=r"$x \in \mathbb{R}^n$",
        fun=lambda x: (1 + x**2).sqrt().sum(),
        claimed=lambda x: x / (1 + x**2).sqrt(),
        second=lambda x: diag((1 + x**2) ** -1.5),
        second_latex=r"\nabla^2 = \operatorname{diag}\big((1 + x \circ x)^{-3/2}\big)",
        sample=draw(normal(4)),
        source="Boyd and Vandenberghe (2004), appendix A.4, by the chain rule",
    ),
    _identity(
        name="cosine similarity",
        latex=r"\nabla_x \frac{x^\top y}{\|x\|\,\|y\|}"
        r" = \frac{1}{\|x\|}\left( \frac{y}{\|y\|} - \cos(x, y)\, \frac{x}{\|x\|} \right)",
        domain=r"$x, y \ne 0$",
        fun=lambda x, y: x @ y / (norm(x) * norm(y)),
        claimed=lambda x, y: (y / norm(y) - x @ y / (norm(x) * norm(y)) * x / norm(x)) / norm(x),
        sample=draw(away(4), away(4)),
        source="Petersen and Pedersen (2012), eq. (130), by the chain rule",
    ),
    _identity(
        name="weighted squared distances of rows",
        latex=r"\nabla_X \sum_{ij} W_{ij} \|X_{i:} - X_{j:}\|^2 = 2 L X,"
        r"\quad L = \operatorname{diag}\big((W + W^\top)\mathbf{1}\big) - W - W^\top",
        domain=r"$X \in \mathbb{R}^{m\times n}$, $W \in \mathbb{R}^{m\times m}$, symmetric or not",
        fun=lambda X, W: (W * _pairs(X)).sum(),
        claimed=lambda X, W: 2 * (diag((W + W.mT).sum(1)) - W - W.mT) @ X,
        sample=draw(normal(4, 3), normal(4, 4)),
        source="Petersen and Pedersen (2012), eq. (108), with L for B",
    ),
    _identity(
        name="variance",
        latex=r"\nabla_x\, \frac1n \sum_i (x_i - \bar x)^2 = \frac{2}{n}\,(x - \bar x \mathbf{1})",
        domain=r"$x \in \mathbb{R}^n$, $\bar x$ the mean of its entries",
        fun=lambda x: ((x - x.mean()) ** 2).mean(),
        claimed=lambda x: 2 / len(x) * (x - x.mean()),
        second=lambda x: 2 / len(x) * (eye(len(x), x) - 1 / len(x)),
        second_latex=r"\nabla^2 = \frac2n \left( I - \frac1n \mathbf{1}\mathbf{1}^\top \right)",
        sample=draw(normal(5)),
        source="Magnus and Neudecker (2019), chapter 9",
    ),
    _identity(
        name="geometric mean",
        latex=r"\nabla_x\, g = \frac{g}{n\,x},\quad g(x) = \Big( \prod_i x_i \Big)^{1/n}",
        domain=r"$x > 0$",
        fun=lambda x: x.prod() ** (1 / len(x)),
        claimed=lambda x: x.log().mean().exp() / (len(x) * x),
        second=lambda x: (
            x.log().mean().exp() * (outer(1 / x, 1 / x) / len(x) ** 2 - diag(1 / x**2) / len(x))
        ),
        second_latex=r"\nabla^2 g = g \left( \frac{1}{n^2}\, q q^\top"
        r" - \frac1n \operatorname{diag}(q \circ q) \right),\quad q = 1/x",
        sample=draw(uniform(4, low=0.5, high=2.0)),
        source="Boyd and Vandenberghe (2004), section 3.1.5",
    ),
    _identity(
        name="entropy",
        latex=r"\nabla_x \Big( -\sum_i x_i \log x_i \Big) = -(1 + \log x)",
        domain=r"$x > 0$; on the simplex, project the gradient",
        fun=lambda x: -(x * x.log()).sum(),
        claimed=lambda x: -(1 + x.log()),
        second=lambda x: -diag(1 / x),
        second_latex=r"\nabla^2 = -\operatorname{diag}(1/x)",
        sample=draw(uniform(4, low=0.4, high=1.5)),
        source="Boyd and Vandenberghe (2004), section 3.1.5",
    ),
    _identity(
        name="induced infinity norm",
        latex=r"\nabla_X\, \|X\|_\infty = e_i \operatorname{sign}(X_{i:}),"
        r"\quad i = \operatorname*{arg\,max}_k \sum_j |X_{kj}|",
        domain=r"one row has the largest sum of absolute values, and no 0",
        fun=lambda X: torch.linalg.matrix_norm(X, torch.inf),
        claimed=lambda X: outer(
            unit(X.abs().sum(1).argmax(), X[:, 0]), X[X.abs().sum(1).argmax()].sign()
        ),
        # Rows of different size, so that the largest stays the largest.
        sample=lambda generator: (
            away(3, 4)(generator) * torch.tensor([[1.0], [9.0], [0.5]], dtype=torch.float64),
        ),
        source="Golub and Van Loan (2013), section 2.3, for the norm",
    ),
)
