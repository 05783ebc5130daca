# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
At the kink: subgradients and ISTA
==================================

What takes the place of the gradient where a convex function has a kink, and two methods that work
with it. You will see the subgradient method hop across a crease that the proximal gradient method
(ISTA) lands on exactly, coefficients of a lasso vanish one after the other, and the accelerated
method FISTA overtaken.

The script belongs to the lecture :doc:`/lectures/flat-and-kinked`.
"""

# %%
# Lines below the graph
# ---------------------
# A *subgradient* at a point is a slope with which a line through that point stays on or below the
# graph. At the kink of :math:`2|x| + (x - 0.7)^2` every slope from −3.4 to 0.6 will do. Slope 0 is
# one of them (dashed), and so 0 is the minimiser.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, constrained, methods, minimize, plots
from steepest.derivatives import value_and_grad

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["nonsmooth", "rates"]


def kinked(x):
    return 2 * x.abs() + (x - 0.7) ** 2


grid = torch.linspace(-1.5, 2, 701, dtype=torch.float64, device=device)
slopes = torch.linspace(-3.4, 0.6, 11, dtype=torch.float64, device=device)
lines = 0.49 + slopes[:, None] * grid

fig, ax = plots.figure(
    "A convex graph with a kink at 0, and a fan of eleven straight lines through the kink, all of "
    "them below the graph. The horizontal one is dashed and thicker.",
    figsize=(5.6, 3.9),
)
ax.plot(grid.cpu(), lines.T.cpu(), color="C5", linewidth=1)
ax.axhline(0.49, color="C1", linestyle="--", linewidth=1.8)
plots.graph(ax, kinked, (-1.5, 2), device=device, color=plots.INK)
ax.plot(0, 0.49, "o", color="C1", markersize=8)
ax.set(title="Subgradients at a kink", xlabel="x", ylabel="f(x)", ylim=(-1.5, 6))

# %%
# Across the crease, and into it
# ------------------------------
# In the plane: :math:`F(x) = \tfrac12 (x - c)^\top Q\,(x - c) + 2(|x_1| + |x_2|)`. The graph has
# creases along both axes, and the minimiser lies on one of them. Both methods take steps of size
# :math:`1/L`. The subgradient method hops to and fro across the crease. ISTA makes a gradient step
# on the smooth part and then *soft-thresholds*: each entry moves by :math:`2/L` towards 0, and not
# beyond. As soon as it is on the crease it walks along it, to the star. The subgradient method ends
# short of the star: it feels the slope along :math:`x_1` at the points that it hops to.
Q = torch.tensor([[0.5, 0.2], [0.2, 3.0]], dtype=torch.float64, device=device)
c = torch.tensor([6.0, 0.3], dtype=torch.float64, device=device)
start = torch.tensor([-1.4, 2.2], dtype=torch.float64, device=device)
lr = 1 / torch.linalg.eigvalsh(Q)[-1].item()
penalty = constrained.l1(2.0)


def smooth(x):
    return (x - c) @ Q @ (x - c) / 2


def whole(x):
    return smooth(x) + 2 * x.abs().sum()


hopping = minimize(whole, start, methods.gradient_descent(lr), max_iter=60)
landing = minimize(smooth, start, constrained.proximal_gradient(lr, penalty), max_iter=160)
# On the crease x2 = 0 the slope along x1 > 0 vanishes where Q (x − c) + 2 has first entry 0.
best = torch.tensor([0.0, 0.0], dtype=torch.float64, device=device)
best[0] = c[0] + (Q[0, 1] * c[1] - 2) / Q[0, 0]

fig, axes = plots.figure(
    "Twice the same contour lines, with corners on both axes. On the left a path hops up and down "
    "across the horizontal axis and ends short of a star on it. On the right a path reaches the "
    "axis and follows it to the star.",
    columns=2,
    sharey=True,
    figsize=(6.4, 3.6),
)
for ax, run, color, title in (
    (axes[0], hopping, "C1", "subgradient method"),
    (axes[1], landing, "C0", "ISTA"),
):
    plots.contours(
        ax, whole, (-1.6, 3), (-1.6, 2.6), levels=16, device=device, colors=plots.SOFT, alpha=0.6
    )
    ax.axhline(0, color=plots.SOFT, linewidth=0.9)
    ax.axvline(0, color=plots.SOFT, linewidth=0.9)
    plots.path(ax, run.history.x, color=color)
    ax.plot(*best.cpu(), "*", color="C2", markersize=12, zorder=5)
    ax.set(title=title, xlabel="$x_1$")
axes[0].set_ylabel("$x_2$")

# %%
# A lasso, for all penalties at once
# ----------------------------------
# 30 data, 12 coefficients, of which only the first three belong to the rule that made the data. For
# each of 61 weights :math:`\lambda` of the penalty, ISTA finds the coefficients: all runs in one
# tensor, a row each. From right to left, one after the other leaves 0. Where
# :math:`\lambda \ge \max_j |A_j^\top b|`, all of them are exactly 0.


def data(correlation, seed=2):
    """Return a matrix with correlated columns, and data made by its first three."""
    rng = torch.Generator().manual_seed(seed)
    noise, common, errors = (
        torch.randn(*shape, dtype=torch.float64, generator=rng)
        for shape in ((30, 12), (30, 1), (30,))
    )
    A = math.sqrt(1 - correlation) * noise + math.sqrt(correlation) * common
    b = A[:, :3] @ torch.tensor([3.0, -2.0, 1.0], dtype=torch.float64) + 0.5 * errors
    return A.to(device), b.to(device)


A, b = data(0.3)
L = torch.linalg.eigvalsh(A.T @ A)[-1].item()
edge = (A.T @ b).abs().max().item()
weights = torch.logspace(-2, 0.1, 61, dtype=torch.float64, device=device)[:, None] * edge
x = torch.zeros(61, 12, dtype=torch.float64, device=device)
for _ in range(3000):
    v = x - (x @ A.T - b) @ A / L
    x = v - torch.clamp(v, -weights / L, weights / L)

fig, ax = plots.figure(
    "Twelve coefficients against the weight of the penalty on a logarithmic axis. Three of them "
    "are large and shrink to zero one after the other; the nine others are small and vanish early.",
    figsize=(5.8, 3.8),
)
for j in range(12):
    true = j < 3
    ax.semilogx(
        (weights[:, 0] / edge).cpu(),
        x[:, j].cpu(),
        color=f"C{j}" if true else plots.SOFT,
        linewidth=2.2 if true else 0.8,
        linestyle=("-", "--", "-.")[j] if true else "-",
    )
ax.axvline(1, color=plots.SOFT, linestyle=":", linewidth=1)
ax.set(
    title="The path of the lasso", xlabel="weight / largest useful weight", ylabel="coefficients"
)

# %%
# Who is faster?
# --------------
# Errors of ISTA and FISTA on lassos with more and more correlated columns, the weight fixed. FISTA
# is always ahead at the beginning. In the end ISTA's error shrinks by a constant factor per step,
# FISTA's comes in ripples, and the lines cross: "accelerated" does not mean faster at every
# accuracy.


def errors(A, b, weight, accelerate, iterations=600):
    """Return F(x_k) minus its minimum along ISTA or FISTA from 0."""
    L = torch.linalg.eigvalsh(A.T @ A)[-1].item()
    x = y = A.new_zeros(12)
    t, values = 1.0, []
    for _ in range(iterations):
        values.append(((A @ x - b) ** 2).sum() / 2 + weight * x.abs().sum())
        v = y - A.T @ (A @ y - b) / L
        new = v - v.clamp(-weight / L, weight / L)
        t_next = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = new + (t - 1) / t_next * (new - x) if accelerate else new
        x, t = new, t_next
    values = torch.stack(values)
    return values - values.min()


curves = {
    rho: [errors(*data(rho), 3.0, quick) for quick in (False, True)] for rho in (0.0, 0.3, 0.6)
}


def needed(error, accuracy):
    return int((error > accuracy).nonzero()[-1]) + 1


table = {
    rho: [[needed(error, level) for error in pair] for level in (1.0, 1e-10)]
    for rho, pair in curves.items()
}

fig, axes = plots.figure(
    "Three panels of errors against the iteration, on a logarithmic axis. In each, FISTA's "
    "rippling curve begins below ISTA's and ends above it; the errors fall more slowly to the "
    "right.",
    columns=3,
    sharey=True,
    figsize=(6.4, 3.4),
)
for ax, (rho, (slow, fast)) in zip(axes, curves.items(), strict=True):
    end = 1.15 * max(table[rho][1])
    ax.semilogy(slow.cpu().clamp(min=1e-16), color="C0")
    ax.semilogy(fast.cpu().clamp(min=1e-16), color="C1", linestyle="-.")
    ax.set(title=f"correlation {rho:g}", xlabel="iteration", xlim=(0, end), ylim=(1e-11, 3e2))
axes[0].set_ylabel("error")
axes[0].text(0.05, 0.15, "ISTA", color="C0", transform=axes[0].transAxes)
axes[0].text(0.05, 0.06, "FISTA", color="C1", transform=axes[0].transAxes)

# %%
# What the pictures claim
# -----------------------
claim(
    "all eleven lines stay on or below the graph",
    (kinked(grid) - lines).min(),
    0,
    relation="≥",
    atol=1e-12,
)
beyond = kinked(grid) - 0.49 - torch.tensor([[-3.5], [0.7]], device=device) * grid
claim("lines with the slopes −3.5 and 0.7 do not", beyond.amin(dim=1), 0, relation="<")
_, gradient = value_and_grad(smooth, best)
claim("0 is a subgradient of F at the star: first entry", gradient[0], -2, atol=1e-12)
claim("0 is a subgradient of F at the star: second entry", gradient[1].abs(), 2, relation="<")
claim("ISTA ends at the star", landing.x, best, atol=1e-10)
late = hopping.history.x[-11:, 1]
claim(
    "in its last ten steps the subgradient method is on both sides of the crease",
    torch.stack([late.min(), -late.max()]),
    0,
    relation="<",
)
claim("where it swings by more than 1", late.max() - late.min(), 1, relation=">")
claim(
    "along the crease it stays short of the star",
    (best - hopping.history.x)[:, 0].min(),
    0.1,
    relation=">",
)
k = int((landing.history.x[:, 1] == 0).nonzero()[0])
claim("once on the crease, ISTA stays on it", landing.history.x[k:, 1], 0)
claim(
    "at weights from the largest useful one on, all coefficients are exactly 0",
    x[weights[:, 0] >= edge].abs().max(),
    0,
)
claim("just below it, exactly one is not", int((x[weights[:, 0] < edge][-1] != 0).sum()), 1)
claim(
    "the conditions of optimality hold for all 61 weights",
    ((b - x @ A.T) @ A).abs() - weights,
    0,
    relation="≤",
    atol=1e-6,
)
claim(
    "to the accuracy 1 FISTA needs fewer steps, for each correlation",
    [fast - slow for (slow, fast), _ in table.values()],
    0,
    relation="<",
)
claim(
    "to the accuracy 1e-10 it needs more",
    [fast - slow for _, (slow, fast) in table.values()],
    0,
    relation=">",
)

plt.show()
