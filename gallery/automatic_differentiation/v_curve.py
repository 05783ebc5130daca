# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
How small should a step be?
===========================

A difference quotient errs twice: a long step because the graph bends, a short step because
numbers are rounded. You will see the two errors meet at the bottom of a V, how single precision and
higher orders move that point, and one quotient that has no second branch at all, because it
subtracts nothing.

The script belongs to the lecture :doc:`/lectures/forward-and-reverse-mode`.
"""

# %%
# One derivative, four quotients
# ------------------------------
# The function is :math:`f(x_1, x_2) = \ln x_1 + x_1 x_2 - \sin x_2` at :math:`(2, 5)`, and the
# derivative is that by :math:`x_2`, which is :math:`2 - \cos 5`. The forward quotient uses
# :math:`f(5 + h)` and :math:`f(5)`; the central ones use values at :math:`5 \pm h, 5 \pm 2h, \dots`
# and cancel one more pair of terms of the Taylor series for each pair of values. Quotients of order
# 1, 2, 4 and 6:
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["differentiation", "rounding"]

EXACT = 2 - math.cos(5.0)
CENTRAL = {2: (1 / 2,), 4: (2 / 3, -1 / 12), 6: (3 / 4, -3 / 20, 1 / 60)}


def f(x2):
    """The function at x1 = 2, for a tensor of second coordinates."""
    return math.log(2) + 2 * x2 - torch.sin(x2)


def forward(h):
    return (f(5 + h) - f(torch.full_like(h, 5.0))) / h


def central(h, order=2):
    weights = enumerate(CENTRAL[order], 1)
    return sum(w * (f(5 + k * h) - f(5 - k * h)) for k, w in weights) / h


def error(quotient):
    """The distance to the derivative, in double precision on the CPU."""
    return (quotient.double() - EXACT).abs().cpu()


steps = torch.logspace(-15, -0.3, 236, dtype=torch.float64, device=device)
curves = {1: error(forward(steps))} | {p: error(central(steps, p)) for p in CENTRAL}

fig, ax = plots.figure(
    "Errors against the step on logarithmic axes: four V-shaped clouds with a common left branch. "
    "The right branches fall with slopes one, two, four and six, so that the bottoms lie further "
    "to the right and lower for a higher order.",
    figsize=(6.4, 4.2),
)
for k, (order, curve) in enumerate(curves.items()):
    color, marker = f"C{k}", "o^sD"[k]
    ax.loglog(steps.cpu(), curve.clamp_min(1e-17), marker, color=color, markersize=2.5)
    ax.text(0.9, curve[-1], f"order {order}", color=color, va="center")
ax.axhline(2**-52, color=plots.SOFT, linewidth=1, linestyle="--")
ax.text(1e-15, 3e-17, "a sweep's error is below the line", color=plots.SOFT, fontsize=9.5)
ax.set(
    title="The step and the error of a difference quotient",
    xlabel="step h",
    ylabel="error",
    xlim=(1e-16, 500),
    ylim=(1e-17, 30),
)

# %%
# Single precision
# ----------------
# On a graphics card one often calculates with 24 binary digits instead of 53. The right branch
# does not know about it. The left branch moves up by a factor of :math:`2^{29}`, and the best that
# the forward quotient can do is about three digits.
coarse = torch.logspace(-6.5, -0.3, 100, dtype=torch.float64, device=device)
single = {
    "forward": error(forward(coarse.float())),
    "central": error(central(coarse.float())),
}
double = {"forward": error(forward(coarse)), "central": error(central(coarse))}

fig, axes = plots.figure(
    "Two panels, forward and central quotient. In each, the errors in single and in double "
    "precision agree for long steps; for short ones the single precision cloud turns up and "
    "climbs to errors of one, while the other goes on falling, "
    "on the right until steps near 1e-5.",
    columns=2,
    sharey=True,
    figsize=(6.4, 3.7),
)
for ax, name in zip(axes, single, strict=True):
    ax.loglog(coarse.cpu(), double[name].clamp_min(1e-12), ".", color="C0", markersize=4)
    ax.loglog(coarse.cpu(), single[name].clamp_min(1e-12), "^", color="C1", markersize=3.5)
    ax.set(title=f"{name} quotient", xlabel="step h", ylim=(3e-12, 30))
axes[0].text(3e-7, 3.0, "24 digits", color="C1")
axes[0].text(3e-6, 3e-8, "53 digits", color="C0", ha="left")
axes[0].set_ylabel("error")

# %%
# No subtraction, no second branch
# --------------------------------
# The rounding error is so harmful because two nearly equal numbers are subtracted. For a function
# that is made of operations for complex numbers one can step in the imaginary direction:
#
# .. math:: f(x + ih) = f(x) + ih f'(x) - \tfrac{h^2}2 f''(x) - \dots
#
# The imaginary part, divided by the step, is the derivative up to an error of order two,
#
# .. math:: f'(x) = \frac{\operatorname{Im} f(x + ih)}{h} + O(h^2) .
#
# The imaginary part is computed apart from the large real part, and nothing is subtracted (Squire
# and Trapp, 1998). So the step may be as small as :math:`10^{-200}`. Then the square of the
# imaginary part is lost beside the real one, and what is left is a calculation with pairs :math:`v
# + h\dot v\, i` in which :math:`i^2` counts as 0: dual numbers, forward mode. (Errors
# of exactly 0 are drawn at the lower edge.)
tiny = torch.logspace(-200, -0.3, 300, dtype=torch.float64, device=device)


def complex_step(h):
    return f(torch.complex(torch.full_like(h, 5.0), h)).imag / h


complex_error = error(complex_step(tiny))
fig, ax = plots.figure(
    "Error of the complex step for steps from 1e-200 to a half. It falls with slope two until it "
    "meets the level of rounding near 1e-8, and stays there, flat, for all smaller steps. The "
    "central quotient turns up at 1e-5 and reaches an error of one at 1e-15.",
    figsize=(6.4, 3.8),
)
ax.loglog(tiny.cpu(), complex_error.clamp_min(1e-17), "s", color="C2", markersize=3)
ax.loglog(steps.cpu(), curves[2], ".", color="C1", markersize=3)
ax.text(1e-130, 3e-15, "complex step", color="C2")
ax.text(1e-19, 1e-3, "central quotient", color="C1", ha="right")
ax.set(
    title="Stepping in the imaginary direction",
    xlabel="step h",
    ylabel="error",
    xticks=[1e-200, 1e-150, 1e-100, 1e-50, 1],
    ylim=(1e-17, 30),
)

# %%
# Where is the bottom?
# --------------------
# Let each value of the function be off by at most :math:`\delta`. The bound of a quotient of order
# :math:`p` is :math:`c\,h^p + C\delta/h`, with the least value at :math:`h =
# (C\delta/(pc))^{1/(p+1)}`: the best step is :math:`\delta^{1/(p+1)}` up to a factor, and the best
# error :math:`\delta^{p/(p+1)}`. With 16 digits, that makes 8, 11, 13 and 14 digits for the orders
# 1, 2, 4 and 6. Instead of the best single step, which may be a lucky one, the picture takes for
# each third of a decade the *largest* error, and of these the least.


def bottom(curve, at):
    """The least, over windows of a third of a decade, of the largest error in the window."""
    windows = torch.floor(3 * torch.log10(at.cpu()))
    largest = {w.item(): curve[windows == w].max().item() for w in windows.unique()}
    window = min(largest, key=largest.get)
    return 10 ** ((window + 0.5) / 3), largest[window]


bottoms = {p: bottom(curve, steps) for p, curve in curves.items()}
delta = 4e-15
fig, ax = plots.figure(
    "Best step and best error for the orders one, two, four and six, as four points on logarithmic "
    "axes, going down to the right close to a line of predicted points.",
    figsize=(6.4, 3.8),
)
predicted = [(delta ** (1 / (p + 1)), delta ** (p / (p + 1))) for p in bottoms]
ax.loglog(*zip(*predicted, strict=True), "--", color=plots.SOFT, linewidth=1)
for k, (order, place) in enumerate(bottoms.items()):
    ax.loglog(*place, "o^sD"[k], color=f"C{k}", markersize=8)
    ax.annotate(
        f"order {order}",
        place,
        xytext=(0, -19),
        textcoords="offset points",
        ha="center",
        color=f"C{k}",
    )
ax.text(2e-6, 2e-8, "predicted", color=plots.SOFT)
ax.set(
    title="The best step and the best error",
    xlabel="step h",
    ylabel="error",
    xlim=(1e-8, 3),
    ylim=(1e-15, 1e-6),
)

# %%
# What the pictures claim
# -----------------------


def at(h):
    return torch.tensor([h], dtype=torch.float64)


claim("forward quotient at h = 1e-8: error", error(forward(at(1e-8))), [1.3e-8], atol=5e-10)
claim("central quotient at h = 1e-5: error", error(central(at(1e-5))), [8.7e-11], atol=5e-13)
claim(
    "right branches: the error's factor for half the step, orders 1, 2, 4, 6",
    [
        (error(q(at(0.1))) / error(q(at(0.05)))).item()
        for q in (forward, *(lambda h, p=p: central(h, p) for p in CENTRAL))
    ],
    [2, 4, 16, 64],
    rtol=0.06,
)
small = steps.cpu() < 1e-9
claim(
    "left branches, h < 1e-9: largest of error · h, in units of 1e-15, for all four",
    [(curve * steps.cpu())[small].max().item() / 1e-15 for curve in curves.values()],
    4,
    relation="<",
)
claim(
    "the bottoms move to the right and down with the order: factors of step and of error",
    [
        [bottoms[q][0] / bottoms[p][0], bottoms[p][1] / bottoms[q][1]]
        for p, q in ((1, 2), (2, 4), (4, 6))
    ],
    2,
    relation=">",
)
claim(
    "best steps and errors are the predicted ones up to a factor of",
    torch.tensor(list(bottoms.values())).div(torch.tensor(predicted)).log().abs().exp(),
    6,
    relation="<",
)
claim(
    "single precision: the least error of the forward quotient in any third of a decade",
    bottom(single["forward"], coarse)[1],
    5e-4,
    relation=">",
)
claim("complex step, all h ≤ 1e-9: error", complex_error[tiny.cpu() <= 1e-9], 2**-51, relation="≤")
claim("complex step at h = 1e-200: error", error(complex_step(at(1e-200))), 2**-52, relation="≤")
claim(
    "complex step, right branch: the error's factor for half the step",
    error(complex_step(at(0.1))) / error(complex_step(at(0.05))),
    [4],
    rtol=0.01,
)

plt.show()
