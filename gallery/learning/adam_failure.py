# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Where Adam goes wrong
=====================

Adam divides each gradient by a running root mean square that contains this very gradient. You will
see it walk to the worst point of an interval where two other methods find the best, the one number
that decides which way it goes, the same with gradients drawn by chance, and a parabola whose
minimiser is a mean while Adam, without memory, settles at a median.

The script belongs to the lecture :doc:`/lectures/stochastic-gradients`.
"""

# %%
# To the worst point
# ------------------
# On :math:`[-1,1]` the gradient is 3, then twice -1, again and again (after Reddi, Kale and Kumar,
# 2018). The mean is positive, so the best point is -1. Step sizes shrink like :math:`1/\sqrt t`.
# Adam (:math:`\beta_1=0`, :math:`\beta_2=0.1`) divides the 3 by almost 3 and the second -1 by
# almost 1, and goes to 1. AMSGrad divides all by the largest divisor so far.
import itertools
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["randomness", "pitfalls"]


def cycled(optimizer_class, P=3, C=3.0, lr=0.2, steps=450, **options):
    """The iterates of a PyTorch optimizer on the cycle, from 0, with step lr/√t."""
    x = torch.zeros(1, dtype=torch.float64, device=device, requires_grad=True)
    optimizer, way = optimizer_class([x], lr=lr, **options), [0.0]
    for t in range(1, steps + 1):
        x.grad = torch.full_like(x, C if t % P == 1 else -1.0)
        optimizer.param_groups[0]["lr"] = lr / math.sqrt(t)
        optimizer.step()
        with torch.no_grad():
            x.clamp_(-1, 1)
        way.append(x.item())
    return torch.tensor(way, dtype=torch.float64)


short = {"betas": (0.0, 0.1)}
ways = {
    "Adam": cycled(torch.optim.Adam, **short),
    "AMSGrad": cycled(torch.optim.Adam, amsgrad=True, **short),
    "gradient steps": cycled(torch.optim.SGD, lr=0.1),
}

fig, ax = plots.figure(
    "Three zigzag paths from zero. The one of Adam climbs to one and stays there; AMSGrad and "
    "gradient steps fall to minus one.",
)
for (name, way), color, style, at in zip(
    ways.items(),
    ("C1", "C0", "C2"),
    ("-", "--", "-."),
    ((120, 0.55), (160, -0.5), (40, -0.95)),
    strict=True,
):
    ax.plot(way[:301], style, color=color, linewidth=1.3)
    ax.text(*at, name, color=color)
ax.axhline(-1, color=plots.SOFT, linewidth=1, linestyle=":")
ax.set(title="The best point is −1", xlabel="iteration", ylabel="iterate", ylim=(-1.1, 1.1))

# %%
# One number decides
# ------------------
# Gradients :math:`C, -1, \dots, -1` in a cycle of length :math:`P`. In the long run Adam's
# :math:`v`, :math:`j` steps after the large one, is :math:`v_j = 1 + (C^2-1)(1-\beta_2)
# \beta_2^j/(1-\beta_2^P)`, and with :math:`\beta_1=0` a cycle moves the iterate by :math:`D` step
# sizes, :math:`D = -C/\sqrt{v_0} + \sum_{j\ge1} 1/\sqrt{v_j}`. Positive is wrong. With
# :math:`C = P` the mean gradient is :math:`1/P`; the longer the cycle, the longer the memory
# :math:`1/(1-\beta_2)` must be: about :math:`P^2/4` (dots).


def drift(P, C, beta2):
    j = torch.arange(P, dtype=torch.float64)
    v = 1 + (C**2 - 1) * (1 - beta2) * beta2**j / (1 - beta2**P)
    return (v[1:] ** -0.5).sum().item() - C / math.sqrt(v[0])


def threshold(P):
    """The memory at which D changes sign, by bisection in β₂."""
    low, high = 0.0, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if drift(P, float(P), middle) > 0 else (low, middle)
    return 1 / (1 - low)


memory = torch.logspace(0.02, 5, 160, dtype=torch.float64)
curves = {
    P: torch.tensor([drift(P, float(P), 1 - 1 / r) for r in memory.tolist()]) for P in (3, 11, 101)
}

fig, ax = plots.figure(
    "D against the memory on a logarithmic axis, for cycles of length 3, 11 and 101. Each curve "
    "starts above zero and crosses it near a dot, at a quarter of the square of its length. A "
    "dotted line at memory 1000 meets the third curve above zero.",
)
ax.axhline(0, color=plots.SOFT, linewidth=1)
ax.axvline(1000, color=plots.SOFT, linestyle=":", linewidth=1.2)
for (P, values), color, style, at in zip(
    curves.items(),
    ("C0", "C3", "C1"),
    ("-", "--", "-."),
    ((2, -1.15), (16, 0.85), (90, 3.1)),
    strict=True,
):
    ax.semilogx(memory, torch.asinh(values), style, color=color)
    ax.plot(P * P / 4, 0, "o", color=color)
    ax.text(*at, f"length {P}", color=color)
ax.text(1200, 4.4, "β₂ = 0.999", color=plots.SOFT)
ticks = (-1, 0, 1, 10, 100)
ax.set_yticks([math.asinh(tick) for tick in ticks], ["−1", *ticks[1:]])
ax.set(
    title="Above zero Adam goes the wrong way",
    xlabel="memory 1/(1 − β₂)",
    ylabel="D",
    ylim=(-1.5, 5.6),
)

# %%
# By chance
# ---------
# Now the gradient is 10 with probability 0.1, else -1, so that the mean is 0.1. Steps of 0.01,
# :math:`\beta_1=0`, :math:`\beta_2=0.9`, 400 runs at once. The mean of Adam's runs climbs. With the
# divisor of the step *before*, which does not know the new gradient, the mean step has the sign of
# the mean gradient, and the mean falls; so does AMSGrad's.
RUNS, T = 400, 1500


def by_chance(divisor, alpha=0.01, beta2=0.9):
    """The mean iterate of many runs; steps are divided by the root of divisor(before, now, top)."""
    generator = torch.Generator(device=device).manual_seed(0)
    x = torch.zeros(RUNS, dtype=torch.float64, device=device)
    v = top = torch.full_like(x, 10.9)  # the mean square of the gradient
    means = [0.0]
    for _ in range(T):
        chance = torch.rand(RUNS, generator=generator, dtype=torch.float64, device=device)
        g = torch.where(chance < 0.1, 10.0, -1.0)
        before, v = v, beta2 * v + (1 - beta2) * g**2
        top = torch.maximum(top, v)
        x = (x - alpha * g / divisor(before, v, top).sqrt()).clamp(-1, 1)
        means.append(x.mean().item())
    return torch.tensor(means)


chances = {
    "Adam": by_chance(lambda before, now, top: now),
    "AMSGrad": by_chance(lambda before, now, top: top),
    "divisor of the step before": by_chance(lambda before, now, top: before),
}

fig, ax = plots.figure(
    "The mean of 400 runs against the iteration. The curve of Adam climbs towards one; the other "
    "two fall, AMSGrad's slowly, the one with the earlier divisor faster.",
)
for (name, means), color, style, at in zip(
    chances.items(),
    ("C1", "C0", "C2"),
    ("-", "--", "-."),
    ((700, 0.45), (1000, -0.1), (400, -0.62)),
    strict=True,
):
    ax.plot(means, style, color=color)
    ax.text(*at, name, color=color)
ax.axhline(0, color=plots.SOFT, linewidth=1)
ax.set(title="Gradients by chance", xlabel="iteration", ylabel="mean iterate", ylim=(-1.05, 1.05))

# %%
# A mean or a median
# ------------------
# :math:`\tfrac12\mathbb E(x-y)^2` with exponential :math:`y` has its minimum at the mean, 1. With
# :math:`\beta_1=\beta_2=0` Adam steps by the sign of :math:`x-y`, and signs balance at the median,
# :math:`\ln2`. Other memories settle in between.


def settles(beta2, amsgrad=False, alpha=0.005, steps=1500, runs=200):
    """Where Adam with β₁ = 0 rests: the mean of the second half of many runs, from 1."""
    generator = torch.Generator(device=device).manual_seed(1)
    x = torch.ones(runs, dtype=torch.float64, device=device)
    v = top = torch.zeros_like(x)
    total = 0.0
    for t in range(1, steps + 1):
        u = torch.rand(runs, generator=generator, dtype=torch.float64, device=device)
        g = x + torch.log1p(-u)
        v = beta2 * v + (1 - beta2) * g**2
        top = torch.maximum(top, v) if amsgrad else v
        x = x - alpha * g / ((top / (1 - beta2**t)).sqrt() + 1e-8)
        if t > steps // 2:
            total += x.mean().item()
    return total / (steps - steps // 2)


memories = (1, 2, 4, 10, 30, 100)
places = [settles(1 - 1 / r) for r in memories]
largest = settles(0.5, amsgrad=True)

fig, ax = plots.figure(
    "Where Adam settles against its memory on a logarithmic axis. Dots rise from a dashed line at "
    "0.69, the median, towards a dashed line at 1, the mean. A square for AMSGrad lies on the "
    "upper line.",
)
for place, name in ((math.log(2), "median"), (1.0, "mean")):
    ax.axhline(place, color=plots.SOFT, linestyle="--", linewidth=1)
    ax.text(100, place + 0.008, name, color=plots.SOFT, ha="right", va="bottom")
ax.semilogx(memories, places, "o-", color="C1")
ax.plot(2, largest, "s", color="C0", markersize=7)
ax.text(2, largest - 0.012, "AMSGrad", color="C0", ha="center", va="top")
ax.text(5, 0.84, "Adam", color="C1")
ax.set(
    title="Adam on a parabola with lopsided noise",
    xlabel="memory 1/(1 − β₂)",
    ylabel="where it settles",
    ylim=(0.66, 1.06),
)

# %%
# What the pictures claim
# -----------------------
claim("Adam is at 1, the worst point, before each of the last 50 cycles", ways["Adam"][300::3], 1.0)
claim(
    "AMSGrad and gradient steps end near −1",
    [ways["AMSGrad"][-1], ways["gradient steps"][-1]],
    -1,
    atol=0.02,
)
claim("D there", drift(3, 3.0, 0.1), 0.681, atol=5e-4)
one_cycle = cycled(torch.optim.Adam, lr=1e-5, steps=303, **short)
claim(
    "D is what a cycle of 3 moves, in step sizes, before it meets an end",
    one_cycle.diff()[300:303].sum() / (1e-5 / math.sqrt(302)),
    drift(3, 3.0, 0.1),
    rtol=0.01,
)
claim(
    "the memory needed is P²/4, to 2 %, for P = 101 and 301",
    [threshold(P) / (P * P / 4) for P in (101, 301)],
    1,
    atol=0.02,
)
claim("a cycle of 101: at the usual 0.999 D is positive", drift(101, 101.0, 0.999), 0, relation=">")
claim(
    "by chance: after 1500 steps the mean of Adam's runs is above 0.7",
    chances["Adam"][-1],
    0.7,
    relation=">",
)
claim(
    "by chance: with AMSGrad and with the earlier divisor it is below −0.1",
    [chances["AMSGrad"][-1], chances["divisor of the step before"][-1]],
    -0.1,
    relation="<",
)
claim("without memory Adam settles at the median", places[0], math.log(2), atol=0.015)
claim(
    "a longer memory, a larger value",
    [b - a for a, b in itertools.pairwise(places)],
    0,
    relation=">",
)
claim("AMSGrad settles at the mean", largest, 1, atol=0.015)

plt.show()
