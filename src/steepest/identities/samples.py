"""Points to check identities at: float64, well conditioned, and not symmetric unless it must be.

A *maker* maps a generator to one tensor; :func:`draw` joins makers into the sampler of an identity.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Maker = Callable[[torch.Generator], Tensor]


def draw(*makers: Maker) -> Callable[[torch.Generator], tuple[Tensor, ...]]:
    """Return the sampler that calls the makers in order."""
    return lambda generator: tuple(make(generator) for make in makers)


def normal(*shape: int) -> Maker:
    """Make standard normal entries."""
    return lambda generator: torch.randn(shape, dtype=torch.float64, generator=generator)


def uniform(*shape: int, low: float, high: float) -> Maker:
    """Make entries between `low` and `high`."""
    return lambda generator: (
        low + (high - low) * torch.rand(shape, dtype=torch.float64, generator=generator)
    )


def signs(*shape: int) -> Maker:
    """Make entries 1 and -1."""
    return lambda generator: torch.where(normal(*shape)(generator) > 0, 1.0, -1.0).double()


def away(*shape: int, low: float = 0.3, high: float = 2.0) -> Maker:
    """Make entries of both signs with absolute values in [low, high]: no kink at 0 is near."""
    return lambda generator: (
        signs(*shape)(generator) * uniform(*shape, low=low, high=high)(generator)
    )


def apart(n: int) -> Maker:
    """Make entries of both signs whose absolute values are at least 0.3 apart, in any order."""

    def make(generator: torch.Generator) -> Tensor:
        values = 0.5 * (1 + torch.arange(n)) + uniform(n, low=0.0, high=0.2)(generator)
        return signs(n)(generator) * values[torch.randperm(n, generator=generator)]

    return make


def matrix(m: int, n: int, sign: int = 0) -> Maker:
    """Make a matrix of full rank with distinct singular values, of condition number below 5.

    A square one has a determinant of the sign that is asked for; with 0 it comes as it comes.
    """

    def make(generator: torch.Generator) -> Tensor:
        k = min(m, n)
        left = torch.linalg.qr(normal(m, k)(generator)).Q
        right = torch.linalg.qr(normal(n, k)(generator)).Q
        values = 0.5 * (1 + torch.arange(k)) + uniform(k, low=0.0, high=0.2)(generator)
        made: Tensor = left * values @ right.mT
        if sign and float(torch.linalg.det(made)) * sign < 0:
            made[0] *= -1
        return made

    return make


def definite(n: int) -> Maker:
    """Make a symmetric positive definite matrix."""
    return lambda generator: (lambda root: root @ root.mT)(matrix(n, n)(generator))


def leaning(n: int) -> Maker:
    """Make a matrix with a positive definite symmetric part, itself not symmetric."""

    def make(generator: torch.Generator) -> Tensor:
        skew = 0.5 * normal(n, n)(generator)
        return definite(n)(generator) + skew - skew.mT

    return make


def diagonalizable(n: int) -> Maker:
    """Make a matrix with real eigenvalues between 1 and n + 0.2, at least 0.8 apart."""

    def make(generator: torch.Generator) -> Tensor:
        basis = matrix(n, n)(generator)
        values = 1 + torch.arange(n) + uniform(n, low=0.0, high=0.2)(generator)
        made: Tensor = torch.linalg.solve(basis, basis * values, left=False)
        return made

    return make


def probabilities(*shape: int) -> Maker:
    """Make positive rows that sum to 1."""
    return lambda generator: torch.softmax(normal(*shape)(generator), dim=-1)


def positive_number(low: float = 0.5, high: float = 2.0) -> Maker:
    """Make one positive number, of shape ()."""
    return lambda generator: uniform(1, low=low, high=high)(generator)[0]
