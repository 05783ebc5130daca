"""Gaussian log-likelihoods, by mean, covariance and precision.

Covariances are differentiated as if their entries were free, which is what automatic
differentiation does too; a symmetric covariance is where the formula is used.
"""

import math
from functools import partial

import torch
from torch import Tensor, einsum, outer, trace
from torch.linalg import inv, slogdet, solve

from steepest.identities.identity import Identity
from steepest.identities.samples import definite, draw, leaning, normal, positive_number
from steepest.identities.tools import eye

_identity = partial(Identity, topic="Gaussian likelihoods")


def _log_density(r: Tensor, S: Tensor) -> Tensor:
    constant = len(r) * math.log(2 * math.pi)
    density: Tensor = -(constant + slogdet(S).logabsdet + r @ solve(S, r)) / 2
    return density


def _responsibilities(M: Tensor, x: Tensor, w: Tensor, S: Tensor) -> Tensor:
    R = x - M
    scores = w.log() - einsum("kn,nm,km->k", R, inv(S), R) / 2
    return torch.softmax(scores, 0)


LIKELIHOODS = (
    _identity(
        name="Gaussian log-likelihood by the mean",
        latex=r"\nabla_m \sum_i \log N(x_i; m, \Sigma) = \Sigma^{-1} \sum_i (x_i - m)",
        domain=r"$x_i$ the rows of $X$, $\Sigma$ symmetric positive definite",
        fun=lambda m, X, S: torch.stack([_log_density(x - m, S) for x in X]).sum(),
        claimed=lambda m, X, S: inv(S) @ (X - m).sum(0),
        second=lambda m, X, S: -len(X) * inv(S),
        second_latex=r"\nabla^2 = -N\, \Sigma^{-1}",
        sample=draw(normal(3), normal(5, 3), definite(3)),
        source="Bishop (2006), section 2.3.4",
    ),
    _identity(
        name="Gaussian log-density by the covariance",
        latex=r"\nabla_\Sigma \log N(x; m, \Sigma)"
        r" = \tfrac12 \big( \Sigma^{-\top} r r^\top \Sigma^{-\top} - \Sigma^{-\top} \big),"
        r"\quad r = x - m",
        domain=r"$\det \Sigma > 0$, entries free; at a symmetric $\Sigma$, drop the transposes",
        fun=lambda S, r: _log_density(r, S),
        claimed=lambda S, r: (outer(solve(S.mT, r), solve(S, r)) - inv(S).mT) / 2,
        sample=draw(leaning(3), normal(3)),
        source="Petersen and Pedersen (2012), eqs. (57) and (61)",
    ),
    _identity(
        name="Gaussian log-density by the precision",
        latex=r"\nabla_\Lambda \log N(x; m, \Lambda^{-1})"
        r" = \tfrac12 \big( \Lambda^{-\top} - r r^\top \big),\quad r = x - m",
        domain=r"$\det \Lambda > 0$, entries free",
        fun=lambda P, r: (slogdet(P).logabsdet - r @ P @ r - len(r) * math.log(2 * math.pi)) / 2,
        claimed=lambda P, r: (inv(P).mT - outer(r, r)) / 2,
        second=lambda P, r: -einsum("jk,li->ijkl", inv(P), inv(P)) / 2,
        second_latex=r"\frac{\partial^2}{\partial \Lambda_{ij}\,\partial \Lambda_{kl}}"
        r" = -\tfrac12\, \Lambda^{-1}_{jk} \Lambda^{-1}_{li}",
        sample=draw(leaning(3), normal(3)),
        source="Petersen and Pedersen (2012), eqs. (57) and (72)",
    ),
    _identity(
        name="Gaussian log-density by the standard deviation",
        latex=r"\frac{d}{d\sigma} \log N(x; m, \sigma^2)"
        r" = \frac1\sigma \left( \frac{(x - m)^2}{\sigma^2} - 1 \right)",
        domain=r"$\sigma > 0$, one dimension",
        fun=lambda s, r: -((2 * math.pi * s**2).log() + (r / s) ** 2) / 2,
        claimed=lambda s, r: ((r / s) ** 2 - 1) / s,
        second=lambda s, r: (1 - 3 * (r / s) ** 2) / s**2,
        second_latex=r"\frac{d^2}{d\sigma^2}"
        r" = \frac{1}{\sigma^2} \left( 1 - \frac{3 (x - m)^2}{\sigma^2} \right)",
        sample=draw(positive_number(), positive_number(low=4.0, high=6.0)),
        source="Petersen and Pedersen (2012), eq. (558)",
    ),
    _identity(
        name="Gaussian mixture by its means",
        latex=r"\nabla_{m_k} \log \sum_j w_j N(x; m_j, \Sigma)"
        r" = \gamma_k\, \Sigma^{-1} (x - m_k),"
        r"\quad \gamma_k = \frac{w_k N(x; m_k, \Sigma)}{\sum_j w_j N(x; m_j, \Sigma)}",
        domain=r"$m_k$ the rows of a matrix, $w > 0$, $\Sigma$ symmetric positive definite",
        fun=lambda M, x, w, S: torch.logsumexp(
            torch.stack([t.log() + _log_density(x - m, S) for t, m in zip(w, M, strict=True)]), 0
        ),
        claimed=lambda M, x, w, S: _responsibilities(M, x, w, S)[:, None] * ((x - M) @ inv(S)),
        sample=lambda generator: (
            normal(3, 2)(generator),
            normal(2)(generator),
            torch.softmax(normal(3)(generator), 0),
            definite(2)(generator),
        ),
        source="Petersen and Pedersen (2012), eq. (394)",
    ),
    _identity(
        name="divergence of a Gaussian from the standard one",
        latex=r"\nabla_\Sigma\, \tfrac12 \big( \operatorname{tr} \Sigma + m^\top m - n"
        r" - \log\det \Sigma \big) = \tfrac12 (I - \Sigma^{-\top})",
        domain=r"$\det \Sigma > 0$, entries free",
        fun=lambda S, m: (trace(S) + m @ m - len(m) - slogdet(S).logabsdet) / 2,
        claimed=lambda S, m: (eye(len(m), m) - inv(S).mT) / 2,
        sample=draw(leaning(3), normal(3)),
        source="Petersen and Pedersen (2012), eqs. (57) and (99)",
    ),
)
