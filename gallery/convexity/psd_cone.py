# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
The cone of positive semidefinite matrices
==========================================

A symmetric :math:`2\times2` matrix has three entries, so it is a point in space. You will see that
the positive semidefinite ones form an ordinary round cone, that projecting on it means to drop
negative eigenvalues, and what becomes of it when the diagonal is fixed: the correlation matrices.

The script belongs to the lecture :doc:`/lectures/convex-sets`.
"""

# %%
# Matrices as points
# ------------------
# For :math:`X = \begin{pmatrix} a & b \\ b & c \end{pmatrix}` take the coordinates
#
# .. math:: s = \frac{a - c}{\sqrt2}, \qquad w = \sqrt2\,b, \qquad u = \frac{a + c}{\sqrt2} .
#
# Then :math:`s^2 + w^2 + u^2 = a^2 + 2b^2 + c^2 = \|X\|_F^2`, so lengths and angles are those of
# matrices. The eigenvalues are :math:`(u \pm \sqrt{s^2 + w^2})/\sqrt2`, and :math:`X \succeq 0`
# says :math:`u \ge \sqrt{s^2 + w^2}`.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.convexity import PSDCone, find_violation

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["convexity", "curvature"]
random = torch.Generator().manual_seed(0)
cone = PSDCone(2, device=device)


def matrix(point):
    """Return the matrices with coordinates (s, w, u), shape (..., 3)."""
    s, w, u = point.unbind(-1)
    a, b, c = (u + s) / math.sqrt(2), w / math.sqrt(2), (u - s) / math.sqrt(2)
    return torch.stack([a, b, b, c], -1).reshape(*point.shape[:-1], 2, 2)


def coordinates(X):
    """Return (s, w, u) of symmetric matrices."""
    a, b, c = X[..., 0, 0], X[..., 0, 1], X[..., 1, 1]
    return torch.stack([a - c, 2 * b, a + c], -1) / math.sqrt(2)


def stage(alt, size, elevation, azimuth):
    """Return axes in three dimensions that read well on light and dark pages."""
    _, ax = plots.figure(alt, figsize=size, subplot_kw={"projection": "3d"})
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.pane.set_visible(False)
    ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1], zticks=[-1, 0, 1])
    ax.set_box_aspect((1, 1, 1), zoom=0.92)
    ax.view_init(elev=elevation, azim=azimuth)
    return ax


# %%
# The cone
# --------
# Its surface holds the matrices with a zero eigenvalue, :math:`vv^\top`; its axis the multiples of
# :math:`I`. The segment between two matrices of rank one (discs) runs inside, through positive
# definite matrices. Below, upside down, stand the negative semidefinite matrices. The two cones
# share the point 0, and everything outside both is indefinite.
turn = torch.linspace(0, 2 * math.pi, 73, dtype=torch.float64)
height = torch.linspace(0, 1.5, 13, dtype=torch.float64)
angle, level = torch.meshgrid(turn, height, indexing="ij")
ends = torch.stack(
    [
        torch.tensor([math.cos(t), math.sin(t), 1.0], dtype=torch.float64, device=device)
        for t in (-2.5, 0.2)
    ]
)
shares = torch.linspace(0, 1, 101, dtype=torch.float64, device=device)[:, None]
segment = (1 - shares) * ends[0] + shares * ends[1]
ax = stage(
    "Two round cones in three dimensions that meet with their tips, one opening upwards and one "
    "downwards. A segment joins two points of the upper cone's surface through its inside.",
    (5.6, 5.2),
    14,
    -52,
)
for sign, color in ((1, "C0"), (-1, "C1")):
    ax.plot_surface(
        (level * angle.cos()).numpy(),
        (level * angle.sin()).numpy(),
        (sign * level).numpy(),
        color=color,
        alpha=0.3,
        linewidth=0,
    )
    rim = 1.5 * torch.stack([turn.cos(), turn.sin(), sign * torch.ones_like(turn)])
    ax.plot(*rim.numpy(), color=color, linewidth=1.5)
ax.plot(*segment.cpu().T.numpy(), color="C2", linewidth=2.5)
ax.plot(*ends.cpu().T.numpy(), "o", color="C2", markersize=7)
ax.plot([0, 0], [0, 0], [0, 1.5], "--", color=plots.INK, linewidth=1)
ax.text(0, 0, 1.62, "$I$", color=plots.INK)
ax.set(xlabel="$s$", ylabel="$w$", zlabel="$u$")

# %%
# The nearest semidefinite matrix
# -------------------------------
# A plane through the axis cuts the cone in a wedge of 90 degrees. Whoever stands beside it walks to
# the edge at a right angle: in terms of matrices, the negative eigenvalue becomes 0 and the other
# one stays. Whoever stands below, in the opposite wedge, goes to 0.
start = torch.stack(
    [
        torch.tensor([x, 0.0, y], dtype=torch.float64, device=device)
        for x, y in ((1.3, 0.3), (1.2, -0.7), (-1.4, 0.9), (-0.9, -0.2), (0.3, -1.1), (-0.3, 1.1))
    ]
)
nearest = coordinates(cone.project(matrix(start)))
fig, ax = plots.figure(
    "A grey wedge that opens upwards. From points beside it lines lead at right angles to its "
    "edge, from a point in the opposite wedge to the tip; a point inside stays.",
    figsize=(4.8, 3.9),
)
ax.fill([0, 1.6, -1.6], [0, 1.6, 1.6], color=plots.LINES, linewidth=0)
ax.plot([-1.4, 0, 1.4], [-1.4, 0, -1.4], ":", color=plots.SOFT)
for x, p in zip(start.cpu(), nearest.cpu(), strict=True):
    ax.plot([x[0], p[0]], [x[2], p[2]], color="C0", linewidth=1.4)
    ax.plot(x[0], x[2], "o", color="C0", markerfacecolor="none")
    ax.plot(p[0], p[2], "o", color="C1", markersize=5)
ax.set(xlabel="$s$", ylabel="$u$", aspect="equal", xlim=(-1.6, 1.6), ylim=(-1.4, 1.6))

# %%
# Correlation matrices
# --------------------
# Three quantities have three correlations :math:`x, y, z`, and the matrix with ones on its diagonal
# has to be positive semidefinite. This is a slice of a cone in six dimensions, and again convex: a
# tetrahedron, blown up until only its six edges are straight. In its four corners all correlations
# are 1 or −1.
side = torch.linspace(-1, 1, 61, dtype=torch.float64, device=device)
x, y = torch.meshgrid(side, side, indexing="ij")
reach = ((1 - x**2) * (1 - y**2)).clamp(min=0).sqrt()
upper, lower = x * y + reach, x * y - reach


def correlations(x, y, z):
    """Return the matrices with these correlations."""
    one = torch.ones_like(x)
    return torch.stack([one, x, y, x, one, z, y, z, one], -1).reshape(*x.shape, 3, 3)


ax = stage(
    "A body like an inflated tetrahedron in the cube of all triples of numbers between minus one "
    "and one, with its six straight edges and four corners.",
    (5.6, 5.0),
    22,
    -62,
)
for z in (upper, lower):
    ax.plot_surface(
        x.cpu().numpy(),
        y.cpu().numpy(),
        z.cpu().numpy(),
        color="C0",
        alpha=0.35,
        linewidth=0,
        rstride=2,
        cstride=2,
    )
tips = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
for i, tip in enumerate(tips):
    ax.plot(*tip, "o", color="C1", markersize=6)
    for other in tips[:i]:
        ax.plot(*zip(tip, other, strict=True), color="C1", linewidth=1.2)
ax.set(xlabel="$x$", ylabel="$y$", zlabel="$z$")

# %%
# What the pictures claim
# -----------------------
some = torch.randn(2000, 3, generator=random, dtype=torch.float64).to(device)
claim(
    "lengths of points and Frobenius norms of matrices differ by at most",
    (some.norm(dim=1) - matrix(some).flatten(1).norm(dim=1)).abs().max(),
    0,
    atol=1e-12,
)
claim(
    "X is semidefinite exactly if u ≥ √(s² + w²): disagreements among 2000",
    (cone.contains(matrix(some)) != (some[:, 2] >= some[:, :2].norm(dim=1))).sum(),
    0,
)
eigenvalues = torch.linalg.eigvalsh(matrix(segment))
claim("the ends of the segment have rank one", eigenvalues[[0, -1], 0], 0, atol=1e-12)
claim("between them all are positive definite", eigenvalues[1:-1, 0], 0, relation=">")
claim(
    "projecting drops negative eigenvalues",
    torch.linalg.eigvalsh(matrix(nearest)),
    torch.linalg.eigvalsh(matrix(start)).clamp(min=0),
    atol=1e-12,
)
claim(
    "what is removed is orthogonal to what stays",
    ((start - nearest) * nearest).sum(1),
    0,
    atol=1e-12,
)
claim("no segment that leaves the cone is found", find_violation(cone, samples=1000) is None, True)
inner = correlations(x[1:-1, 1:-1], y[1:-1, 1:-1], upper[1:-1, 1:-1])
claim(
    "on the surface of the correlation matrices the smallest eigenvalue is 0, to",
    torch.linalg.eigvalsh(inner)[..., 0].abs().max(),
    0,
    atol=1e-12,
)
for corner in tips:
    vectors = torch.tensor([float(corner[k]) for k in range(3)], dtype=torch.float64)
    claim(
        f"at the corner {corner} the rank is one: eigenvalues",
        torch.linalg.eigvalsh(correlations(*vectors)),
        [0, 0, 3],
        atol=1e-12,
    )

plt.show()
