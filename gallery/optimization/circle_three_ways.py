# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A minimum on the circle, found in three ways
============================================

The smallest value of :math:`f(x) = 2x_1^2 + 2x_1x_2 + 3x_2^2` on the unit circle is
:math:`(5 - \sqrt5)/2 = 1.381966\ldots` You will see the two gradients that balance there, and three
ways that lead to it: along the circle, by a change of variables; through the plane, by an augmented
Lagrangian; and by steps that are pushed back onto the circle. The last one can be talked into
finding the maximum instead.

The script belongs to the lecture :doc:`/lectures/constraints`.
"""

# %%
# The balance of gradients
# ------------------------
# With :math:`f(x) = x^\top A x` and :math:`h(x) = x^\top x - 1`, the gradients are :math:`2Ax` and
# :math:`2x`. Of all multiples of the second one, :math:`\lambda = -x^\top A x` cancels most of the
# first. What is left points along the circle: it says where to go. The film walks around; the rest
# vanishes at four points only.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, constrained, methods, minimize, plots
from steepest.derivatives import value_and_grad

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["film", "constraints", "geometry"]


def tensor(data):
    """Return these numbers as a float64 tensor on the device."""
    return torch.tensor(data, dtype=torch.float64, device=device)


A = tensor([[2.0, 1.0], [1.0, 3.0]])
least, most = (5 - math.sqrt(5)) / 2, (5 + math.sqrt(5)) / 2


def f(x):
    """Return the quadratic form."""
    return x @ A @ x


def h(x):
    """Return what has to vanish on the unit circle."""
    return x @ x - 1


g = constrained.reparametrize(f, constrained.circle)


def forces(t):
    """Return the point at angle t, the gradient of f, and the best multiple of that of h."""
    x = constrained.circle(tensor(t))
    _, pull = value_and_grad(f, x)
    _, outward = value_and_grad(h, x)
    lam = -(pull @ outward) / (outward @ outward)
    return x, pull, lam * outward


turn = torch.linspace(0, 2 * math.pi, 241, dtype=torch.float64, device=device)
heights = torch.vmap(g)(turn)
ring = torch.stack([turn.cos(), turn.sin()]).cpu()

fig, (ax, side) = plots.figure(
    "A film. Left, a point walks around the unit circle over elliptic contour lines. Two arrows, "
    "the gradient of f outwards and a multiple of the circle's gradient inwards, and their sum, "
    "along the circle, which vanishes at four places. Right, the height of f against the angle, "
    "two valleys and two hills, with the same point.",
    columns=2,
    width_ratios=[1.15, 1],
    figsize=(6.4, 3.5),
)
plots.contours(
    ax,
    f,
    (-1.8, 1.8),
    (-1.8, 1.8),
    levels=[0.5, least, 2.5, most],
    colors=plots.LINES,
    device=device,
)
ax.plot(*ring, color=plots.SOFT, linewidth=1.2)
arrows = [
    ax.quiver(
        0, 0, 1, 0, color=color, angles="xy", scale_units="xy", scale=1, width=width, zorder=3
    )
    for color, width in (("C0", 0.012), ("C1", 0.012), ("C3", 0.012))
]
(walker,) = ax.plot([], [], "o", color=plots.INK, markersize=7, zorder=4)
ax.set(aspect="equal", xlabel=r"$x_1$", ylabel=r"$x_2$", title="Two gradients, and the rest")
side.plot(turn.cpu(), heights.cpu(), color="C0")
side.axhline(least, color=plots.SOFT, linestyle="--", linewidth=1)
(mark,) = side.plot([], [], "o", color=plots.INK, markersize=7)
side.set(
    xlabel="angle", title="Height on the circle", xticks=[0, math.pi, 2 * math.pi], ylim=(1.0, 4.0)
)
side.set_xticklabels(["0", "π", "2π"])


def draw(k):
    """Show the walker after k thirty-sixths of the circle."""
    t = 2 * math.pi * k / 36
    x, pull, push = forces(t)
    for arrow, vector in zip(arrows, (pull, push, pull + push), strict=True):
        arrow.set_offsets(x.cpu()[None])
        arrow.set_UVC(*(0.2 * vector).tolist())
    walker.set_data(x[:1].cpu(), x[1:].cpu())
    mark.set_data([t], [f(x).item()])


plots.film(fig, draw, frames=36, per_second=8, still=2)

# %%
# Three ways
# ----------
# *Along the circle*: Newton's method on :math:`g(t) = f(\cos t, \sin t)`. *Through the plane*: the
# method of multipliers, whose iterates need not lie on the circle. *Back onto it*: projected
# gradient, a step and then :math:`x / \|x\|`. All three start from the angle 2.2.
start = constrained.circle(tensor(2.2))
along = minimize(g, tensor(2.2), methods.newton(), tol=1e-12)
through = constrained.augmented_lagrangian(f, start, equalities=h, penalty=3.0, tol=1e-10)


class Circle:
    """The unit circle: not a convex set, but with a nearest point to everything except 0."""

    def project(self, x):
        """Return the nearest point of the circle."""
        return x / torch.linalg.vector_norm(x)


def back(step, max_iter=60):
    """Return the run of projected gradient with this step."""
    return minimize(f, start, constrained.projected_gradient(step, Circle()), max_iter=max_iter)


pushed = back(0.05)
on_circle = torch.stack([along.history.x.cos(), along.history.x.sin()], 1)

fig, ax = plots.figure(
    "The upper left part of the unit circle over contour lines. Two ways run along the circle to "
    "one point, in few long steps and in many short ones; a third dips inside and comes back.",
    figsize=(5.2, 4.4),
)
plots.contours(
    ax,
    f,
    (-1.12, 0.0),
    (0.2, 1.05),
    levels=[0.7, least, 2.2, 3.2],
    colors=plots.LINES,
    device=device,
)
ax.plot(*ring, color=plots.SOFT, linewidth=1)
plots.path(ax, pushed.history.x, color="C2", marker=".")
plots.path(ax, on_circle, color="C0", marker="s", markersize=7, linestyle="none")
plots.path(ax, through.history.x, color="C1", marker="^")
ax.text(-0.44, 0.82, "along the circle:\nNewton (squares)", color="C0", va="top")
ax.text(-0.58, 0.33, "through the plane:\nmultipliers (triangles)", color="C1")
ax.text(-0.44, 0.56, "back onto it:\nprojection (dots)", color="C2")
ax.set(title="One minimum, three ways", xlabel=r"$x_1$", ylabel=r"$x_2$", aspect="equal")

# %%
# How fast
# --------
# Newton's error is cubed at each step, since :math:`g` is symmetric about its minimum. Projected
# gradient is the power method with the matrix :math:`I - 2\alpha A`: its error shrinks each time by
# :math:`(1 - 2\alpha\lambda_{\max})/(1 - 2\alpha\lambda_{\min})`.
minimiser = torch.linalg.eigh(A).eigenvectors[:, 0]


def distance(x):
    """Return how far each row is from the line through the minimisers."""
    return (x - (x @ minimiser)[:, None] * minimiser).norm(dim=1).cpu()


def factor(step):
    """Return the power method's ratio."""
    return (1 - 2 * step * most) / (1 - 2 * step * least)


