# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
The noise floor
===============

How far gradients computed from a few random data can get. You will see the error of a minibatch
gradient fall with the size of the batch, three step sizes come to rest on three floors that were
computed beforehand, a cloud of runs shrink with its step (a film), averages sink through the
floor, and momentum that pays for its speed.

The script belongs to the lecture :doc:`/lectures/stochastic-gradients`.
"""

# %%
# What a minibatch knows
# ----------------------
# Least squares with 200 data, at a point far from the minimiser. A batch of :math:`b` data gives an
# unbiased estimate of the gradient. Drawn with repetition, its variance is :math:`\sigma^2/b`
# (solid); without, :math:`\sigma^2/b\cdot(n-b)/(n-1)` (dashed), which is 0 for the whole. The dots
# are averages over 2000 batches.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["film", "data", "randomness", "step size"]

n = 200
generator = torch.Generator(device=device).manual_seed(0)
options = {"generator": generator, "dtype": torch.float64, "device": device}
A = torch.randn(n, 4, **options)
b = A.sum(1) + torch.randn(n, **options)
each = A * (A @ torch.zeros(4, dtype=torch.float64, device=device) - b)[:, None]
gradient = each.mean(0)
spread = ((each - gradient) ** 2).sum(1).mean().item()


def measured(size, repeat):
    """The mean square error of 2000 minibatch gradients."""
    if repeat:
        rows = torch.randint(n, (2000, size), generator=generator, device=device)
    else:
        rows = torch.rand(2000, n, **options).argsort(1)[:, :size]
    return ((each[rows].mean(1) - gradient) ** 2).sum(1).mean().item()


sizes = (1, 2, 5, 10, 20, 50, 100, 150, 190)
with_repetition = [measured(size, True) for size in sizes]
without = [measured(size, False) for size in sizes]
line = torch.arange(1, n)

fig, ax = plots.figure(
    "Variance of the minibatch gradient against the size of the batch, both axes logarithmic. A "
    "straight falling line, and a dashed one that leaves it for large batches and plunges. Dots "
    "lie on both.",
)
ax.loglog(line, spread / line, color="C0")
ax.loglog(line, spread / line * (n - line) / (n - 1), color="C1", linestyle="--")
ax.loglog(sizes, with_repetition, "o", color="C0")
ax.loglog(sizes, without, "s", color="C1")
ax.text(28, 1.1, "with repetition", color="C0")
ax.text(8, 0.045, "without", color="C1")
ax.set(title="What a minibatch knows", xlabel="size of the batch", ylabel="mean square error")

# %%
# Three floors
# ------------
# :math:`\tfrac12x^2` with a standard normal error in each gradient, from 5. A step of size
# :math:`\alpha` multiplies the mean square by :math:`(1-\alpha)^2` and adds :math:`\alpha^2`, so it
# ends at :math:`\alpha/(2-\alpha)`. Thin: one run; thick: the root mean square, exact; dashed: its
# limit. A shorter step has a lower floor and takes longer to reach it.
STEPS = (0.5, 0.1, 0.02)


def one_run(alpha, steps=400):
    noise = torch.randn(steps, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    x, seen = 5.0, [5.0]
    for error in noise.tolist():
        x -= alpha * (x + error)
        seen.append(x)
    return torch.tensor(seen, dtype=torch.float64)


def mean_squares(alpha, steps=400):
    m, seen = 25.0, [25.0]
    for _ in range(steps):
        m = (1 - alpha) ** 2 * m + alpha**2
        seen.append(m)
    return torch.tensor(seen, dtype=torch.float64)


paths = {alpha: one_run(alpha) for alpha in STEPS}
exact = {alpha: mean_squares(alpha) for alpha in STEPS}

fig, axes = plots.figure(
    "Three panels, one for each step size. In each a smooth line falls from five onto the upper of "
    "two dashed lines; a thin jagged line falls too and goes on shaking in and around the band "
    "between them. The band is wide for the step 0.5, and narrow, but reached late, for the step "
    "0.02.",
    rows=3,
    sharex=True,
    figsize=(6.4, 5.6),
)
for ax, alpha, color in zip(axes, STEPS, ("C0", "C1", "C2"), strict=True):
    floor = math.sqrt(alpha / (2 - alpha))
    ax.axhspan(-floor, floor, color=color, alpha=0.15)
    for sign in (-1, 1):
        ax.axhline(sign * floor, color=plots.SOFT, linestyle="--", linewidth=1)
    ax.plot(exact[alpha].sqrt(), color=color)
    ax.plot(paths[alpha], color=color, linewidth=0.7)
    ax.set(title=f"step {alpha}", ylim=(-1.8, 5.2), ylabel="x")
axes[-1].set(xlabel="iteration")

# %%
# A cloud of runs
# ---------------
# 300 runs on :math:`\tfrac12x_1^2+\tfrac18x_2^2` with noise of variance 1 in both coordinates. At
# first the step is 0.4, and then 0.1. The dashed ellipse is computed: two standard deviations of
# the cloud in the long run, which hold :math:`1-e^{-2}\approx 86` % of a normal cloud.
CURVATURE = torch.tensor([1.0, 0.25], dtype=torch.float64, device=device)


def frames_of_cloud():
    """The positions of 300 runs: the start, 12 times 3 steps of 0.4, 15 times 6 steps of 0.1."""
    x = torch.tensor([[-3.4, 3.6]], dtype=torch.float64, device=device).expand(300, 2)
    seen = [x]
    for alpha, steps in [(0.4, 3)] * 12 + [(0.1, 6)] * 15:
        for _ in range(steps):
            x = x - alpha * (CURVATURE * x + torch.randn(300, 2, **options))
        seen.append(x)
    return torch.stack(seen).cpu()


def deviations(alpha):
    """The standard deviations of the coordinates in the long run."""
    return (alpha / (CURVATURE * (2 - alpha * CURVATURE))).sqrt().cpu()


cloud = frames_of_cloud()
fig, ax = plots.figure(
    "A film. 300 dots leave one point of an elliptic bowl and spread into a cloud around its "
    "centre that fills a dashed ellipse. Then the step is made four times shorter, the ellipse "
    "halves, and the cloud shrinks into it.",
    figsize=(5.6, 4.2),
)
plots.contours(
    ax,
    lambda x: (CURVATURE * x**2).sum() / 2,
    (-4.2, 4.2),
    (-4.2, 4.2),
    levels=10,
    device=device,
    colors=plots.LINES,
)
(dots,) = ax.plot([], [], "o", color="C1", markersize=3, alpha=0.7)
(ring,) = ax.plot([], [], color=plots.INK, linestyle="--", linewidth=1.2)
title = ax.set_title("")
ax.set(aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
angle = torch.linspace(0, 2 * math.pi, 200, dtype=torch.float64)


def draw(k):
    alpha = 0.4 if k < 13 else 0.1
    spread = 2 * deviations(alpha)
    dots.set_data(cloud[k, :, 0], cloud[k, :, 1])
    ring.set_data(spread[0] * angle.cos(), spread[1] * angle.sin())
    title.set_text(f"step {alpha}")


film = plots.film(fig, draw, frames=len(cloud), per_second=6, still=12)

# %%
# Below the floor
# ---------------
# The average of :math:`N` iterates, from 0, weighs the error of each step by
# :math:`(1-(1-\alpha)^m)/N`, where :math:`m` counts the steps since. Its variance is therefore
# known exactly (lines). It sinks like :math:`1/N`, and in the end the step size does not matter.
# The dots are 1000 simulated runs.


def variance_of_average(alpha, N):
    m = torch.arange(N, dtype=torch.float64)
    return ((1 - (1 - alpha) ** m) ** 2).sum().item() / N**2


marks = (10, 30, 100, 300, 1000, 3000)
simulated = {}
for alpha in STEPS:
    x = total = torch.zeros(1000, dtype=torch.float64, device=device)
    simulated[alpha] = []
    for N in range(1, marks[-1] + 1):
        total = total + x
        if N in marks:
            simulated[alpha].append(((total / N) ** 2).mean().item())
        x = x - alpha * (x + torch.randn(1000, **options))

fig, ax = plots.figure(
    "Variance of the average against the number of iterates, both axes logarithmic. Three curves "
    "from the left at different heights run together into one falling line. Dots lie on them. "
    "Three short dashes at the right edge, far above, are the floors of the iterates themselves.",
)
for alpha, color, style in zip(STEPS, ("C0", "C1", "C2"), ("-", "--", "-."), strict=True):
    N = sorted({round(10 ** (k / 20)) for k in range(10, 71)})
    ax.loglog(N, [variance_of_average(alpha, k) for k in N], style, color=color)
    ax.loglog(marks, simulated[alpha], "o", color=color, markersize=4)
    ax.plot([1200, 5000], [alpha / (2 - alpha)] * 2, color=color, linewidth=1)
    ax.text(5000, 1.15 * alpha / (2 - alpha), f"floor of step {alpha}", color=color, ha="right")
ax.set(
    title="Averages sink through the floor",
    xlabel="iterates averaged",
    ylabel="variance",
    ylim=(1e-4, 1),
)

# %%
# Momentum
# --------
# The floor of the heavy ball is :math:`\frac{\alpha}{\lambda(1-\beta)}\cdot
# \frac{1+\beta}{2(1+\beta)-\alpha\lambda}`: about that of plain steps of size
# :math:`\alpha/(1-\beta)`. The horizontal axis is this effective step, the dots are 2000 runs each.


def momentum_floor(alpha, beta):
    return alpha * (1 + beta) / ((1 - beta) * (2 * (1 + beta) - alpha))


def heavy_ball(alpha, beta, steps=300, runs=2000):
    x = before = torch.zeros(runs, dtype=torch.float64, device=device)
    for _ in range(steps):
        step = beta * (x - before) - alpha * (x + torch.randn(runs, **options))
        x, before = x + step, x
    return (x**2).mean().item()


effective = torch.logspace(-2, 0, 60, dtype=torch.float64)
trials = (0.03, 0.1, 0.3, 1.0)
momenta = (0.0, 0.5, 0.9)
balls = {beta: [heavy_ball(e * (1 - beta), beta) for e in trials] for beta in momenta}

fig, ax = plots.figure(
    "Floor against effective step, both axes logarithmic, for momentum 0, 0.5 and 0.9. Three "
    "rising lines lie on each other on the left; on the right the line without momentum bends up "
    "above the other two.",
)
for beta, color, style in zip(momenta, ("C0", "C1", "C2"), ("-", "--", "-."), strict=True):
    floors = [momentum_floor(e * (1 - beta), beta) for e in effective.tolist()]
    ax.loglog(effective, floors, style, color=color, label=f"momentum {beta:g}")
    ax.loglog(trials, balls[beta], "o", color=color, markersize=4)
ax.legend(loc="upper left")
ax.set(title="Momentum is a longer step", xlabel="step / (1 − momentum)", ylabel="noise floor")

# %%
# What the pictures claim
# -----------------------
claim(
    "with repetition: 2000 batches of nine sizes have the variance σ²/b, to chance",
    [m * size / spread for m, size in zip(with_repetition, sizes, strict=True)],
    1,
    atol=0.12,
)
claim(
    "without repetition: it is σ²/b (n − b)/(n − 1)",
    [m * size * (n - 1) / (n - size) / spread for m, size in zip(without, sizes, strict=True)],
    1,
    atol=0.12,
)
claim(
    "the steps 0.5 and 0.1 are on their floors after 400 iterations",
    [exact[a][-1].item() for a in STEPS[:2]],
    [a / (2 - a) for a in STEPS[:2]],
    rtol=1e-9,
)
arrival = [int((exact[a] < 2 * a / (2 - a)).nonzero()[0]) for a in STEPS]
claim("iterations until the mean square is twice the floor", arrival, [4, 30, 194])
claim(
    "one run with step 0.5: the mean square of its second half is near the floor",
    (paths[0.5][200:] ** 2).mean() / (0.5 / 1.5),
    1,
    atol=0.25,
)
inside = [
    ((cloud[k] / (2 * deviations(alpha))).norm(dim=1) < 1).double().mean().item()
    for k, alpha in ((12, 0.4), (27, 0.1))
]
claim("the share of the cloud inside the ellipse", inside, 1 - math.exp(-2), atol=0.08)
claim(
    "a quarter of the step: both half axes of the ellipse at least halve",
    deviations(0.1) / deviations(0.4),
    0.5,
    relation="≤",
)
claim(
    "averages: for all three steps N times the variance approaches 1",
    [variance_of_average(a, 10_000) * 10_000 for a in STEPS],
    1,
    atol=0.01,
)
claim(
    "averages: 1000 runs agree with the exact variance, to chance",
    [
        m / variance_of_average(a, N)
        for a in STEPS
        for m, N in zip(simulated[a], marks, strict=True)
    ],
    1,
    atol=0.2,
)
claim(
    "after 3000 iterates the average is below the floor of each step by a factor of 10",
    [simulated[a][-1] * 10 / (a / (2 - a)) for a in STEPS],
    1,
    relation="<",
)
claim(
    "momentum: 2000 runs agree with the formula, to chance",
    [
        seen / momentum_floor(e * (1 - beta), beta)
        for beta in momenta
        for e, seen in zip(trials, balls[beta], strict=True)
    ],
    1,
    atol=0.15,
)
claim(
    "effective step 0.01: the three floors agree to 1 %",
    [momentum_floor(0.01 * (1 - beta), beta) / 0.005 for beta in momenta],
    1,
    atol=0.01,
)
claim(
    "effective step 1: without momentum the floor is almost twice that with 0.9",
    momentum_floor(1.0, 0.0) / momentum_floor(0.1, 0.9),
    1.95,
    atol=0.005,
)

plt.show()
