# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
From one limit to chaos
=======================

One valley of :math:`x\cos 4x + 2|x|`, one start, and a step size that grows. You will see the
limit split into 2, 4, 8 points and dissolve, order come back with period 3, and what of all this a
computer can be trusted with.

The script belongs to the lecture :doc:`/lectures/rates`.
"""

# %%
# The limit set, and how fast neighbours part
# -------------------------------------------
# A step is the map :math:`G(x) = x - \alpha f'(x)`. Two neighbouring runs part, or come together,
# by the factor :math:`|G'(x)| = |1 - \alpha f''(x)|` in each step. The mean of its logarithm along
# a run,
#
# .. math:: \lambda = \lim_{n\to\infty} \frac1n \sum_{k<n} \log|1 - \alpha f''(x_k)|,
#
# is the *Lyapunov exponent*. Negative: the run settles on a cycle, however long. Positive:
# neighbours part exponentially although the run stays in its valley, and this is what "chaos"
# means here. Each dip of the lower curve is a cycle that attracts; each touch of zero is a
# doubling.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots, problems
from steepest.derivatives import value_and_grad

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["film", "many minima", "step size"]
double = {"dtype": torch.float64, "device": device}


def step(x, lr):
    """One step of gradient descent in the valleys left of 0."""
    return x - lr * (torch.cos(4 * x) - 4 * x * torch.sin(4 * x) - 2)


def curvature(x):
    return -8 * torch.sin(4 * x) - 16 * x * torch.cos(4 * x)


def limit_set(lrs, settle=800, keep=400):
    """Return what runs from -3.5 visit after settling, (keep, k), and their Lyapunov exponents."""
    x, logs, seen = torch.full_like(lrs, -3.5), torch.zeros_like(lrs), []
    for _ in range(settle):
        x = step(x, lrs)
    for _ in range(keep):
        logs += (1 - lrs * curvature(x)).abs().clamp(min=1e-300).log()
        x = step(x, lrs)
        seen.append(x)
    return torch.stack(seen), logs / keep


def dots(ax, lrs, seen, **style):
    ax.plot(
        lrs.expand_as(seen).flatten().cpu(),
        seen.flatten().cpu(),
        ".",
        **{"color": "C0", "markersize": 1.1, "markeredgewidth": 0, "rasterized": True} | style,
    )


lrs = torch.linspace(0.036, 0.0675, 600, **double)
seen, exponent = limit_set(lrs)

fig, axes = plots.figure(
    "Above, limit points against the step size: one branch that splits into two, four, and a "
    "cloud with "
    "white gaps. Below, the Lyapunov exponent: below zero while there are branches, touching "
    "zero at each "
    "split, above zero in the cloud with dips at the gaps.",
    rows=2,
    sharex=True,
    figsize=(6.4, 5.6),
    height_ratios=(3, 2),
)
dots(axes[0], lrs, seen[:120])
axes[0].set(title="Limit set and Lyapunov exponent", ylabel="iterates")
axes[1].axhline(0, color=plots.SOFT, linewidth=1)
axes[1].plot(lrs.cpu(), exponent.cpu(), color="C1", linewidth=1)
axes[1].set(xlabel="step size", ylabel="exponent", ylim=(-1.6, 0.8))

# %%
# The same as a film
# ------------------
# Left, the graph of G and the run's staircase between graph and diagonal, after it has settled: a
# point, a square, a loop, a web. Right, where we are in the diagram.
window = torch.linspace(-3.85, -2.4, 200, **double)
fig, (left, right) = plots.figure(
    "A film. Left, a hump-shaped curve that grows steeper, and a staircase between it and the "
    "diagonal: a "
    "point, a square, a double loop, at last a dense web. Right, a line that moves through the "
    "diagram.",
    columns=2,
    figsize=(6.4, 3.5),
)
left.plot([-3.85, -2.4], [-3.85, -2.4], color=plots.SOFT, linewidth=0.9)
(graph,) = left.plot(window.cpu(), window.cpu(), color=plots.INK, linewidth=1.4)
(web,) = left.plot([], [], color="C1", linewidth=0.8)
left.set(xlim=(-3.85, -2.4), ylim=(-3.85, -2.4), aspect="equal", xlabel="$x_k$", ylabel="$x_{k+1}$")
dots(right, lrs[::3], seen[:24, ::3], markersize=1.8)
marker = right.axvline(0.036, color="C1", linewidth=1.4)
right.set(xlabel="step size", xlim=(0.036, 0.0675), xticks=[0.04, 0.05, 0.06])
stops = torch.linspace(0, len(lrs) - 1, 30).long().tolist()


def frame(k):
    lr, orbit = lrs[stops[k]], seen[:40, stops[k]].cpu()
    graph.set_ydata(step(window, lr).cpu())
    web.set_data(orbit.repeat_interleave(2)[:-1], orbit.repeat_interleave(2)[1:])
    marker.set_xdata([lr.item()] * 2)
    left.set_title(f"step {lr.item():.4f}")


plots.film(fig, frame, frames=len(stops), per_second=8, still=13)

# %%
# Period three
# ------------
# In the middle of the cloud there is a gap in which the run repeats every third iterate, and each
# of the three branches splits again in the same manner. A continuous map of an interval into
# itself that has a point of period three has points of *every* period, and uncountably many starts
# that never become periodic (Li and Yorke, *American Mathematical Monthly*, 1975). The run does
# not show them: they repel, and it sees only what attracts.
gap = torch.linspace(0.0619, 0.0636, 450, **double)
in_gap, gap_exponent = limit_set(gap)
three = (in_gap[3:] - in_gap[:-3]).abs().amax(0) < 1e-8
three &= (in_gap[1:] - in_gap[:-1]).abs().amax(0) > 0.1
six = (in_gap[6:] - in_gap[:-6]).abs().amax(0) < 1e-8
six &= ~three

fig, ax = plots.figure(
    "Part of the diagram, enlarged. A cloud on the left gives way at once to three branches; "
    "to the right "
    "each of them splits into two, four and small clouds, which merge again into one.",
    figsize=(6.2, 3.8),
)
dots(ax, gap, in_gap[:200])
ax.set(
    title="A gap with period three",
    xlabel="step size",
    ylabel="iterates",
    xlim=(0.0619, 0.0636),
    xticks=[0.062, 0.0625, 0.063, 0.0635],
)

# %%
# What a computer knows about it
# ------------------------------
# Take 100 pairs of runs that begin :math:`10^{-13}` apart, with step 0.066. Each pair has its own
# ups and downs (thin); the geometric mean of the distances (thick) grows as the exponent
# foretells, and after some sixty steps the two of a pair have nothing in common. Rounding is such
# a difference, made anew in each step: beyond seventy steps or so no digit of a printed iterate is
# that of the true run. With step 0.05, where the limit is a 2-cycle, the same difference dies out,
# down to rounding.
wild = limit_set(torch.tensor([0.066], **double), keep=5000)[1].item()
distance = {}
for lr in (0.066, 0.05):
    x, gaps = torch.linspace(-3.6, -3.3, 100, **double), []
    for _ in range(200):
        x = step(x, lr)
    x = torch.stack([x, x + 1e-13])
    for _ in range(100):
        gaps.append((x[1] - x[0]).abs())
        x = step(x, lr)
    distance[lr] = torch.stack(gaps).cpu()
mean = distance[0.066].log().mean(1).exp()

fig, ax = plots.figure(
    "Distances of pairs on a logarithmic axis. With step 0.066 they climb along a dashed "
    "straight line "
    "and saturate near one; with step 0.05 they fall to rounding.",
    figsize=(6.0, 3.5),
)
k = torch.arange(100)
ax.semilogy(k, distance[0.066][:, ::10], color="C1", linewidth=0.5, alpha=0.6)
ax.semilogy(k, mean, color="C1")
ax.semilogy(k[:56], 1e-13 * torch.exp(wild * k[:56]), "--", color=plots.INK, linewidth=1.4)
calm = distance[0.05].amax(1)
ax.semilogy(k[calm > 0], calm[calm > 0], color="C0", marker=".", linewidth=0.8)
ax.text(75, 3e-4, "step 0.066", color="C1")
ax.text(60, 1e-14, "step 0.05", color="C0")
ax.text(14, 1e-7, "exponent", color=plots.INK, ha="right")
ax.set(
    title="Pairs of runs that begin 1e-13 apart",
    xlabel="iteration",
    ylabel="distance",
    ylim=(1e-17, 10),
)

# %%
# More: on a computer there *is* no chaos. A type holds finitely many numbers, so each run must
# repeat itself exactly, sooner or later. In float32 it is sooner: below, 64 runs with step 0.066
# are followed until they return, bit for bit, to a point where they have been (Brent's method:
# compare with a point remembered at the powers of two). What survives rounding is the statistics:
# the cloud has the same shape in float32 as in float64, though no run in it is the same.
single = torch.linspace(-3.6, -3.3, 64, device=device)
x, memory, period = single, single, torch.zeros(64, dtype=torch.int64, device=device)
remembered = 0
for i in range(1, 4097):
    x = step(x, 0.066)
    period = torch.where((x == memory) & (period == 0), i - remembered, period)
    if i & (i - 1) == 0:
        memory, remembered = x, i
found = period > 0


def cloud(dtype):
    x, points = torch.linspace(-3.6, -3.3, 400, dtype=dtype, device=device), []
    for i in range(300):
        x = step(x, 0.066)
        if i >= 100:
            points.append(x.double())
    return torch.cat(points).sort().values


clouds = {dtype: cloud(dtype) for dtype in (torch.float64, torch.float32)}

fig, ax = plots.figure(
    "Two histograms of iterates, a filled one and an outline, that agree: high peaks at both "
    "ends and some "
    "between.",
    figsize=(6.0, 3.3),
)
bins = torch.linspace(-3.75, -2.45, 131).tolist()
ax.hist(clouds[torch.float64].cpu(), bins, density=True, color="C5", label="float64")
ax.hist(
    clouds[torch.float32].cpu(), bins, density=True, histtype="step", color="C1", label="float32"
)
ax.set(title="Step 0.066: the cloud in two types", xlabel="iterate", ylabel="density")
ax.legend(loc="upper center")

# %%
# What the pictures claim
# -----------------------

problem = problems.seven_minima()
point = torch.tensor(-3.4, dtype=torch.float64)
claim(
    "a step by hand is a step by autograd",
    step(point, 0.05),
    (point - 0.05 * value_and_grad(problem.fun, point)[1]).item(),
    atol=1e-14,
)
border = 2 / curvature(problem.minimisers[1]).item()
claim(
    "below 2/f'' the limit is the minimiser",
    (seen[:, lrs < 0.0402].cpu() - problem.minimisers[1]).abs().max(),
    0,
    atol=1e-6,
)
claim(
    "and the exponent is log |1 − α f''|",
    exponent[0],
    math.log(abs(1 - 0.036 * 2 / border)),
    atol=1e-3,
)
claim(
    "near 2/f'' the exponent is close to 0", exponent[(lrs - border).abs().argmin()], 0, atol=0.01
)
claim("no exponent is positive below 0.055", exponent[lrs < 0.055].max(), 1e-3, relation="<")
cloudy = (lrs > 0.0556) & (lrs < 0.0675)
share = (exponent[cloudy] > 0.02).double().mean()
claim(
    "between 0.0556 and 0.0675 more than two thirds of the steps have a positive one",
    share,
    2 / 3,
    relation=">",
)
claim("no run leaves the valley, bounded by −2.433", seen.max(), -2.433256, relation="<")
claim("period three from 0.0623 on", gap[three].min(), 0.06225, atol=2e-5)
claim("period three up to 0.0630", gap[three].max(), 0.06301, atol=3e-5)
claim("then period six", gap[six].min(), gap[three].max().item(), relation=">")
claim("step 0.066: the exponent", wild, 0.52, atol=0.03)
growth = (mean[35] / mean[5]).log() / 30
claim("the mean distance of 100 pairs grows at that rate", growth / wild, 1, atol=0.05)
late = (distance[0.066][80:].amax(0) > 0.01).double().mean()
claim("step 0.066: after 80 steps all pairs are apart again and again", late, 1)
claim("step 0.05: only rounding is left", distance[0.05][80:].max(), 1e-14, relation="<")
claim("float32: runs of 64 that repeat themselves within 4096 steps", found.sum(), 60, relation="≥")
claim("the cycles that they fall into are short", period.max(), 1000, relation="<")
quantiles = torch.linspace(0.02, 0.98, 49, **double)
a, b = (torch.quantile(c, quantiles) for c in clouds.values())
claim(
    "the quantiles of the cloud in float32 and float64 differ by less than 0.02",
    (a - b).abs().max(),
    0.02,
    relation="<",
)

plt.show()