fig, ax = plots.figure(
    "Distance to the minimisers' line on a logarithmic scale against the iteration. Newton plunges "
    "in four steps, the multipliers in ten; projected gradient falls on straight lines, steeply "
    "with the step 0.1 and slowly with 0.05.",
    figsize=(5.6, 3.8),
)
for x, color, marker, label, at in (
    (on_circle, "C0", "s", "Newton", (4.8, 3e-16)),
    (through.history.x, "C1", "^", "multipliers", (4, 1e-7)),
    (back(0.1).history.x, "C4", "x", "projection, 0.1", (23, 3e-9)),
    (pushed.history.x, "C2", ".", "projection, 0.05", (27, 3e-4)),
):
    ax.semilogy(distance(x).clamp(min=1e-17), color=color, marker=marker, markersize=4, linewidth=1)
    ax.text(*at, label, color=color)
ax.set(
    title="Error of each way", xlabel="iteration", ylabel="distance", ylim=(1e-16, 3), xlim=(-1, 52)
)

# %%
# The step that finds the maximum
# -------------------------------
# Beyond the step :math:`1/(\lambda_{\min} + \lambda_{\max}) = 1/5` the ratio's modulus exceeds 1.
# The step 0.25 is below :math:`2/L = 0.276`, which would be safe on a convex set. Here, the
# iterates jump between the two *largest* points.
wrong = back(0.25)
fig, ax = plots.figure(
    "Values of f on the circle against the iteration. With the step 0.15 they fall to 1.38, with "
    "the step 0.25 they rise to 3.62 and stay.",
    figsize=(5.6, 3.3),
)
for run, color, marker in ((back(0.15), "C0", "o"), (wrong, "C3", "x")):
    ax.plot(run.history.fun[:16].cpu(), color=color, marker=marker, markersize=5)
for level in (least, most):
    ax.axhline(level, color=plots.SOFT, linestyle="--", linewidth=1)
ax.text(9, 1.55, "step 0.15", color="C0")
ax.text(9, 3.28, "step 0.25", color="C3")
ax.set(title="Down, or up", xlabel="iteration", ylabel="value", ylim=(1.2, 3.9))

# %%
# What the pictures claim
# -----------------------
values = [along.fun, through.fun, pushed.fun]
claim("three ways, one value: (5 − √5)/2", values, 1.381966, atol=5e-7)
claim("the multiplier is minus that value", through.lam, -least, atol=1e-9)
rest = [float((pull + push).norm()) for _, pull, push in map(forces, turn.tolist())]
slope = torch.vmap(torch.func.grad(g))(turn)
claim("what the balance leaves is the slope along the circle", rest, slope.abs(), atol=1e-12)
claim("the slope changes its sign four times", (slope * slope.roll(1) < 0).sum(), 4)
offset = distance(pushed.history.x) / (pushed.history.x @ minimiser).abs().cpu()
claim(
    "projection with step 0.05: the tangent of the angle shrinks by the power method's ratio",
    offset[1:30] / offset[:29],
    factor(0.05),
    rtol=1e-6,
)
claim("step 0.25: the ratio's modulus exceeds 1", abs(factor(0.25)), 1, relation=">")
claim("step 0.25: it ends at the maximum, (5 + √5)/2", wrong.fun, most, atol=1e-9)
claim(
    "step 0.25: from one end of the circle to the other, each time",
    wrong.x + wrong.history.x[-2],
    0.0,
    atol=1e-6,
)
dip = through.history.x.norm(dim=1)
claim("the way through the plane leaves the circle", dip[1], 0.9, relation="<")
claim("and comes back to it", dip[-1], 1.0, atol=1e-9)

plt.show()
