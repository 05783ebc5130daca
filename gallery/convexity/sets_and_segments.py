# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A zoo of sets, and random segments
==================================

A set is convex if it contains the segment between any two of its points. You will see segments
between random points of eight sets: four convex ones, in which they stay, and four others, in which
some are caught outside. Then the same game in more and more dimensions, where chance catches less
and less, and a method that does not rely on chance.

The script belongs to the lecture :doc:`/lectures/convex-sets`.
"""

# %%
# The zoo
# -------
# Above, a disc, a square, a triangle and the common part of two discs. Below, a star (the "ball" of
# :math:`\|x\|_{1/2}`), two discs that overlap, a ring, and a sector of three quarters. Each set is
# a test that says of many points at once which belong to it.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.convexity import Intersection, NormBall, Polyhedron, Union, find_violation

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["convexity", "constraints"]
random = torch.Generator().manual_seed(1)


def vector(*entries):
    return torch.tensor(entries, dtype=torch.float64, device=device)


corners = torch.stack([vector(-0.9, -0.8), vector(1, -0.3), vector(-0.2, 0.95)])
edges = corners.roll(-1, 0) - corners
normals = torch.stack([edges[:, 1], -edges[:, 0]], 1)
triangle = Polyhedron(normals, (normals * corners).sum(1))
left, right = NormBall(vector(-0.45, 0), 0.55), NormBall(vector(0.45, 0), 0.55)
wide = [NormBall(vector(x, 0), 0.9) for x in (-0.35, 0.35)]
zoo = {
    "disc": NormBall(vector(0, 0)).contains,
    "square": NormBall(vector(0, 0), 0.9, p=math.inf).contains,
    "triangle": triangle.contains,
    "intersection": Intersection(*wide).contains,
    "star": NormBall(vector(0, 0), p=0.5).contains,
    "union": Union(left, right).contains,
    "ring": lambda x: (x.norm(dim=-1) <= 1) & (x.norm(dim=-1) >= 0.55),
    "sector": lambda x: (x.norm(dim=-1) <= 1) & ~((x[..., 0] > 0) & (x[..., 1] < 0)),
}
COUNT = 2000
square = 2 * torch.rand(40_000, 2, generator=random, dtype=torch.float64).to(device) - 1
shares = torch.linspace(0, 1, 65, dtype=torch.float64, device=device)[:, None, None]


def segments(member):
    """Return pairs of random points of a set, and which of the segments between them leave it."""
    points = square[member(square)][: 2 * COUNT]
    half = len(points) // 2
    x, y = points[:half], points[half : 2 * half]
    way = (1 - shares) * x + shares * y
    return x, y, ~member(way.reshape(-1, 2)).reshape(way.shape[:2]).all(0)


caught = {name: segments(member) for name, member in zoo.items()}
fig, axes = plots.figure(
    "Eight shapes with random segments. Above, a disc, a square, a triangle and a lens, with blue "
    "segments only. Below, a star, two overlapping discs, a ring and a three-quarter disc: many of "
    "their segments are orange and dashed, and leave the shape.",
    2,
    4,
    figsize=(6.4, 3.9),
)
pixels = torch.linspace(-1.05, 1.05, 161, dtype=torch.float64, device=device)
plane = torch.cartesian_prod(pixels, pixels)
for ax, (name, (x, y, out)) in zip(axes.flat, caught.items(), strict=True):
    shape = zoo[name](plane).double().reshape(161, 161).T.cpu()
    ax.contourf(pixels.cpu(), pixels.cpu(), shape, [0.5, 1.5], colors=[plots.LINES])
    for start, end, leaves in zip(x[:35].cpu(), y[:35].cpu(), out[:35].cpu(), strict=True):
        ax.plot(
            *torch.stack([start, end]).T,
            color="C1" if leaves else "C0",
            linestyle="--" if leaves else "-",
            linewidth=1.8 if leaves else 0.9,
            zorder=3 if leaves else 2,
        )
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.set_title(f"{name}: {out.double().mean().item():.0%}", fontsize=9)
    ax.grid(False)

# %%
# The percentage says how many of the random segments leave the set. In convex sets none do; but
# "none did" is what one sees, and "none can" needs a proof.
#
# Chance grows weak
# -----------------
# Cut a slice out of the unit ball in :math:`n` dimensions: away with all points whose first entry
# lies between 0.6 and 0.8. A cap remains, hovering above the rest, and every way between the two
# leads through the gap. In the plane, random segments find this at once. In more dimensions nearly
# all of the ball's volume lies near its equator, and hardly any random point lies in the cap.


def ball(count, n):
    """Return uniform points of the unit ball."""
    z = torch.randn(count, n, generator=random, dtype=torch.float64)
    length = torch.rand(count, 1, generator=random, dtype=torch.float64) ** (1 / n)
    return (z / z.norm(dim=1, keepdim=True) * length).to(device)


def gapped(x):
    return (x.norm(dim=-1) <= 1) & ~((x[..., 0] > 0.6) & (x[..., 0] < 0.8))


dimensions = [2, 3, 5, 8, 12, 20, 30]
found = {}
for n in dimensions:
    points = ball(100_000, n)
    points = points[gapped(points)]
    above = points[:, 0] >= 0.8
    half = len(points) // 2
    found[n] = (above[:half] != above[half : 2 * half]).double().mean().item()

fig, ax = plots.figure(
    "Share of random segments that cross the gap, on a logarithmic axis, against the dimension: it "
    "falls steeply from one tenth in the plane, and from 20 dimensions on nothing is caught.",
    figsize=(5.2, 3.3),
)
seen = [n for n in dimensions if found[n] > 0]
ax.semilogy(seen, [found[n] for n in seen], "o-", color="C0")
ax.set(xlabel="dimension", ylabel="share caught by chance", xlim=(0, 32), ylim=(1e-6, 1))
blind = [n for n in dimensions if found[n] == 0]
ax.plot(blind, [2e-6] * len(blind), "v", color="C1")
ax.annotate(
    "none of 50 000", (blind[0], 2e-6), xytext=(0, 10), textcoords="offset points", color="C1"
)

# %%
# Looking where it matters
# ------------------------
# A better search takes the points that lie farthest in many directions, and joins those.
# :func:`~steepest.convexity.find_violation` does both. Its witnesses:
suspects = {
    "star": NormBall(vector(0, 0), p=0.5),
    "union": Union(left, right),
}
witnesses = {name: find_violation(one, samples=500) for name, one in suspects.items()}
fig, axes = plots.figure(
    "The star and the two discs, each with a segment that leaves it: between two tips of the star, "
    "and between the tops of the discs.",
    columns=2,
    figsize=(6.4, 3.1),
)
for ax, (name, witness) in zip(axes, witnesses.items(), strict=True):
    shape = zoo[name](plane).double().reshape(161, 161).T.cpu()
    ax.contourf(pixels.cpu(), pixels.cpu(), shape, [0.5, 1.5], colors=[plots.LINES])
    ax.plot(*witness.segment(2).cpu().T, "o-", color="C1", linewidth=2)
    ax.set(aspect="equal", xticks=[], yticks=[], title=name)
    ax.spines[:].set_visible(False)
    ax.grid(False)

# %%
# What the pictures claim
# -----------------------
convex = ("disc", "square", "triangle", "intersection")
claim(
    f"of {COUNT} segments, those that leave the four convex sets",
    [caught[name][2].sum() for name in convex],
    0,
)
share = {name: caught[name][2].double().mean() for name in zoo if name not in convex}
claim(
    "the share that leaves " + ", ".join(share),
    list(share.values()),
    0.03,
    relation=">",
)
claim(
    "the ring is the easiest to catch",
    max(share, key=lambda name: share[name].item()),
    "ring",
)
claim("in the plane chance crosses the gap in one case of ten", found[2], 0.1, atol=0.03)
claim("in 30 dimensions it never does", found[30], 0)
for name, witness in witnesses.items():
    claim(
        f"{name}: the witness convicts it again, and not the disc",
        [witness.recheck(suspects[name]), witness.recheck(NormBall(vector(0, 0)))],
        [True, False],
    )

plt.show()
