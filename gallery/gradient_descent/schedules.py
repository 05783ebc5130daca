# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Schedules
=========

Step sizes that are fixed before the run and look at nothing: :math:`1/t` and others. You will see
the same schedule overshoot ninety-thousandfold on one parabola and creep on another, and what each
schedule makes of noise.

The script belongs to the lecture :doc:`/lectures/gradient-descent`.
"""

# %%
# Five schedules
# --------------
# What matters is how they end. Their sum says how far a run can get; the sum of their squares, how
# much noise it collects. For :math:`1/t` the first is infinite and the second is not.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, directions, minimize, plots, step_sizes
from steepest.methods import Method

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["step size", "rates"]

STEPS = 1000
SCHEDULES = {
    "fixed 0.2": lambda t: 0.2,
    "1/√t": lambda t: t**-0.5,
    "1/t": lambda t: 1 / t,
    "cosine": lambda t: 0.1 * (1 + math.cos(math.pi * t / STEPS)),
    "2^−t": lambda t: 0.5**t,
}
STYLES = dict(
    zip(SCHEDULES, (("C0", "-"), ("C1", "--"), ("C2", "-."), ("C3", ":"), ("C4", "-")), strict=True)
)
t = torch.arange(1, STEPS + 1)

fig, ax = plots.figure(
    "Five step sizes against the number of the step, both on logarithmic axes. A horizontal line, "
    "two straight falling lines of different slope, a line that is flat and drops at the end, and "
    "one that plunges after a few steps.",
)
for name, schedule in SCHEDULES.items():
    color, line = STYLES[name]
    ax.loglog(t, [schedule(int(k)) for k in t], line, color=color, label=name)
ax.legend(loc="lower left")
ax.set(title="Five schedules", xlabel="step t", ylabel="step size", ylim=(1e-5, 2))

# %%
# A schedule adapts to nothing
# ----------------------------
# On :math:`\tfrac\lambda2 x^2` from 1 the schedule :math:`1/t` gives :math:`x_k = \prod_{t=1}^k (1
# - \lambda/t)`. For :math:`\lambda = 1` the first step arrives. For :math:`\lambda = 20` the first
# steps are far too long: the iterates are binomial coefficients, :math:`(-1)^k \binom{19}{k}`, and
# step 20 sets all right by luck, since :math:`1 - 20/20 = 0`. With 20.5 in place of 20 the way
# down is longer. For :math:`\lambda = 0.1` all steps are too short, and the error shrinks like
# :math:`k^{-0.1}`. A fixed step of :math:`1/\lambda` would arrive at once in each case.


def inverse_time(curvature, steps=200):
    method = Method(directions.steepest(), step_sizes.inverse_time(), "1/t")
    x0 = torch.tensor(1.0, dtype=torch.float64, device=device)
    return minimize(lambda x: curvature / 2 * x**2, x0, method, max_iter=steps).history.x.cpu()


runs = {curvature: inverse_time(curvature) for curvature in (20.0, 20.5, 0.1)}

fig, ax = plots.figure(
    "The size of the iterates on a logarithmic axis. For curvature 20 and 20.5 it climbs to about "
    "a hundred thousand within ten steps and falls again, for 20 to exactly zero at step 20; for "
    "curvature 0.1 it hardly moves.",
)
for (curvature, x), (color, line, at) in zip(
    runs.items(),
    (("C0", "-", (20, 3e4)), ("C1", "--", (31, 3e-5)), ("C2", "-.", (40, 2.5))),
    strict=True,
):
    shown = x[:61].abs()
    k = torch.arange(61)[shown > 0]
    ax.semilogy(k, shown[shown > 0], line, color=color, marker="o" if curvature == 20 else None)
    ax.text(*at, f"curvature {curvature:g}", color=color)
ax.set(
    title="1/t on three parabolas",
    xlabel="iteration",
    ylabel="size of the iterate",
    ylim=(1e-7, 1e6),
)

# %%
# With noise
# ----------
# Add a standard normal error to each gradient of :math:`\tfrac12x^2` and start at 5. The mean
# square obeys :math:`m_t = (1 - \alpha_t)^2 m_{t-1} + \alpha_t^2` (lines); dots are averages over
# 4000 runs. The fixed step stops at its noise floor :math:`\alpha/(2 - \alpha)`. The steps
# :math:`2^{-t}` freeze while the start is still remembered. With :math:`1/t` the iterate is the
# plain mean of all the noise, and its square shrinks like :math:`1/t`; with :math:`1/\sqrt t` like
# :math:`1/(2\sqrt t)`, although those squares sum to infinity: Robbins and Monro's condition is
# sufficient, not necessary. The cosine falls at its end almost as low as :math:`1/t`, in one
# sweep, if one knows when the end is.


def recursion(schedule):
    """The exact mean squares, start included."""
    means = [25.0]
    for k in range(1, STEPS + 1):
        a = schedule(k)
        means.append((1 - a) ** 2 * means[-1] + a * a)
    return torch.tensor(means, dtype=torch.float64)


def sampled(schedule, runs=4000):
    """The same from simulated runs."""
    generator = torch.Generator(device=device).manual_seed(0)
    x = torch.full((runs,), 5.0, dtype=torch.float64, device=device)
    means = [25.0]
    for k in range(1, STEPS + 1):
        noise = torch.randn(runs, generator=generator, dtype=torch.float64, device=device)
        x = x - schedule(k) * (x - noise)
        means.append((x**2).mean().item())
    return torch.tensor(means, dtype=torch.float64)


exact = {name: recursion(schedule) for name, schedule in SCHEDULES.items()}
seen = {name: sampled(schedule) for name, schedule in SCHEDULES.items()}
marks = torch.unique(torch.logspace(0, 3, 13).round().int()).long()

fig, ax = plots.figure(
    "Mean squares against the step, both on logarithmic axes. The curve of 2 to the minus t stays "
    "near two; the fixed step levels off at 0.11; one over the root of t falls steadily; one over "
    "t falls twice as steeply; the cosine first levels off and dives at the end. Dots lie on the "
    "lines.",
)
for name, means in exact.items():
    color, line = STYLES[name]
    ax.loglog(t, means[1:], line, color=color, label=name)
    ax.loglog(marks, seen[name][marks], "o", color=color, markersize=4)
ax.legend(loc="lower left")
ax.set(title="What is left of the start and the noise", xlabel="step t", ylabel="mean square of x")

# %%
# What the pictures claim
# -----------------------
claim(
    "curvature 20: the iterates are (−1)ᵏ times binomial coefficients of 19",
    runs[20.0][:20],
    [(-1) ** k * math.comb(19, k) for k in range(20)],
    rtol=1e-9,
)
claim("curvature 20: step 20 lands on the minimiser", runs[20.0][20:], 0)
claim(
    "curvature 20.5: step 20 does not, and the error then is Π(1 − 20.5/t)",
    runs[20.5][20],
    math.prod(1 - 20.5 / k for k in range(1, 21)),
    rtol=1e-9,
)
claim(
    "curvature 0.1: after 200 steps the error is k^(−0.1)/Γ(0.9)",
    runs[0.1][-1],
    200**-0.1 / math.gamma(0.9),
    rtol=1e-3,
)
claim("fixed 0.2 ends at its noise floor", exact["fixed 0.2"][-1], 0.2 / 1.8, rtol=1e-9)
claim("1/t: the mean square is exactly 1/t", exact["1/t"][1:], 1 / t.double(), rtol=1e-9)
claim("1/√t: it approaches 1/(2√t)", exact["1/√t"][-1], 0.5 / math.sqrt(STEPS), rtol=0.05)
remembered = math.prod(1 - 0.5**k for k in range(1, 60))
claim("2^−t: the start is remembered by the factor 0.288788", remembered, 0.288788, atol=5e-7)
claim(
    "2^−t: its mean square stays above the square of 5 · 0.288788",
    exact["2^−t"][-1],
    (5 * remembered) ** 2,
    relation=">",
)
claim(
    "the cosine ends below the fixed step's floor by a factor of 10",
    exact["cosine"][-1],
    0.2 / 18,
    relation="<",
)
claim(
    "4000 runs agree with the exact mean squares, to chance",
    [(seen[name][-1] / exact[name][-1]).item() for name in SCHEDULES],
    1,
    atol=0.1,
)

plt.show()
