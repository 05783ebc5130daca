# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Rates and their bounds
======================

Five theorems promise that an error falls below a line. You will see many runs beside each line:
none crosses it, and how near they come differs a lot.

The script belongs to the lecture :doc:`/lectures/rates`.
"""

# %%
# Any smooth function: the smallest gradient
# ------------------------------------------
# The sum of a function over many starts has a gradient that acts on each start alone. So one call
# of ``minimize`` on a matrix, one row a start, makes all runs at once and keeps their history.
#
# :math:`f(x) = \sum_i x_i^2/(1 + x_i^2)` has :math:`L = 2` and plateaus on which little happens.
# With step :math:`1/L` the smallest squared gradient of the first k is at most
# :math:`2L(f(x_0) - f_{\rm low})/k`. Each run is divided by its own
# :math:`2L(f(x_0) - f_{\rm low})`, so that one line, :math:`1/k`, serves all. The stairs are
# coordinates that come down from their plateau one after another.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["convexity", "rates"]
double = {"dtype": torch.float64, "device": device}


def runs(fun, starts, lr, steps):
    """Return the iterates, (steps + 1, k, n), and their values, (steps + 1, k)."""
    method = methods.gradient_descent(lr)
    x = minimize(lambda rows: fun(rows).sum(), starts, method, max_iter=steps).history.x
    return x, fun(x)


def show(ax, k, measured, line, color, **style):
    """Draw the runs thin, and the line that they must not cross."""
    ax.plot(k.cpu(), measured.cpu(), color=color, linewidth=0.6, alpha=0.5)
    ax.plot(k.cpu(), line.cpu(), color=plots.INK, linestyle="--", linewidth=1.6)
    ax.set(**style)


def robust(x):
    return (x**2 / (1 + x**2)).sum(-1)


x, f = runs(robust, 4 * torch.randn(40, 12, **double), 1 / 2, 400)
gradients = 2 * x / (1 + x**2) ** 2
k = torch.arange(1, 401, **double)
nonconvex = gradients[:-1].square().sum(-1).cummin(0).values / (4 * f[0])

fig, ax = plots.figure(
    "Forty curves on two logarithmic axes, all below a dashed straight line of slope minus "
    "one. They "
    "fall in stairs and come nearest to the line early on.",
    figsize=(6.0, 3.7),
)
show(ax, k, nonconvex, 1 / k, "C0", xscale="log", yscale="log", xlabel="k", ylim=(1e-7, 2))
ax.set_title("Smallest squared gradient, in units of its constant")
ax.text(40, 0.045, "1/k", color=plots.INK)

# %%
# Convex: the value
# -----------------
# The error is at most :math:`L\|x_0 - x^\star\|^2/(2k)`. Three kinds of runs, each in units of
# :math:`L\|x_0 - x^\star\|^2/2`: random starts (thin) on a quadratic in 300 dimensions whose
# eigenvalues :math:`1/i^2` fade away, as in inverse problems; a start on the single eigenvalue
# :math:`\lambda = 1/100`, whose curve :math:`\lambda(1-\lambda)^{2k}` reaches :math:`1/(2e)` of
# the line at :math:`k = 50`; and Huber's function made for :math:`k = 50`, which reaches one half.
# More is not possible, up to the difference of :math:`2k` and :math:`2k + 1` (Drori and Teboulle,
# 2014).
fading = 1 / torch.arange(1, 301, **double) ** 2
delta = 1 / 101


def faint(x):
    return (fading * x**2).sum(-1) / 2


def huber(x):
    size = x[..., 0].abs()
    return torch.where(size <= delta, size**2 / 2, delta * size - delta**2 / 2)


starts = torch.randn(40, 300, **double)
convex = runs(faint, starts, 1.0, 400)[1][1:] / (starts.square().sum(1) / 2)
one = torch.zeros(1, 300, **double)
one[0, 9] = 1.0
single = runs(faint, one, 1.0, 400)[1][1:, 0] * 2
made = runs(huber, torch.ones(1, 1, **double), 1.0, 400)[1][1:, 0] * 2

fig, ax = plots.figure(
    "Curves on two logarithmic axes below a dashed line of slope minus one. Random starts run "
    "far below "
    "it. A dash-dotted curve is level, comes near the line at k = 50 and drops. A solid curve "
    "comes "
    "nearer still, and drops at k = 100.",
    figsize=(6.0, 3.7),
)
show(ax, k, convex, 1 / k, "C5", xscale="log", yscale="log", xlabel="k", ylim=(1e-5, 2))
ax.plot(k.cpu(), single.cpu(), color="C1", linestyle="-.")
ax.plot(k.cpu(), made.cpu(), color="C0")
ax.set_title("Error of the value, in units of its constant")
ax.text(100, 0.02, "1/k", color=plots.INK)
ax.text(2.0, 0.027, "Huber", color="C0")
ax.text(2.0, 0.0048, "one eigenvalue", color="C1")
ax.text(1.1, 6e-5, "random starts", color="C5")

# %%
# Strongly convex: two steps, two lines
# -------------------------------------
# :math:`f(x) = (L-\mu)\sum_i \log\cosh x_i + \tfrac\mu2\|x\|^2` with :math:`L = 20, \mu = 1` has
# the curvature L at its minimiser and almost μ far out. The step :math:`2/(L+\mu)` promises a
# factor :math:`(\kappa-1)/(\kappa+1)` for the distance. Near the minimiser it overshoots by
# *exactly* this factor: the runs are parallel to their line. The shorter step :math:`1/L` promises
# less and is much better here: near the minimiser it is nearly a Newton step.
L, mu = 20.0, 1.0
q = (L - mu) / (L + mu)


def bowl(x):
    return ((L - mu) * torch.log(torch.cosh(x)) + mu / 2 * x**2).sum(-1)


starts = 5 * torch.randn(40, 6, **double)
size = starts.norm(dim=1)
steps = torch.arange(121, **double)
long = runs(bowl, starts, 2 / (L + mu), 120)[0].norm(dim=2) / size
short = runs(bowl, starts, 1 / L, 120)[0].norm(dim=2) / size

fig, axes = plots.figure(
    "Two panels, distance on a logarithmic axis against the iteration. On the left forty "
    "curves become "
    "parallel to the dashed line above them. On the right they bend and plunge far below theirs.",
    columns=2,
    sharey=True,
    figsize=(6.4, 3.6),
)
show(axes[0], steps, long, q**steps, "C0", title="step 2/(L + μ)", ylabel="relative distance")
show(axes[1], steps, short, (1 - mu / L) ** (steps / 2), "C2", title="step 1/L")
for ax in axes:
    ax.set(xlabel="k", yscale="log", ylim=(1e-9, 2))

# %%
# Exact steps: the factor against the condition number
# ----------------------------------------------------
# On a quadratic an exact step shrinks the error at least by :math:`((\kappa-1)/(\kappa+1))^2`.
# Each dot is the worst of the steps 20 to 40 from a random start in 8 dimensions. It is no
# accident that the dots gather near the curve: runs forget where they started and fall into the
# zigzag between the two extreme eigenvectors (Akaike, 1959).
kappas = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
late = []
for kappa in kappas:
    spectrum = kappa ** torch.linspace(0, 1, 8, **double)
    for x0 in torch.randn(8, 8, **double):
        f = minimize(
            lambda x, s=spectrum: (s * x**2).sum() / 2, x0, methods.steepest_descent(), max_iter=40
        ).history.fun
        late.append((f[1:] / f[:-1])[20:].max())
late = torch.stack(late).reshape(len(kappas), -1)
kantorovich = torch.tensor([((c - 1) / (c + 1)) ** 2 for c in kappas], **double)

fig, ax = plots.figure(
    "Dots below a dashed rising curve, for six condition numbers from 2 to 64. They crowd just "
    "below the "
    "curve.",
    figsize=(6.0, 3.5),
)
grid = torch.logspace(0.2, 1.9, 100, dtype=torch.float64)
ax.plot(grid, ((grid - 1) / (grid + 1)) ** 2, "--", color=plots.INK)
ax.plot(kappas, late.cpu(), "o", color="C3", alpha=0.6, markersize=4)
ax.set(
    xscale="log",
    title="Factor of an exact step",
    xlabel="condition number",
    ylabel="factor",
    xticks=kappas,
    xticklabels=[f"{c:g}" for c in kappas],
)
ax.minorticks_off()

# %%
# Ripples instead of convexity
# ----------------------------
# :math:`x^2 + 3\sin^2 x` is not convex, but satisfies the Polyak–Łojasiewicz inequality
# :math:`\tfrac12 f'^2 \ge \mu f`. The dotted line has the constant :math:`\mu = 1/32` that one
# proves by hand, the dashed line the best one, 0.1755. All 60 runs slow down where a ripple is
# nearly level, and take a different number of ripples.


def ripple(x):
    return (x**2 + 3 * torch.sin(x) ** 2).sum(-1)


starts = torch.linspace(-14, 14, 60, **double)[:, None]
f = runs(ripple, starts, 1 / 8, 80)[1]
steep = f / f[0]
steps = torch.arange(81, **double)
best = 0.1755

fig, ax = plots.figure(
    "Error relative to the first on a logarithmic axis against the iteration. Sixty curves in "
    "stairs, "
    "each plunging at its end, stay below a dashed line; a dotted line lies higher.",
    figsize=(6.0, 3.7),
)
show(
    ax,
    steps,
    steep,
    (1 - best / 8) ** steps,
    "C0",
    yscale="log",
    xlabel="k",
    ylim=(1e-5, 1.6),
    xlim=(0, 25),
)
ax.plot(steps.cpu(), ((1 - 1 / 256) ** steps).cpu(), color=plots.INK, linestyle=":")
ax.set_title("x² + 3 sin² x: error relative to the first")

# %%
# What the pictures claim
# -----------------------
# Rounding enters where errors are of the size of machine epsilon; the tolerances allow for that
# only.

column = k[:, None]
claim(
    "smallest gradient: 40 runs, 400 steps, share of the bound",
    (nonconvex * column).max(),
    1,
    relation="≤",
)
claim("and one of them uses more than a tenth of it", (nonconvex * column).max(), 0.1, relation=">")
claim(
    "convex: 40 random starts, largest share of the bound", (convex * column).max(), 1, relation="≤"
)
claim("random starts use less than a twentieth of it", (convex * column).max(), 0.05, relation="<")
claim("one eigenvalue 1/100 uses 1/(2e)", (single * k).max(), 1 / (2 * math.e), rtol=0.01)
claim("one eigenvalue: at k = 50", int((single * k).argmax()) + 1, 50, atol=1)
claim("Huber's function made for k = 50 uses 50/101", (made * k)[49], 50 / 101, rtol=1e-9)
steps = torch.arange(121, **double)[:, None]
claim(
    "strongly convex, step 2/(L+μ): no run above its line",
    (long - q**steps).max(),
    0,
    relation="≤",
    atol=1e-15,
)
claim(
    "late steps shrink the distance by (κ−1)/(κ+1)",
    (long[61:91] / long[60:90]).flatten(),
    q,
    rtol=1e-3,
)
claim(
    "strongly convex, step 1/L: no run above its line",
    (short - (1 - mu / L) ** (steps / 2)).max(),
    0,
    relation="≤",
    atol=1e-15,
)
claim(
    "after 120 steps all runs of 1/L are nearer than those of 2/(L+μ)",
    (short / long)[-1].max(),
    1,
    relation="<",
)
claim(
    "exact steps: no factor above Kantorovich's",
    (late - kantorovich[:, None]).max(),
    0,
    relation="≤",
)
claim(
    "and for κ = 64 each start comes within 6 % of it",
    late[-1].min() / kantorovich[-1],
    0.94,
    relation=">",
)
steps = torch.arange(81, **double)[:, None]
claim(
    "ripples: no run above the line of the best μ",
    (steep - (1 - best / 8) ** steps).max(),
    0,
    relation="≤",
)
claim("ripples: after 80 steps all 60 runs are at 0", f[-1].max(), 1e-20, relation="<")

plt.show()
