# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A start from which one step is enough
=====================================

A network shall fit a sine curve of which it sees ten points, after a single gradient step. From a
start learned for the average curve that is hopeless; from a start learned *through* the step it
works. You will see both, the first-order variant between them, and, in a film, the adaptation step
by step.

The script belongs to the lecture :doc:`/lectures/gradients-of-gradients`.
"""

# %%
# Learning through a step
# -----------------------
# Model-agnostic meta-learning (Finn, Abbeel & Levine, 2017) minimises the loss *after* one gradient
# step, over many tasks. Its derivative goes through the step, so it contains second derivatives.
# The first-order variant treats the step as a constant shift, by ``detach``. Joint training takes
# no step at all. All three see the same number of tasks.
import math

import matplotlib.pyplot as plt
import torch
from torch.func import grad, vmap

from steepest import claim, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["film", "networks", "differentiation"]
ROUNDS, LR = 300, 0.05


def initial(h=32):
    """The parameters of a network 1-h-h-1, the same ones each time and on every device."""
    source = torch.Generator().manual_seed(0)
    a, b, v = torch.randn(3, h, generator=source)
    W = torch.randn(h, h, generator=source) / h**0.5
    p = {"a": a, "b": b, "W": W, "c": torch.zeros(h), "v": v / h**0.5}
    return {name: value.to(device).requires_grad_() for name, value in p.items()}


def model(p, x):
    hidden = torch.tanh(x[:, None] * p["a"] + p["b"])
    return torch.tanh(hidden @ p["W"] + p["c"]) @ p["v"]


def loss(p, x, y):
    return ((model(p, x) - y) ** 2).mean()


def adapted(p, x, y, steps, lr=LR, first_order=False):
    for _ in range(steps):
        g = grad(loss)(p, x, y)
        p = {k: p[k] - lr * (g[k].detach() if first_order else g[k]) for k in p}
    return p


def after(p, tasks, steps, **options):
    """The mean loss on new points of many tasks, each after its own steps."""
    return vmap(lambda x, y, u, v: loss(adapted(p, x, y, steps, **options), u, v))(*tasks).mean()


source = torch.Generator().manual_seed(1)


def sample_tasks(n, points=10):
    """Sine curves: ten points to adapt to, ten to be judged by."""
    amplitude = 0.5 + 2 * torch.rand(n, 1, generator=source)
    phase = math.pi * torch.rand(n, 1, generator=source)
    x = (10 * torch.rand(n, 2 * points, generator=source) - 5).to(device)
    y = (amplitude.to(device)) * torch.sin(x + phase.to(device))
    return x[:, :points], y[:, :points], x[:, points:], y[:, points:]


ways_to_learn = {
    "MAML": {"steps": 1},
    "first order": {"steps": 1, "first_order": True},
    "joint": {"steps": 0},
}
unseen, starts, curves = sample_tasks(200), {}, {}
for name, options in ways_to_learn.items():
    p, curve = initial(), []
    outer_loop = torch.optim.Adam(p.values(), lr=3e-3)
    for k in range(ROUNDS):
        if k % 20 == 0:
            with torch.no_grad():
                curve.append(after(p, unseen, 1).item())
        outer_loop.zero_grad()
        after(p, sample_tasks(25), **options).backward()
        outer_loop.step()
    starts[name] = {key: value.detach() for key, value in p.items()}
    curves[name] = [*curve, after(starts[name], unseen, 1).item()]

looks = {"MAML": ("C0", "-", "o"), "first order": ("C2", ":", "s"), "joint": ("C1", "--", "^")}
fig, ax = plots.figure(
    "Error after one step against the rounds of learning, on a logarithmic scale. The curve of "
    "joint training soon stays level; that of the first-order variant falls slowly, and that of "
    "MAML falls to less than half of it.",
    figsize=(5.4, 3.5),
)
for name, (color, style, mark) in looks.items():
    rounds = range(0, ROUNDS + 1, 20)
    ax.semilogy(rounds, curves[name], style, marker=mark, markersize=4, color=color, label=name)
ax.set(title="Learning where to start", xlabel="rounds", ylabel="error after one step")
ax.minorticks_off()
ax.set_yticks([0.2, 0.5, 1, 2], labels=["0.2", "0.5", "1", "2"])
ax.legend(loc="lower left")

# %%
# Step by step
# ------------
# One unseen task. The step that the start was made for does most of the work; a few more do no
# harm. From the joint start, the same steps barely begin.
x, y, _, _ = (part[3] for part in unseen)
line = torch.linspace(-5, 5, 201, device=device)
paths = {
    name: [model(adapted(starts[name], x, y, k), line).cpu() for k in range(11)]
    for name in ("MAML", "joint")
}
fig, axes = plots.figure(
    "A film. Twice the same ten points of a sine curve. Left, from the start found by MAML, the "
    "network's curve comes close to the points within a few steps; right, from the joint start, it "
    "stays near its beginning.",
    columns=2,
    figsize=(6.4, 3.2),
    sharex=True,
    sharey=True,
)
shown = []
for ax, name in zip(axes, paths, strict=True):
    ax.plot(x.cpu(), y.cpu(), "o", color=plots.INK, markersize=5)
    ax.plot(line.cpu(), paths[name][0], ":", color=plots.SOFT)
    shown += ax.plot([], [], looks[name][1], color=looks[name][0])
    ax.set(xlim=(-5.2, 5.2), ylim=(-3, 3), xlabel="x")


def draw(frame):
    k, part = divmod(frame, 3)  # three frames a step, each a third of the way
    for ax, curve, name in zip(axes, shown, paths, strict=True):
        now, then = paths[name][k], paths[name][min(k + 1, 10)]
        curve.set_data(line.cpu(), now + part / 3 * (then - now))
        ax.set_title(f"{name}, {k} step{'' if k == 1 else 's'}")


film = plots.film(fig, draw, frames=31, per_second=6, still=3)

# %%
# Is the comparison fair?
# -----------------------
# The joint start was not made for a step of 0.05. So give every start the inner step size that
# suits it best, and up to ten steps.
sizes = torch.logspace(-3, -0.3, 16).tolist()
with torch.no_grad():
    tuned = {
        name: [min(after(p, unseen, k, lr=lr).item() for lr in sizes) for k in (1, 3, 10)]
        for name, p in starts.items()
    }
fig, ax = plots.figure(
    "Error after one, three and ten steps with the best step size for each start, on a logarithmic "
    "scale. The joint start stays above the other two throughout.",
    figsize=(5.0, 3.3),
)
for name, (color, style, mark) in looks.items():
    ax.loglog((1, 3, 10), tuned[name], style, marker=mark, color=color, label=name)
ax.set(title="Each with its best step size", xlabel="steps", ylabel="error")
ax.set_xticks([1, 3, 10], labels=["1", "3", "10"])
ax.minorticks_off()
ax.set_yticks([0.05, 0.1, 0.2, 0.5], labels=["0.05", "0.1", "0.2", "0.5"])
ax.legend(loc="lower left")

# %%
# What the pictures claim
# -----------------------
with torch.no_grad():
    before = {name: after(p, unseen, 0).item() for name, p in starts.items()}
one = {name: curve[-1] for name, curve in curves.items()}
claim("before any step, no start is good", list(before.values()), 0.5, relation=">")
claim(
    "MAML: one step divides the error by more than three",
    before["MAML"] / one["MAML"],
    3,
    relation=">",
)
claim("first order: by more than two", before["first order"] / one["first order"], 2, relation=">")
claim(
    "joint: one step of the same size divides it by less than 1.5",
    before["joint"] / one["joint"],
    1.5,
    relation="<",
)
claim(
    "after one step, joint is more than twice as bad as MAML, with each one's best step size",
    tuned["joint"][0] / tuned["MAML"][0],
    2,
    relation=">",
)
p = {name: value.double() for name, value in starts["MAML"].items()}
task = [part[:2].double() for part in unseen]
direction = {k: torch.ones_like(v) for k, v in p.items()}
shifted = [after({k: p[k] + h * direction[k] for k in p}, task, 1) for h in (1e-5, -1e-5)]
slopes = {
    flag: sum(
        g.sum() for g in grad(lambda p, flag=flag: after(p, task, 1, first_order=flag))(p).values()
    )
    for flag in (False, True)
}
difference = (shifted[0] - shifted[1]) / 2e-5
claim(
    "the derivative through the step is that of differences", slopes[False], difference, rtol=1e-5
)
claim(
    "the first-order one is not: it is off by more than five percent",
    abs(slopes[True] / difference - 1),
    0.05,
    relation=">",
)

plt.show()
