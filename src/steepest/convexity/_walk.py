"""Random points of a convex set that only answers: inside or not, and what is nearest."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from steepest.convexity._draws import exponential, gaussian, uniform

if TYPE_CHECKING:
    from steepest.convexity.base import Set


CHAINS = 256


def frame(region: "Set", n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return a point in the middle of several of the set's, and their offsets from it.

    The points are the projections of normally distributed ones around the point nearest to 0. At
    most about half of these can be sent to one and the same corner, so that the others span every
    direction in which the set extends.
    """
    generator = torch.Generator().manual_seed(0)
    nearest = region._project(torch.zeros(1, n, dtype=torch.float64, device=device))
    spread = 1 + float(nearest.abs().max()) if n else 1.0
    cloud = gaussian((2 * n + 16, n), generator).to(device)
    points = torch.cat([nearest, region._project(nearest + spread * cloud)])
    middle = points.mean(0)
    return middle, points - middle


def span(offsets: Tensor) -> Tensor | None:
    """Return an orthonormal basis of the space that the offsets span, None where it is all."""
    n = offsets.shape[1]
    _, sizes, basis = torch.linalg.svd(offsets, full_matrices=False)
    rank = int((sizes > 1e-7 * sizes[:1].clamp(min=1e-7)).sum())
    return None if rank == n else basis[:rank].T.contiguous()


def hit_and_run(
    region: "Set", middle: Tensor, offsets: Tensor, count: int, generator: torch.Generator
) -> Tensor:
    """Walk from the middle in up to CHAINS chains: a random line, then a uniform point of it.

    After 10 + 2n steps every position counts, until there are enough; they come shuffled.
    """
    n = len(middle)
    width = float(torch.linalg.vector_norm(offsets, dim=1).max())
    if count == 0 or width <= 1e-9 * (1 + float(middle.abs().max())):
        return middle.expand(count, n).clone()
    chains = min(count, CHAINS)
    rows, kept = middle.expand(chains, n), []
    for step in range(10 + 2 * n + math.ceil(count / chains) - 1):
        mixture = gaussian((chains, len(offsets)), generator).to(middle.device) @ offsets
        directions = torch.nn.functional.normalize(mixture, dim=1)
        caps = width * (1 + exponential((2, chains), generator).to(middle.device))
        ahead = region._reach(rows, directions, caps[0])
        behind = region._reach(rows, -directions, caps[1])
        share = uniform((chains,), generator).to(middle.device)
        rows = rows + (share * (ahead + behind) - behind)[:, None] * directions
        if step >= 9 + 2 * n:
            kept.append(rows)
    order = torch.randperm(len(kept) * chains, generator=generator, device=generator.device)
    return torch.cat(kept)[order.to(middle.device)[:count]]
