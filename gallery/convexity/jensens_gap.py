# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Jensen's gap
============

The mean of the values is above the value at the mean. You will see weights wander over five points
of a graph, in a film; how the gap follows the variance; and how a fund that ruins its owners is
rescued by two others of its kind.

The script belongs to the lecture :doc:`/lectures/jensen-and-examples`.
"""

# %%
# Five points and their weights
# -----------------------------
# The points :math:`(x_i, f(x_i))` are corners of a polygon. Their weighted mean is the point
# :math:`(\sum w_ix_i, \sum w_if(x_i))` in the polygon, and the polygon lies above the graph.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["film", "convexity", "data"]
options = {"dtype": torch.float64, "device": device}


def bowl(x):
    return torch.exp(x / 2) + x**2 / 8


corners = torch.tensor([-4.5, -2.5, 0.5, 3.0, 4.2], **options)
heights = bowl(corners)

# %%
# The film
# --------
# Each disc is as large as its weight. The diamond is the weighted mean, the vertical line is the
# gap. It closes only when one point carries all the weight.
FRAMES = 32
phases = 2 * math.pi * torch.arange(FRAMES, **options)[:, None] / FRAMES
shifts = 2 * math.pi * torch.arange(5, **options) / 5
weights = torch.softmax(2 * torch.cos(phases - shifts), 1)
means, averages = weights @ corners, weights @ heights
fig, ax = plots.figure(
    "A film of a convex curve with five discs on it that grow and shrink. A diamond, their "
    "weighted mean, wanders inside the polygon of the five and stays above the curve; a vertical "
    "line joins it to the curve.",
    figsize=(5.2, 3.9),
)
plots.graph(ax, bowl, (-5.2, 4.7), device=device, color="C0")
ax.fill(corners.cpu(), heights.cpu(), color="C2", alpha=0.18, linewidth=0)
discs = ax.scatter(corners.cpu(), heights.cpu(), s=60, color="C2", zorder=3)
gap_line = ax.plot([], [], color="C3", linewidth=2.5)[0]
mean_point = ax.plot([], [], "D", color="C1", markersize=8, zorder=4)[0]
ax.set(xlabel="x", ylabel="f(x)", xlim=(-5.2, 4.7), ylim=(-0.5, 12))


def draw(frame):
    x = means[frame]
    discs.set_sizes((400 * weights[frame] + 12).cpu().numpy())
    gap_line.set_data([x.item()] * 2, [bowl(x).item(), averages[frame].item()])
    mean_point.set_data([x.item()], [averages[frame].item()])
    ax.set_title(f"gap {(averages[frame] - bowl(x)).item():.2f}", color="C3")


film = plots.film(fig, draw, frames=FRAMES, per_second=10, still=22)

# %%
# The gap and the variance
# ------------------------
# For a random :math:`X` with mean :math:`m` and variance :math:`\sigma^2` the gap
# :math:`\operatorname{E} f(X) - f(m)` is about :math:`\tfrac12 f''(m)\sigma^2`. Here :math:`X` is
# normal with mean 0, and the functions are :math:`e^x`, where the gap is
# :math:`e^{\sigma^2/2} - 1`, and :math:`\ln(1 + e^x)`. The broken lines are the approximations.
nodes = torch.linspace(-14, 14, 6001, **options)
density = torch.exp(-(nodes**2) / 2) / math.sqrt(2 * math.pi)
spreads = torch.logspace(-2, 0.7, 40, **options)


def gap(fun, sigma):
    """Return E f(X) - f(0) for a normal X with standard deviation sigma."""
    centred = fun(sigma[:, None] * nodes) - fun(torch.zeros_like(nodes))
    return torch.trapezoid(centred * density, nodes, dim=1)


softplus = torch.nn.functional.softplus
gaps = {"exp": gap(torch.exp, spreads), "softplus": gap(softplus, spreads)}
curvatures = {"exp": 1.0, "softplus": 0.25}
fig, ax = plots.figure(
    "Gap against standard deviation, both logarithmic. Two curves start as straight lines of slope "
    "two, then that of the exponential bends up and that of softplus bends down.",
    figsize=(5.2, 3.6),
)
for name, color, mark in (("exp", "C0", "o"), ("softplus", "C1", "s")):
    ax.loglog(spreads.cpu(), gaps[name].cpu(), color=color, marker=mark, markevery=6)
    ax.loglog(spreads.cpu(), (curvatures[name] * spreads**2 / 2).cpu(), color=color, linestyle=":")
ax.text(1.0, 30, "$e^x$", color="C0")
ax.text(1.2, 0.02, r"$\ln(1 + e^x)$", color="C1")
ax.set(xlabel=r"standard deviation $\sigma$", ylabel="gap", ylim=(1e-5, 1e4))

# %%
# Three funds survive where one is ruined
# ---------------------------------------
# A year multiplies your money by 1.5 or by 0.6, with equal chances. Spread over :math:`n`
# independent funds of this kind, and rebalanced each year, it grows at the rate
# :math:`\operatorname{E}\ln\bigl(\tfrac1n\sum X_i\bigr)`, which rises with :math:`n` to
# :math:`\ln 1.05` (broken line), and is positive from three funds on.


def rate(n):
    """Return the growth rate with n funds, summed over the number of good years."""
    k = torch.arange(n + 1, **options)
    chances = torch.distributions.Binomial(n, torch.tensor(0.5, **options)).log_prob(k).exp()
    return chances @ torch.log(0.6 + 0.9 * k / n)


funds = range(1, 21)
rates = torch.stack([rate(n) for n in funds])
fig, ax = plots.figure(
    "Growth rate against the number of funds from one to twenty. It starts below zero, crosses "
    "zero between two and three, and rises towards a broken line.",
    figsize=(5.2, 3.3),
)
ax.plot(funds, rates.cpu(), "o-", color="C0")
ax.axhline(0, color=plots.SOFT, linewidth=0.8)
ax.axhline(math.log(1.05), color="C1", linestyle="--")
ax.text(1, 0.052, "ln 1.05", color="C1")
ax.set(xlabel="number of funds n", ylabel="growth rate per year", ylim=(-0.06, 0.065))
ax.set_xticks([1, 3, 5, 10, 15, 20])

# %%
# What the pictures claim
# -----------------------
claim(
    "film: in all 32 frames the mean of the values is above the graph",
    averages - bowl(means),
    0,
    relation=">",
)
claim(
    "film: and below the polygon's upper edge, the chord of the two end points",
    averages
    - heights[0]
    - (heights[-1] - heights[0]) / (corners[-1] - corners[0]) * (means - corners[0]),
    0,
    relation="<",
)
claim(
    "normal X: the gap of exp is e^(σ²/2) − 1",
    gaps["exp"],
    torch.expm1(spreads**2 / 2),
    rtol=1e-9,
)
for name, curvature in curvatures.items():
    claim(
        f"{name}: at σ = 0.01 the gap is half the curvature times the variance",
        gaps[name][0] / (curvature * spreads[0] ** 2 / 2),
        1,
        atol=1e-4,
    )
claim(
    "softplus: nowhere more, since its second derivative is at most 1/4",
    gaps["softplus"] - spreads**2 / 8,
    0,
    relation="<",
)
claim("exp: nowhere less than σ²/2", gaps["exp"] - spreads**2 / 2, 0, relation=">")
claim("funds: the growth rate rises with every further one", rates.diff(), 0, relation=">")
claim("funds: and changes its sign between 2 and 3", [rates[1] < 0, rates[2] > 0], True)
draws = torch.rand(200_000, 3, **options) < 0.5
claim(
    "funds: 200 000 simulated years of three funds give the same rate",
    torch.where(draws, 1.5, 0.6).mean(1).log().mean(),
    rates[2],
    atol=3e-3,
)
plt.show()
