# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Fields of gradients
===================

An arrow at every point: the gradient, computed by automatic differentiation for all points at once.
You will see the arrows stand at right angles on the contours, a field typed by hand go stale when
the function is edited, and a field that looks harmless and is the gradient of nothing.

The script belongs to the lecture :doc:`/lectures/matrix-calculus`.
"""

# %%
# All arrows at once
# ------------------
# For :math:`f(x) = x_1^2 + x_2^2` the gradient is :math:`2x`, and ``vmap(grad(f))`` knows it
# without being told: ``grad`` differentiates, ``vmap`` does it for a whole table of points. The
# second function is Himmelblau's, whose gradient nobody wants to type. Its arrows, drawn in equal
# length, lead uphill, out of its four basins.
import math

import matplotlib.pyplot as plt
import torch
from torch.func import grad, jacrev, vmap

from steepest import claim, methods, minimize_many, plots, problems

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["differentiation", "geometry"]


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


himmelblau = problems.himmelblau().fun


def table(reach, side):
    """Return the points of a square table, shape (side², 2)."""
    axis = torch.linspace(-reach, reach, side, dtype=torch.float64, device=device)
    return torch.cartesian_prod(axis, axis)


def arrows(ax, at, field, color, **style):
    ax.quiver(*at.T.cpu(), *field.T.cpu(), color=color, pivot="mid", width=0.007, **style)


fig, (left, right) = plots.figure(
    "On the left circles, crossed at right angles by arrows that point outwards and grow. On the "
    "right the contours of a function with four basins; arrows of equal length point up the "
    "slopes, away from the bottoms of the basins.",
    columns=2,
    figsize=(6.4, 3.5),
)
near, far = table(2.0, 9), table(4.7, 11)
field, steep = vmap(grad(bowl))(near), vmap(grad(himmelblau))(far)
plots.contours(left, bowl, (-2.4, 2.4), (-2.4, 2.4), levels=9, device=device, colors=plots.LINES)
arrows(left, near, field, "C0")
levels = [2, 12, 30, 60, 100, 150, 180, 250, 400]
plots.contours(
    right, himmelblau, (-5.2, 5.2), (-5.2, 5.2), levels=levels, device=device, colors=plots.LINES
)
arrows(right, far, steep / steep.norm(dim=1, keepdim=True), "C0", scale=15)
for ax, title in ((left, "$x_1^2 + x_2^2$"), (right, "Himmelblau's function")):
    ax.set(aspect="equal", title=title)
    ax.grid(False)

# %%
# Stale arrows
# ------------
# Someone typed the field of the bowl, ``2 * points``, and someone else changed the function to
# :math:`x_1^2 + 3x_2^2`. The typed arrows (orange) still point away from the centre. They no longer
# stand at right angles on the contours, and whoever follows them backwards does not take the
# steepest way. A picture can check itself: along a contour the function does not change, so the
# gradient has no part along it.


def edited(x):
    return x[0] ** 2 + 3 * x[1] ** 2


angle = torch.linspace(0, 2 * math.pi, 25, dtype=torch.float64, device=device)[:-1]
ellipse = 1.6 * torch.stack([angle.cos(), angle.sin() / math.sqrt(3)], 1)
along = torch.stack([-angle.sin(), angle.cos() / math.sqrt(3)], 1)
along = along / along.norm(dim=1, keepdim=True)
typed, derived = 2 * ellipse, vmap(grad(edited))(ellipse)
fig, ax = plots.figure(
    "Ellipses. At points of one of them stand two arrows each: one perpendicular to the ellipse, "
    "and one, in orange, that points away from the centre and crosses it aslant.",
    figsize=(5.4, 3.9),
)
plots.contours(
    ax,
    edited,
    (-2.4, 2.4),
    (-1.7, 1.7),
    levels=[0.64, 2.56, 5.76],
    device=device,
    colors=plots.LINES,
)
for vectors, color in ((typed, "C1"), (derived, "C0")):
    lengths = vectors.norm(dim=1, keepdim=True)
    ax.quiver(*ellipse.T.cpu(), *(vectors / lengths).T.cpu(), color=color, width=0.006, scale=11)
ax.text(-2.3, 1.45, "by the machine", color="C0")
ax.text(-2.3, -1.55, "typed, before the edit", color="C1")
ax.set(aspect="equal", title="$x_1^2 + 3x_2^2$: which arrows are gradients?")
ax.grid(False)

# %%
# A field that is no gradient
# ---------------------------
# The whirl :math:`w(x) = (-x_2, x_1)` is as smooth as can be. If it were the gradient of some f,
# its Jacobian would be a Hessian, and symmetric; it is
# :math:`\begin{pmatrix} 0 & -1 \\ 1 & 0 \end{pmatrix}`. And walking once around the circle in its
# direction one would climb all the time and arrive at the height of the start. The lower picture
# shows the height gained on the way round, :math:`\int w^\top dx`, for the whirl and for the
# gradient of a bowl with its centre at :math:`(0.7, 0)`.


def whirl(x):
    return torch.stack([-x[1], x[0]])


def shifted(x):
    return (x[0] - 0.7) ** 2 + x[1] ** 2


turns = torch.linspace(0, 2 * math.pi, 2001, dtype=torch.float64, device=device)
circle = torch.stack([turns.cos(), turns.sin()], 1)
middle, step = (circle[1:] + circle[:-1]) / 2, circle.diff(dim=0)
gains = {
    name: torch.cat([turns.new_zeros(1), (vmap(fun)(middle) * step).sum(1).cumsum(0)])
    for name, fun in (("whirl", whirl), ("gradient", grad(shifted)))
}
fig, (above, below) = plots.figure(
    "Above, arrows that run around the origin. Below, the height gained on a walk around the "
    "circle: for the whirl a straight line up to 6.28, for the gradient a curve that rises and "
    "comes back to zero.",
    2,
    1,
    figsize=(4.6, 6.2),
    height_ratios=(1.6, 1),
)
spots = table(1.6, 9)
above.plot(*circle.T.cpu(), color=plots.INK, linewidth=1)
arrows(above, spots, vmap(whirl)(spots), "C1")
above.set(aspect="equal", title="the whirl")
above.grid(False)
below.plot(torch.rad2deg(turns).cpu(), gains["whirl"].cpu(), "--", color="C1")
below.plot(torch.rad2deg(turns).cpu(), gains["gradient"].cpu(), color="C0")
below.text(125, 4.2, "whirl", color="C1", ha="right")
below.text(262, 2.0, "gradient", color="C0")
below.set(xlabel="degrees walked", ylabel="height gained", xticks=range(0, 361, 90))

# %%
# What the pictures claim
# -----------------------
claim("the bowl's arrows are 2x", field, 2 * near, atol=0)
tangents = torch.stack([-near[:, 1], near[:, 0]], 1)
claim("they are perpendicular to the circles", (field * tangents).sum(1), 0, atol=1e-15)
claim(
    "after the edit: the machine's arrows have no part along the contour",
    (derived * along).sum(1),
    0,
    atol=1e-14,
)
claim(
    "the typed ones have, at the worst point, this share of their length",
    ((typed * along).sum(1).abs() / typed.norm(dim=1)).max(),
    0.5,
    atol=0.01,
)
claim(
    "Himmelblau's: the field vanishes at the four minima",
    vmap(grad(himmelblau))(problems.himmelblau().minimisers.to(device)),
    0,
    atol=1e-9,
)
ends = minimize_many(himmelblau, far, methods.gradient_descent(0.004), max_iter=1500, tol=1e-6)
claim(
    "121 walks against the arrows end at the bottom: share",
    (ends.fun < 1e-9).double().mean(),
    0.95,
    relation=">",
)
hessians = vmap(jacrev(grad(himmelblau)))(far)
claim(
    "the Jacobian of a gradient is symmetric: largest asymmetry",
    (hessians - hessians.mT).abs().max(),
    0,
    atol=1e-10,
)
claim("that of the whirl is not", jacrev(whirl)(far[0]), [[0, -1], [1, 0]])
claim(
    "once around with the whirl: twice the area of the polygon of 2000 sides that was walked",
    gains["whirl"][-1],
    2000 * math.sin(2 * math.pi / 2000),
    atol=1e-11,
)
claim("once around with the gradient", gains["gradient"][-1], 0, atol=1e-12)

plt.show()
