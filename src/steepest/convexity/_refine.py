"""From many points to the few that matter: directions of least curvature, and ascent."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from steepest.convexity._conditions import Configurations, Sides, Values, product, spread
from steepest.convexity._draws import gaussian
from steepest.convexity.base import Set

STEPS_OF_LANCZOS = 80


def least_curvature(
    values: Values, rows: Tensor, hull: Tensor | None, sign: int, generator: torch.Generator
) -> Tensor:
    """Return, for each row, a unit vector along which sign * f curves least, by Lanczos.

    Each point has its own Krylov space; all take their Hessian-vector products together. The basis
    is orthogonalised twice against itself, so that it stays one. With `hull`, an orthonormal basis
    (n, r), only directions in its span are considered.
    """
    leaf, _, gradients = values.gradients(rows)
    n = rows.shape[1]
    rank = n if hull is None else hull.shape[1]
    steps = min(rank, STEPS_OF_LANCZOS)

    def multiply(v: Tensor) -> Tensor:
        full = v if hull is None else v @ hull.T
        image = product(gradients, leaf, full.to(leaf), keep=False).to(torch.float64) * sign
        return image if hull is None else image @ hull

    def start() -> Tensor:
        return gaussian((len(rows), rank), generator).to(rows.device)

    def unit(v: Tensor) -> Tensor:
        return torch.nn.functional.normalize(v, dim=1, eps=1e-300)

    basis = unit(start())[:, None]
    images: list[Tensor] = []
    for _ in range(steps):
        images.append(multiply(basis[:, -1]))
        if basis.shape[1] == steps:
            break
        new, length = images[-1], torch.linalg.vector_norm(images[-1], dim=1)
        for _ in range(2):
            new = new - (basis.mT @ (basis @ new[:, :, None]))[:, :, 0]
        # an invariant subspace is found: go on in a random direction orthogonal to it
        rest = torch.linalg.vector_norm(new, dim=1) <= 1e-10 * length
        fresh = unit(start())
        for _ in range(2):
            fresh = fresh - (basis.mT @ (basis @ fresh[:, :, None]))[:, :, 0]
        basis = torch.cat([basis, unit(torch.where(rest[:, None], fresh, new))[:, None]], 1)
    small = basis @ torch.stack(images, 2)
    small = (small + small.mT) / 2
    # where second derivatives are not finite, any direction is as good as another
    finite = torch.isfinite(small).all(2).all(1)
    _, vectors = torch.linalg.eigh(torch.where(finite[:, None, None], small, 0.0))
    best = unit((basis.mT @ vectors[:, :, :1])[:, :, 0])
    return (best if hull is None else unit(best @ hull.T)).nan_to_num(0.0)


def ascend(
    sides: Callable[[Configurations], Sides],
    start: Configurations,
    domain: Set,
    steps: int,
    enough: float,
) -> Configurations:
    """Move the points of each configuration up the gradient of its violation, inside the domain.

    What ascends is the violation divided by the squared spread of the points, a mean curvature:
    the violation itself is largest, namely 0, where all points of a convex function meet. Each
    configuration has its own step size, which grows with every success. All stop where one violates
    its inequality by `enough` times its scale.
    """

    def quotient(at: Configurations) -> tuple[Tensor, Tensor, Sides]:
        with torch.enable_grad():
            leaf = at.points.detach().requires_grad_()
            moving = replace(at, points=leaf)
            here = sides(moving)
            score = here.violation / spread(moving)
            if not score.requires_grad:
                return score, torch.zeros_like(leaf), here
            (slope,) = torch.autograd.grad(score.sum(), leaf, allow_unused=True)
        slope = torch.zeros_like(leaf) if slope is None else slope
        finite = torch.isfinite(slope).all(2).all(1) & torch.isfinite(score)
        slope = torch.where(finite[:, None, None], slope, 0.0)
        return torch.where(finite, score, -torch.inf).detach(), slope, here

    at = start
    score, slope, here = quotient(at)
    around = at.points.flatten(1)
    pace = torch.linalg.vector_norm(around - around.mean(0), dim=1).clamp(min=1e-3) / 10
    for _ in range(steps):
        if bool((here.violation > enough * here.scale).any()):
            break
        size = torch.linalg.vector_norm(slope, dim=(1, 2)).clamp(min=1e-300)
        moved = at.points + (pace / size).to(slope)[:, None, None] * slope
        flat = moved.reshape(-1, moved.shape[2]).to(torch.float64)
        candidate = replace(at, points=domain._project(flat).to(moved).reshape(moved.shape))
        better_score, better_slope, better = quotient(candidate)
        won = better_score > score
        score = torch.where(won, better_score, score)
        slope = torch.where(won[:, None, None], better_slope, slope)
        at = replace(at, points=torch.where(won[:, None, None], candidate.points, at.points))
        here = Sides(*[torch.where(won, new, old) for new, old in zip(better, here, strict=True)])
        pace = torch.where(won, pace * 1.5, pace * 0.4)
    return at
