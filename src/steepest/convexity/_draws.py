"""Random numbers, always from a generator that is passed along, in float64."""

import torch
from torch import Tensor


def source(generator: torch.Generator | None) -> torch.Generator:
    """Return the generator, or one of seed 0."""
    return torch.Generator().manual_seed(0) if generator is None else generator


def uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw from (0, 1] on the generator's device."""
    drawn = torch.rand(shape, dtype=torch.float64, device=generator.device, generator=generator)
    return 1 - drawn


def gaussian(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw standard normal numbers on the generator's device."""
    return torch.randn(shape, dtype=torch.float64, device=generator.device, generator=generator)


def exponential(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw from the exponential distribution of mean 1."""
    return -torch.log(uniform(shape, generator))
