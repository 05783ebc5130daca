# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A bent grid and the linear map in it
====================================

The derivative of a map of the plane is a linear map. You will see a film that closes in on a point
until the bent image of a grid and its linear approximation cannot be told apart, the determinant
that says how areas grow, and the line on which the determinant vanishes and the plane is folded.

The script belongs to the lecture :doc:`/lectures/matrix-calculus`.
"""

# %%
# Closing in
# ----------
# The map is :math:`f(x) = (x_1^2 + x_2,\; x_1 x_2)` and the point :math:`p = (2, 3)`, where
#
# .. math:: f(p) = \begin{pmatrix} 7 \\ 6 \end{pmatrix}, \quad
#     J = \begin{pmatrix} 4 & 1 \\ 3 & 2 \end{pmatrix},
#
# and :math:`\det J = 5`.
#
# In each frame a square around p, smaller than the one before, is drawn in the same size. Solid:
# its image under f. Dashed: its image under :math:`f(p) + J(x - p)`.
import math

import matplotlib.pyplot as plt
import torch
from torch.func import jacrev, vmap

from steepest import claim, plots
from steepest.derivatives import jacobian, jvp

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["film", "differentiation", "geometry"]


def bend(x):
    return torch.stack([x[0] ** 2 + x[1], x[0] * x[1]])


def points(*rows):
    return torch.tensor(rows, dtype=torch.float64, device=device)


p = points(2, 3)
J = jacobian(bend, p)
s = torch.linspace(-1, 1, 31, dtype=torch.float64, device=device)
marks = torch.linspace(-1, 1, 5, dtype=torch.float64, device=device)
rows = [torch.stack([s, c.expand(31)]) for c in marks]
columns = [torch.stack([c.expand(31), s]) for c in marks]
grid = torch.stack(rows + columns)  # (10, 2, 31): lines of the square from −1 to 1
straight = (J @ grid).cpu()


def image(size):
    """Return the image of the grid of a square, enlarged to the size of the first."""
    moved = p[:, None] + size * grid
    return torch.stack([(bend(line) - bend(p)[:, None]) / size for line in moved])


sizes = torch.logspace(math.log10(1.5), -2, 24, dtype=torch.float64)
fig, ax = plots.figure(
    "A leaning grid of five by five solid lines, bent outwards, over the same grid with straight "
    "dashed lines. As the square that is mapped shrinks, the bent lines straighten until they lie "
    "on the dashed ones.",
    figsize=(5.4, 4.6),
)
bent = [ax.plot([], [], color="C0" if k < 5 else "C2", linewidth=1.6)[0] for k in range(10)]
for line in straight:
    ax.plot(*line, "--", color=plots.INK, linewidth=0.8)
ax.plot(0, 0, "o", color=plots.INK)
ax.set(xlim=(-6.5, 6.5), ylim=(-6.5, 6.5), aspect="equal", xticks=[], yticks=[])


def draw(k):
    for line, curve in zip(bent, image(sizes[k].item()).cpu(), strict=True):
        line.set_data(*curve)
    ax.set_title(f"half side {sizes[k].item():.2f}")


moving = plots.film(fig, draw, frames=len(sizes), per_second=8, still=3)

# %%
# The remainder is quadratic
# --------------------------
# How fast do they become equal? Before enlarging, the remainder :math:`f(p + h) - f(p) - Jh` is
# exactly :math:`(h_1^2, h_1 h_2)`: half the step, a quarter of the remainder. Along the second axis
# it is zero, as f is affine there. A *wrong* matrix, such as the transpose of J, leaves an error
# of first order: halving the step halves it, and enlarged, it never goes away.
steps = torch.logspace(-3, 0, 13, dtype=torch.float64, device=device)
direction = points(1, 1) / math.sqrt(2)
moved = bend((p + steps[:, None] * direction).T).T - bend(p)
right = (moved - steps[:, None] * (J @ direction)).norm(dim=1)
wrong = (moved - steps[:, None] * (J.T @ direction)).norm(dim=1)
fig, ax = plots.figure(
    "Two lines on logarithmic axes: the error of the Jacobian with slope two, and above it the "
    "error of its transpose with slope one.",
    figsize=(5.2, 3.6),
)
ax.loglog(steps.cpu(), right.cpu(), "o-", color="C0", markersize=4)
ax.loglog(steps.cpu(), wrong.cpu(), "s--", color="C1", markersize=4)
ax.text(3e-2, 2e-5, "$J$: slope 2", color="C0")
ax.text(2e-3, 3e-2, r"$J^\top$: slope 1", color="C1")
ax.set(xlabel="length of the step", ylabel="error", title="Only one matrix has a small remainder")

# %%
# A fold
# ------
# The determinant of the Jacobian is :math:`2x_1^2 - x_2`: it says by how much f enlarges areas,
# and its sign whether it turns them over. On the parabola :math:`x_2 = 2x_1^2` it vanishes. There
# f folds the plane, like a cloth, and the image of the parabola is the edge of the fold: the curve
# :math:`(3s^2, 2s^3)`, which has a cusp. Inside it every point is hit three times, outside once.
turn = torch.linspace(-1.35, 1.35, 201, dtype=torch.float64, device=device)
parabola = torch.stack([turn, 2 * turn**2])
edge = bend(parabola)
side = torch.linspace(-1.5, 1.5, 16, dtype=torch.float64, device=device)
height = torch.linspace(-1, 4, 16, dtype=torch.float64, device=device)
fine = torch.linspace(0, 1, 121, dtype=torch.float64, device=device)
sheets = [torch.stack([c.expand(121), 5 * fine - 1]) for c in side]
sheets += [torch.stack([3 * fine - 1.5, c.expand(121)]) for c in height]

fig, (left, right_ax) = plots.figure(
    "On the left a grid with a parabola; the lines inside the parabola have another colour. On the "
    "right their images, which lie over each other inside a curve with a cusp, the image of the "
    "parabola.",
    columns=2,
    figsize=(6.4, 4.2),
)
for sheet in sheets:
    inside = sheet[1] > 2 * sheet[0] ** 2
    for mask, color in ((~inside, "C0"), (inside, "C1")):
        x = torch.where(mask, sheet, math.nan)
        left.plot(*x.cpu(), color=color, linewidth=0.7)
        right_ax.plot(*bend(x).cpu(), color=color, linewidth=0.7)
left.plot(*parabola.cpu(), color=plots.INK, linewidth=2)
right_ax.plot(*edge.cpu(), color=plots.INK, linewidth=2)
left.set(xlabel="$x_1$", ylabel="$x_2$", title="det J < 0 inside")
right_ax.set(xlabel="$f_1$", ylabel="$f_2$", title="folded along a cusp")
left.grid(False)
right_ax.grid(False)

# %%
# Which points are hit how often? From :math:`f(x) = (u, v)` follows :math:`x_2 = u - x_1^2` and
# :math:`x_1^3 - u x_1 + v = 0`, a cubic with three real roots where :math:`4u^3 > 27v^2`.


def preimages(u, v):
    """Return the points that f takes to (u, v): real eigenvalues of a companion matrix."""
    companion = points([0.0, u, -v], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    roots = torch.linalg.eigvals(companion)
    x1 = roots.real[roots.imag.abs() < 1e-9]
    return torch.stack([x1, u - x1**2])


# %%
# What the pictures claim
# -----------------------
claim("f at (2, 3)", bend(p), [7, 6])
claim("its Jacobian there", J, [[4, 1], [3, 2]])
h = 0.3 * torch.randn(2, dtype=torch.float64).to(device)
claim(
    "the remainder is (h₁², h₁h₂)",
    bend(p + h) - bend(p) - J @ h,
    torch.stack([h[0] ** 2, h[0] * h[1]]),
    atol=1e-13,
)
claim(
    "the linear map is what forward mode computes",
    jvp(bend, p, h)[1],
    J @ h,
    atol=1e-13,
)
claim(
    "gap between the enlarged grids, over the half side: √2 at the first and the last size",
    [(image(size) - J @ grid).norm(dim=1).max() / size for size in (1.5, 0.01)],
    math.sqrt(2),
    atol=1e-9,
)
orders = (right[1:] / right[:-1]).log() / (steps[1:] / steps[:-1]).log()
claim("the right matrix: slope of the error", orders, 2, atol=1e-6)
orders = (wrong[1:5] / wrong[:4]).log() / (steps[1:5] / steps[:4]).log()
claim("the transpose: slope of the error near 0", orders, 1, atol=0.01)
determinants = vmap(lambda x: torch.linalg.det(jacrev(bend)(x)))(parabola.T)
claim("det J on the parabola x₂ = 2x₁²", determinants, 0, atol=1e-13)
claim(
    "the parabola's image is the cusp (3s², 2s³)",
    edge,
    torch.stack([3 * turn**2, 2 * turn**3]),
    atol=1e-13,
)
claim(
    "how often (2, 0.5), inside the cusp, and (1, 2), outside it, are hit",
    [preimages(2.0, 0.5).shape[1], preimages(1.0, 2.0).shape[1]],
    [3, 1],
)
claim(
    "f takes all three preimages of (2, 0.5) there",
    bend(preimages(2.0, 0.5)),
    points([2.0] * 3, [0.5] * 3),
    atol=1e-9,
)

plt.show()
