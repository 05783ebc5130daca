# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Descent on a convex function with a kink
========================================

Gradient descent on :math:`f(x) = |x| + (x - 5)^2`, a function with one minimiser, one kink, and
more to tell than it seems. You will see the error shrink by exactly nine tenths per step, watch
single precision run out of digits while double precision goes on, and find a range of step sizes
for which even this convex function has two destinations.

The script belongs to the lecture :doc:`/lectures/gradient-descent-at-work`.
"""

# %%
# The function and three starts
# -----------------------------
# To the right of the kink the derivative is :math:`1 + 2(x - 5)`, to the left it is
# :math:`-1 + 2(x - 5)`. It is zero at :math:`x^\star = 4.5`, where :math:`f = 4.75`. The function
# is strictly convex, so there is no other minimiser.
import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, plots, problems

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["convexity", "nonsmooth", "step size"]

fun = problems.abs_quadratic().fun
minimiser = 4.5


def descend(start, lr, steps, dtype=torch.float64, fun=fun):
    """Return the iterates of gradient descent, the start included."""
    x0 = torch.tensor(start, dtype=dtype, device=device)
    return minimize(fun, x0, methods.gradient_descent(lr), max_iter=steps).history.x


starts = (-3.0, 0.0, 10.0)
runs = {start: descend(start, lr=0.05, steps=150) for start in starts}

# %%
# With step size 0.05, one step to the right of the kink is
#
# .. math:: x_{k+1} = x_k - 0.05\,(1 + 2 x_k - 10) = 0.9\,x_k + 0.45,
#    \qquad\text{so}\qquad x_{k+1} - 4.5 = 0.9\,(x_k - 4.5).
#
# The distance to the minimiser shrinks by the factor 0.9, and the iterate never changes sides. The
# upper picture shows where the iterates are on the graph, the lower one when: read it downwards.
#
# To the left of the kink the same step reads :math:`x_{k+1} - 5.5 = 0.9\,(x_k - 5.5)`. The run
# from −3 heads for 5.5, the minimiser of the *left* branch, and does not know better until it has
# crossed the kink, at step 5. Then its way bends.


def timeline(ax, path, color, **style):
    """Draw an iterate against its number, time running downwards."""
    x = path.cpu()
    ax.plot(x, torch.arange(len(x)), ".-", color=color, linewidth=1.2, **style)
    ax.plot(x[:1], [0], "o", color=color, markerfacecolor="none", markersize=9)


fig, (top, bottom) = plots.figure(
    "Above, the graph of |x| + (x - 5) squared with three runs sliding down to 4.5. "
    "Below, the same runs against time: smooth curves that close in on 4.5; the one from -3 "
    "crosses the kink at step 5 and bends there.",
    rows=2,
    sharex=True,
    figsize=(6.4, 6.0),
    height_ratios=(1, 1.15),
)
plots.graph(top, fun, (-4, 11), color=plots.INK, linewidth=1.4)
for color, (start, path) in zip(("C0", "C1", "C2"), runs.items(), strict=True):
    top.plot(path[:40].cpu(), fun(path[:40]).cpu(), ".", color=color, markersize=7)
    timeline(bottom, path[:41], color)
    bottom.annotate(
        f"from {start:g}".replace("-", "−"),
        (start, 0),
        xytext=(0, 9),
        textcoords="offset points",
        color=color,
        ha="center",
    )
top.annotate(
    "kink",
    (0, 25),
    xytext=(-2.4, 8),
    color=plots.SOFT,
    arrowprops={"arrowstyle": "-", "color": plots.SOFT, "shrinkB": 3},
    ha="center",
)
top.annotate(
    "minimum 4.75 at 4.5",
    (4.5, 50),
    xytext=(6, 0),
    textcoords="offset points",
    color=plots.SOFT,
)
for ax in (top, bottom):
    ax.axvline(0, color=plots.SOFT, linewidth=0.9, linestyle=":", zorder=0)
    ax.axvline(minimiser, color=plots.SOFT, linewidth=0.9, zorder=0)
top.set(title="Three starts, step size 0.05", ylabel="f(x)", ylim=(0, 70))
bottom.set(xlabel="x", ylabel="iteration", ylim=(41, -5.5))

# %%
# How fast, and how far
# ---------------------
# From 0 the exact iterate is known: the first step leads to 0.5 (PyTorch's derivative of
# :math:`|x|` at 0 is 0, one of the subgradients in :math:`[-1, 1]`), and the remaining
# :math:`k - 1` steps shrink the distance 4, so :math:`x_k = 4.5 - 4 \cdot 0.9^{k-1}`. On a
# logarithmic axis that is a straight line, and convergence of this kind is called *linear*.
#
# Every float format leaves the line somewhere. Close to :math:`x` the numbers of a format lie one
# ulp apart (a *unit in the last place*), and a step shorter than half an ulp changes nothing. Here
# the step is :math:`0.05 \cdot 2\,|x - 4.5|`, so the run stands still once
#
# .. math:: |x - 4.5| \le \frac{\mathrm{ulp}(4.5)}{4 \cdot 0.05}.
#
# That is about :math:`2.4 \cdot 10^{-6}` in single and :math:`4.4 \cdot 10^{-15}` in double
# precision. It is not the limit of what the format can hold (4.5 itself is a float); it is where
# *this* step size can no longer move.
steps = 400
error = {
    dtype: (descend(0.0, 0.05, steps, dtype).double() - minimiser).abs().cpu()
    for dtype in (torch.float32, torch.float64)
}
# Between 4 and 8 the spacing of the numbers is four times that just above 1.
still = {dtype: 4 * torch.finfo(dtype).eps / (4 * 0.05) for dtype in error}

fig, ax = plots.figure(
    "The error against the iteration on a logarithmic axis: a straight line that falls by nine "
    "tenths per step. Single precision leaves it near 2e-6 and stays there; double precision "
    "follows it down to 4e-15.",
)
k = torch.arange(1, steps + 1)
ax.plot(k, 4 * 0.9 ** (k - 1.0), color=plots.SOFT, linewidth=1, linestyle="--")
ax.annotate(
    "4 · 0.9$^{k-1}$",
    (345, 4 * 0.9**344),
    xytext=(-6, 0),
    textcoords="offset points",
    color=plots.SOFT,
    ha="right",
    va="top",
)
for color, (dtype, values) in zip(("C1", "C0"), error.items(), strict=True):
    ax.semilogy(values, color=color)
    ax.hlines(still[dtype], 0, (values <= still[dtype]).int().argmax(), color=color, linestyle=":")
ax.text(398, 5e-6, "single precision stops at 1.9e−6", color="C1", ha="right")
ax.text(4, 1.2e-16, "double precision stops at 3.6e−15", color="C0")
ax.set(
    title="The error shrinks by 0.9 per step, until the format gives out",
    xlabel="iteration",
    ylabel="|x − 4.5|",
    xlim=(0, 400),
    ylim=(1e-17, 20),
)
ax.set_yticks([1, 1e-4, 1e-8, 1e-12, 1e-16])

# %%
# A step that is too large
# ------------------------
# On either side of the kink a step multiplies the distance to that branch's minimiser by
# :math:`1 - 2\alpha`. This is smaller than 1 in size for every :math:`\alpha < 1`, which suggests
# that all those step sizes work. They do for :math:`(x-5)^2` alone. Here the kink spoils it.
#
# Take :math:`\alpha = 0.95`. The run from 1 hops from side to side around 4.5 and closes in. The
# run from −1 is thrown over 4.5 so far that it comes back to the wrong side of the kink, and ends
# in a *cycle*: from −4.5 to 14.5 and back, for ever. A convex function, one step size, and the
# start decides.
lr = 0.95
inside, outside = descend(1.0, lr, 150), descend(-1.0, lr, 150)
edge = minimiser + minimiser / (2 * lr - 1)  # beyond it, one step leads across the kink

fig, (top, bottom) = plots.figure(
    "Above, the graph with two runs of step size 0.95: one hops around 4.5 and settles there, the "
    "other ends up hopping between -4.5 and 14.5. Below, the same runs against time. A shaded band "
    "from 0 to 9.5 marks the starts that reach the minimum.",
    rows=2,
    sharex=True,
    figsize=(6.4, 6.0),
    height_ratios=(1, 1.15),
)
plots.graph(top, fun, (-6.5, 16.5), color=plots.INK, linewidth=1.4)
for color, path in (("C2", inside), ("C1", outside)):
    top.plot(path[:60].cpu(), fun(path[:60]).cpu(), ".", color=color, markersize=7)
    timeline(bottom, path[:31], color)
cycle = outside[-2:].sort().values
top.plot(cycle.cpu(), fun(cycle).cpu(), "--", color="C1", linewidth=1.2)
top.annotate(
    "the cycle", (5.0, 100), xytext=(0, 8), textcoords="offset points", color="C1", ha="center"
)
for ax in (top, bottom):
    ax.axvspan(0, edge, color="C2", alpha=0.12, linewidth=0)
top.annotate(
    "starts here reach 4.5",
    (edge / 2, 62),
    color="C2",
    ha="center",
)
bottom.annotate("from 1", (1, 0), xytext=(4, 8), textcoords="offset points", color="C2")
bottom.annotate(
    "from −1", (-1, 0), xytext=(-4, 8), textcoords="offset points", color="C1", ha="right"
)
top.set(title="Step size 0.95: two destinations", ylabel="f(x)", ylim=(0, 145))
bottom.set(xlabel="x", ylabel="iteration", ylim=(31, -4.5))

# %%
# Where does it begin? Follow a point on the left for two steps, one of each kind, and ask for
# which :math:`x` it returns to itself:
#
# .. math:: x_- = \frac{10 - 11\alpha}{2(1 - \alpha)}, \qquad x_+ = (1 - 2\alpha)\,x_- + 11\alpha .
#
# This is a cycle only if :math:`x_-` really lies on the left, that is for
# :math:`\alpha > 10/11`. Two steps multiply the distance to it by :math:`(1 - 2\alpha)^2`, so for
# :math:`10/11 < \alpha < 1` it attracts, while the minimum attracts as well. As :math:`\alpha`
# tends to 1 the cycle grows without bound: with 0.999 it ends near −494.5 and 504.5, and the
# 150th iterate from 0 stands at −127.5. Beyond 1 nothing converges at all.
#
# The picture shows where 300 step sizes end, each for a start on the left and one on the right.
# All runs are computed at once, as one tensor.
lrs = torch.linspace(0.8, 0.985, 300, dtype=torch.float64, device=device)


def many_ends(start):
    """Return the last two iterates of 2000 steps, one run for each entry of `lrs`."""
    x = torch.full_like(lrs, start)
    for _ in range(2000):
        x.requires_grad_()
        (slope,) = torch.autograd.grad(fun(x).sum(), x)
        before, x = x.detach(), x.detach() - lrs * slope
    return before, x


ends = {start: many_ends(start) for start in (1.0, -1.0)}

fig, ax = plots.figure(
    "Where gradient descent ends, against the step size. Up to 10/11 both starts end at 4.5. "
    "Beyond, the start at 1 still does, while the start at -1 ends on two branches that run away "
    "from each other as the step size approaches 1.",
)
ax.plot(lrs.cpu(), ends[1.0][1].cpu(), color="C2", linewidth=7, alpha=0.35)
for values in ends[-1.0]:
    ax.plot(lrs.cpu(), values.cpu(), "o", color="C1", markersize=5, alpha=0.4, rasterized=True)
fine = torch.linspace(10 / 11, 0.985, 200, dtype=torch.float64)
low = (10 - 11 * fine) / (2 * (1 - fine))
ax.plot(fine, low, color=plots.INK, linewidth=1)
ax.plot(fine, (1 - 2 * fine) * low + 11 * fine, color=plots.INK, linewidth=1)
ax.axvline(10 / 11, color=plots.SOFT, linewidth=0.9, linestyle=":")
ax.text(10 / 11, -18.5, "10/11 ", color=plots.SOFT, ha="right")
ax.text(0.942, 16, "from −1", color="C1", ha="right")
ax.text(0.94, 5.6, "from 1", color="C2")
ax.text(0.853, 5.6, "from 1 and from −1", color=plots.INK, ha="center")
ax.set(
    title="The end of the run against its step size",
    xlabel="step size",
    ylabel="last iterates",
    xlim=(0.8, 1),
    ylim=(-20, 28),
)

# %%
# When the minimiser is the kink
# ------------------------------
# So far the kink was only passed. Move the parabola, :math:`g(x) = |x| + (x - \tfrac14)^2`, and
# the minimiser is the kink itself, :math:`x^\star = 0`. The slopes there are −1.5 on the left and
# 0.5 on the right: they do not fade as the minimiser comes near, so a fixed step cannot become
# small. It hops between :math:`-0.5\alpha` and :math:`1.5\alpha` and stays there. A smaller step
# buys a smaller error, and more iterations. Steps that shrink as the run goes on would converge;
# see Nesterov (2018), chapter 3, on the subgradient method.


def kinked(x):
    return torch.abs(x) + (x - 0.25) ** 2


hops = {lr: descend(1.0, lr, 250, fun=kinked) for lr in (0.1, 0.04, 0.01)}

fig, ax = plots.figure(
    "Iterates of three runs towards a minimiser at the kink 0. Each falls into a band around 0 as "
    "wide as twice its step size, and hops in it for ever: the smaller the step, the narrower the "
    "band and the later the arrival.",
)
for color, (lr, path) in zip(("C0", "C1", "C2"), hops.items(), strict=True):
    ax.axhspan(-0.5 * lr, 1.5 * lr, color=color, alpha=0.15, linewidth=0)
    ax.plot(path.cpu(), ".-", color=color, markersize=4, linewidth=0.4, rasterized=True)
    ax.text(253, 1.5 * lr, f"step {lr:g}", color=color, va="top" if lr > 0.01 else "center")
ax.set(
    title="A kink at the minimum: hopping, not converging",
    xlabel="iteration",
    ylabel="x",
    xlim=(0, 250),
    ylim=(-0.07, 0.42),
)

# %%
# What the pictures claim
# -----------------------
from_zero = runs[0.0]
claim(
    "iterate 150 from 0 with step 0.05, float64",
    from_zero[150],
    4.5 - 4 * 0.9**149,
    atol=1e-12,
)
claim("the value there is the minimum 4.75", fun(from_zero[150]), 4.75, atol=1e-11)
errors = (from_zero[1:] - minimiser).abs()
claim("each of these steps shrinks the error by 0.9", errors[1:] / errors[:-1], 0.9, atol=1e-9)
from_left = runs[-3.0].cpu()
claim("the run from −3 crosses the kink at step 5", int((from_left > 0).int().argmax()), 5)
claim(
    "after the crossing it follows 4.5 − (8.5 · 0.9⁵ − 1) · 0.9ᵏ⁻⁵",
    from_left[5:],
    4.5 - (8.5 * 0.9**5 - 1) * 0.9 ** torch.arange(146, dtype=torch.float64),
    atol=1e-12,
)
claim(
    "float32 stands still no farther away than ulp/(4 · 0.05)",
    error[torch.float32][-1],
    still[torch.float32],
    relation="≤",
)
claim("float32 does not reach the minimiser", error[torch.float32][-1], 1e-6, relation=">")
claim(
    "float64 stands still no farther away than ulp/(4 · 0.05)",
    error[torch.float64][-1],
    still[torch.float64],
    relation="≤",
)
claim("with step 0.95 the run from 1 reaches 4.5", inside[-1], 4.5, atol=1e-5)
claim("with step 0.95 the run from −1 ends in a cycle", cycle, [-4.5, 14.5], atol=1e-5)
claim("iterate 150 from 0 with step 0.999", descend(0.0, 0.999, 150)[-1], -127.534083, atol=1e-4)
claim(
    "with every step below 0.9 both starts end at 4.5",
    [end[lrs < 0.9].min() for pair in ends.values() for end in pair]
    + [end[lrs < 0.9].max() for pair in ends.values() for end in pair],
    4.5,
    atol=1e-6,
)
claim(
    "iterate 150 from 1 with step 1.01 is far out",
    descend(1.0, 1.01, 150)[-1].abs(),
    100,
    relation=">",
)
for lr, path in hops.items():
    last = path[-50:] / lr
    claim(f"on the kink, step {lr:g} hops up to 1.5 of itself", last.max(), 1.5, relation="≤")
    claim(
        f"on the kink, step {lr:g} keeps hopping above 0.9 of itself", last.max(), 0.9, relation=">"
    )
    claim(f"on the kink, step {lr:g} hops down to −0.5 of itself", last.min(), -0.5, relation="≥")

plt.show()
