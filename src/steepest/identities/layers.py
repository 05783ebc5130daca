"""Layers of networks, one input or a batch of them by rows."""

from functools import partial

import torch
from torch import Tensor, diag, einsum, outer, relu, softmax, tanh

from steepest.identities.identity import Identity
from steepest.identities.samples import away, draw, normal, uniform
from steepest.identities.tools import eye, norm

_identity = partial(Identity, topic="Layers and batches")


def _network(V: Tensor, W: Tensor, X: Tensor, T: Tensor) -> Tensor:
    return ((relu(X @ V.mT) @ W.mT - T) ** 2).sum() / 2


def _first_weights(V: Tensor, W: Tensor, X: Tensor, T: Tensor) -> Tensor:
    Z = X @ V.mT
    return (((relu(Z) @ W.mT - T) @ W) * (Z > 0)).mT @ X


def _away_from_kinks(generator: torch.Generator) -> tuple[Tensor, ...]:
    """Draw a first layer and inputs whose products are not near 0."""
    Z, X = away(4, 3)(generator), normal(4, 4)(generator)
    X = torch.linalg.qr(X).Q
    return (X.mT @ Z).mT, normal(2, 3)(generator), X, normal(4, 2)(generator)


def _standardised(x: Tensor) -> Tensor:
    return (x - x.mean()) / x.var(correction=0).sqrt()


def _rows(blocks: Tensor) -> Tensor:
    """Return the derivative of a function of each row alone from those of the rows."""
    return einsum("nij,nm->nimj", blocks, eye(len(blocks), blocks))


def _toeplitz(h: Tensor, n: int) -> Tensor:
    """Return the matrix that convolves with h, of n columns."""
    m, k = n + len(h) - 1, len(h)
    shift = torch.arange(m)[:, None] - torch.arange(n)
    inside = (shift >= 0) & (shift < k)
    return torch.where(inside, h[shift.clamp(0, k - 1)], 0)


