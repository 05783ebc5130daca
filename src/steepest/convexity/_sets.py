"""The search for two points of a set whose segment leaves it."""

import torch

from steepest.convexity._conditions import Configurations, set_sides
from steepest.convexity._draws import gaussian, uniform
from steepest.convexity.base import Set
from steepest.convexity.witness import Search, Witness


def search_set(region: Set, domain: Set | None, samples: int, generator: torch.Generator) -> Search:
    """Try pairs of random members, and pairs of those that lie farthest out."""
    members = (region if domain is None else domain).sample(2 * samples, generator)
    members = members[region.contains(members)]
    if len(members) < 2:
        raise ValueError(
            f"find_violation: of {2 * samples:,} points of the domain, {len(members)} lie in the "
            "set, and two are needed; choose a domain that fits the set, or more samples"
        )
    rows = members.reshape(len(members), -1)
    half = len(rows) // 2
    pairs = torch.stack([rows[:half], rows[half : 2 * half]], 1)
    # of the members, the farthest in each of many directions: segments between them leave first
    ways = gaussian((256, rows.shape[1]), generator).to(rows)
    corners = rows[(rows @ ways.T).argmax(0)]
    outer = torch.stack(
        [corners.repeat_interleave(len(corners), 0), corners.repeat(len(corners), 1)], 1
    )
    pairs = torch.cat([pairs, outer])
    shares = uniform((len(pairs),), generator).to(rows.device)
    shares[half:] = 0.5
    at = Configurations(pairs, torch.stack([shares, 1 - shares], 1))
    sides = set_sides(region, at)
    worst = int((sides.violation - sides.scale).argmax())
    excess, slack = float(sides.violation[worst]), float(sides.scale[worst])
    what = f"among {len(pairs):,} pairs of its points"
    if not excess > slack:
        return Search(
            None, len(pairs), f"no segment found that leaves the set, {what}: this proves nothing"
        )
    witness = Witness(
        condition="chord",
        kind="convex",
        points=pairs[worst].reshape(2, *region.shape),
        weights=at.weights[worst] if at.weights is not None else None,
        direction=None,
        left=excess,
        right=0.0,
        violation=excess,
        tolerance=slack,
    )
    return Search(witness, len(pairs), f"a segment leaves the set by {excess:.3g}, found {what}")