LAYERS = (
    _identity(
        name="layer by its input",
        latex=r"\frac{\partial\, \tanh(Wx + b)}{\partial x}"
        r" = \operatorname{diag}(1 - y \circ y)\, W,\quad y = \tanh(Wx + b)",
        domain=r"$W \in \mathbb{R}^{m\times n}$",
        fun=lambda x, W, b: tanh(W @ x + b),
        claimed=lambda x, W, b: diag(1 - tanh(W @ x + b) ** 2) @ W,
        sample=draw(normal(3), normal(4, 3), normal(4)),
        source="Bishop (2006), section 5.3",
    ),
    _identity(
        name="rectified layer by its input",
        latex=r"\frac{\partial \max(0, Wx + b)}{\partial x}"
        r" = \operatorname{diag}([\, Wx + b > 0 \,])\, W",
        domain=r"no entry of $Wx + b$ is 0",
        fun=lambda x, W, b: relu(W @ x + b),
        claimed=lambda x, W, b: (W @ x + b > 0)[:, None] * W,
        sample=lambda generator: (lambda x, W, z: (x, W, z - W @ x))(
            normal(3)(generator), normal(4, 3)(generator), away(4)(generator)
        ),
        source="Bishop (2006), section 5.3, by the chain rule",
    ),
    _identity(
        name="loss of a layer by its weights",
        latex=r"\nabla_W\, \tfrac12 \|y - t\|^2 = \delta x^\top,"
        r"\quad \delta = (y - t) \circ (1 - y \circ y),\ y = \tanh(Wx + b)",
        domain=r"$W \in \mathbb{R}^{m\times n}$",
        fun=lambda W, x, b, t: ((tanh(W @ x + b) - t) ** 2).sum() / 2,
        claimed=lambda W, x, b, t: outer((tanh(W @ x + b) - t) * (1 - tanh(W @ x + b) ** 2), x),
        sample=draw(normal(4, 3), normal(3), normal(4), normal(4)),
        source="Bishop (2006), section 5.3",
    ),
    _identity(
        name="loss of a batch by the weights",
        latex=r"\nabla_W\, \tfrac12 \|Y - T\|_F^2 = \Delta^\top X,"
        r"\quad \Delta = (Y - T) \circ (1 - Y \circ Y),\ Y = \tanh(X W^\top + \mathbf{1} b^\top)",
        domain=r"rows of $X$ are inputs, rows of $T$ targets",
        fun=lambda W, X, b, T: ((tanh(X @ W.mT + b) - T) ** 2).sum() / 2,
        claimed=lambda W, X, b, T: (
            ((tanh(X @ W.mT + b) - T) * (1 - tanh(X @ W.mT + b) ** 2)).mT @ X
        ),
        sample=draw(normal(4, 3), normal(5, 3), normal(4), normal(5, 4)),
        source="Bishop (2006), section 5.3",
    ),
    _identity(
        name="loss of a batch by the bias",
        latex=r"\nabla_b\, \tfrac12 \|X W^\top + \mathbf{1} b^\top - T\|_F^2"
        r" = (X W^\top + \mathbf{1} b^\top - T)^\top \mathbf{1}",
        domain=r"the gradient sums over what the bias was broadcast to",
        fun=lambda b, X, W, T: ((X @ W.mT + b - T) ** 2).sum() / 2,
        claimed=lambda b, X, W, T: (X @ W.mT + b - T).sum(0),
        second=lambda b, X, W, T: len(X) * eye(len(b), b),
        second_latex=r"\nabla^2 = N I",
        sample=draw(normal(4), normal(5, 3), normal(4, 3), normal(5, 4)),
        source="Bishop (2006), section 5.3",
    ),
    _identity(
        name="two-layer network by its first weights",
        latex=r"\nabla_V\, \tfrac12 \|\max(0, Z)\, W^\top - T\|_F^2 = \Delta^\top X,\quad"
        r" \Delta = \big( (\max(0, Z)\, W^\top - T)\, W \big) \circ [Z > 0],\ Z = X V^\top",
        domain=r"no entry of $Z$ is 0",
        fun=_network,
        claimed=_first_weights,
        sample=_away_from_kinks,
        source="Bishop (2006), section 5.3",
    ),
    _identity(
        name="softmax of every row",
        latex=r"\frac{\partial P_{ni}}{\partial X_{mj}}"
        r" = \delta_{nm}\, P_{ni}\, (\delta_{ij} - P_{nj})",
        domain=r"$P = \operatorname{softmax}(X)$ row by row",
        fun=lambda X: softmax(X, dim=1),
        claimed=lambda X: _rows(
            torch.diag_embed(softmax(X, 1)) - softmax(X, 1)[:, :, None] * softmax(X, 1)[:, None]
        ),
        sample=draw(normal(3, 4)),
        source="Bishop (2006), eq. (4.106), row by row",
    ),
    _identity(
        name="quadratic form of every row",
        latex=r"\frac{\partial q_n}{\partial X_{mj}}"
        r" = \delta_{nm}\, \big( X (A + A^\top) \big)_{nj},"
        r"\quad q_n = X_{n:}\, A\, X_{n:}^\top",
        domain=r"$A$ symmetric or not",
        fun=lambda X, A: einsum("ni,ij,nj->n", X, A, X),
        claimed=lambda X, A: einsum("nj,nm->nmj", X @ (A + A.mT), eye(len(X), X)),
        sample=draw(normal(3, 4), normal(4, 4)),
        source="Petersen and Pedersen (2012), eq. (81), row by row",
    ),
    _identity(
        name="standardisation",
        latex=r"\frac{\partial z}{\partial x}"
        r" = \frac1s \left( I - \frac1n \mathbf{1}\mathbf{1}^\top"
        r" - \frac1n z z^\top \right),\quad z = \frac{x - \bar x \mathbf{1}}{s}",
        domain=r"$s^2 = \tfrac1n \sum_i (x_i - \bar x)^2 > 0$",
        fun=_standardised,
        claimed=lambda x: (
            (eye(len(x), x) - 1 / len(x) - outer(_standardised(x), _standardised(x)) / len(x))
            / ((x**2).mean() - x.mean() ** 2).sqrt()
        ),
        sample=draw(normal(5)),
        source="Ba, Kiros and Hinton (2016), for the map",
    ),
    _identity(
        name="normalisation of every row",
        latex=r"\frac{\partial Y_{ni}}{\partial X_{mj}} = \frac{\delta_{nm}}{\|X_{n:}\|}"
        r" \left( \delta_{ij} - Y_{ni} Y_{nj} \right),\quad Y_{n:} = \frac{X_{n:}}{\|X_{n:}\|}",
        domain=r"no row of $X$ is 0",
        fun=lambda X: X / (X**2).sum(1, keepdim=True).sqrt(),
        claimed=lambda X: _rows(
            torch.stack([(eye(len(x), x) - outer(x, x) / norm(x) ** 2) / norm(x) for x in X])
        ),
        sample=draw(away(3, 4)),
        source="Petersen and Pedersen (2012), eq. (130), row by row",
    ),
    _identity(
        name="attention by the query",
        latex=r"\frac{\partial}{\partial q} V^\top p = V^\top \big( \operatorname{diag}(p)"
        r" - p p^\top \big) K,\quad p = \operatorname{softmax}(K q)",
        domain=r"rows of $K$ are keys, rows of $V$ values",
        fun=lambda q, K, V: V.mT @ softmax(K @ q, 0),
        claimed=lambda q, K, V: (
            V.mT @ (diag(softmax(K @ q, 0)) - outer(softmax(K @ q, 0), softmax(K @ q, 0))) @ K
        ),
        sample=draw(normal(3), normal(5, 3), normal(5, 2)),
        source="Bishop (2006), eq. (4.106), by the chain rule",
    ),
    _identity(
        name="convolution",
        latex=r"\frac{\partial (h * x)_i}{\partial x_j} = h_{i-j}",
        domain=r"full convolution; $h_k = 0$ outside its support",
        fun=lambda x, h: torch.conv1d(x[None, None], h.flip(0)[None, None], padding=len(h) - 1)[
            0, 0
        ],
        claimed=lambda x, h: _toeplitz(h, len(x)),
        sample=draw(normal(4), normal(3)),
        source="Golub and Van Loan (2013), chapter 4, on Toeplitz matrices",
    ),
    _identity(
        name="cumulative product",
        latex=r"\frac{\partial y_k}{\partial x_i} = [\, i \le k \,]\, \frac{y_k}{x_i},"
        r"\quad y_k = \prod_{j \le k} x_j",
        domain=r"no entry of $x$ is 0",
        fun=lambda x: x.cumprod(0),
        claimed=lambda x: (outer(x.cumprod(0), 1 / x)).tril(),
        sample=draw(uniform(4, low=0.5, high=2.0)),
        source="Magnus and Neudecker (2019), chapter 9",
    ),
)
