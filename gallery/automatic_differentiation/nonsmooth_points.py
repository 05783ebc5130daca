# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Where autograd is not the derivative
====================================

Autograd multiplies local slopes. Where an operation has no slope, or an infinite one, something
has to be put in. You will see six functions with a point at which the answer is surprising, a map
of a network that is linear on each of many polygons, the lines on which a linear function in
disguise is differentiated wrongly, and how often a rounded sum hits a kink exactly.

The script belongs to the lecture :doc:`/lectures/autograd`.
"""

# %%
# Six points
# ----------
# Each panel shows the slope that autograd reports, at many points (line) and at the one in question
# (disc; a cross at the lower edge for NaN). The first three functions are differentiable there:
# they are :math:`x`, :math:`x^2` and :math:`x`, and the true slopes are 1, 0 and 1. The other
# three are :math:`\max(x, 0)`, written in three ways, with a kink at 0.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.render import table
from steepest.trace import record

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["differentiation", "nonsmooth", "pitfalls"]
relu = torch.relu


def number(value):
    return torch.tensor(value, dtype=torch.float64, device=device)


def slopes(fun, points):
    """The slopes that autograd reports at all points, by one sweep over their sum."""
    points = number(points).requires_grad_()
    return torch.autograd.grad(fun(points).sum(), points)[0].cpu()


cases = {
    "relu(x) − relu(−x)": (lambda x: relu(x) - relu(-x), 0.0, 1.0),
    "√(x⁴)": (lambda x: torch.sqrt(x**4), 0.0, 1.0),
    "ln eˣ": (lambda x: torch.log(torch.exp(x)), 1000.0, 900.0),
    "relu(x)": (relu, 0.0, 1.0),
    "maximum(x, 0)": (lambda x: torch.maximum(x, torch.zeros_like(x)), 0.0, 1.0),
    "clamp(x, min=0)": (lambda x: x.clamp(min=0), 0.0, 1.0),
}
reported = {name: slopes(fun, [at]).item() for name, (fun, at, _) in cases.items()}
fig, axes = plots.figure(
    "Six panels with slopes as lines. First: the line is at 1 and the disc at 0. Second: the line "
    "rises through 0 and a cross marks NaN. Third: the line at 1 ends near 710 and a cross stands "
    "at 1000. Fourth to sixth: the line jumps from 0 to 1, the disc is at 0, at one half and at "
    "1.",
    rows=2,
    columns=3,
    figsize=(6.4, 4.4),
)
for ax, (name, (fun, at, width)) in zip(axes.flat, cases.items(), strict=True):
    for side in (-1, 1):
        xs = [at + side * width * (i + 0.5) / 60 for i in range(60)]
        ax.plot(xs, slopes(fun, xs), color="C0")
    missing = math.isnan(reported[name])
    bottom = -2.4 if "⁴" in name else -0.35
    ax.plot(
        at, bottom if missing else reported[name], "X" if missing else "o", color="C1", markersize=7
    )
    ax.set(title=name, ylim=(bottom - 0.15, 2.4 if "⁴" in name else 1.35))
    ax.set_xticks([at - width, at, at + width])
axes[0][0].set_ylabel("slope")
axes[1][0].set_ylabel("slope")

# %%
# How NaN comes about
# -------------------
# The trace of :math:`\sqrt{x^4}` at 0, to be read from the bottom upwards. The root has an infinite
# slope at 0, the fourth power has slope 0, and the product of infinity and zero is not a number.
undefined = record(lambda x: torch.sqrt(x**4), number(0.0))
table(undefined, cotangent=1.0, form="html")

# %%
# A network is made of polygons
# -----------------------------
# A network of two layers of relus maps the plane to a number. Where no relu changes its state, it
# is linear: the gradient is constant on polygons. The picture shows autograd's gradient at each of
# 62,500 points, the brighter the longer; the colours are spread evenly over the lengths. On the
# polygons it is right, and the edges have no area; with weights drawn at random, none of these
# points lies on an edge.
generator = torch.Generator().manual_seed(3)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=generator).to(device)


first, shift, second, shift2, last = normal(7, 2), normal(7), normal(6, 7), normal(6), normal(6)


def arguments(x):
    """What the relus of both layers are given, for points in rows."""
    one = x @ first.T + shift
    return one, relu(one) @ second.T + shift2


def network(x):
    return relu(arguments(x)[1]) @ last


side = 250
axis = torch.linspace(-2, 2, side, dtype=torch.float64, device=device)
grid = torch.cartesian_prod(axis, axis).requires_grad_()
(gradients,) = torch.autograd.grad(network(grid).sum(), grid)
size = gradients.norm(dim=1).reshape(side, side).T.contiguous().cpu()
rank = torch.searchsorted(size.unique(), size)
fig, ax = plots.figure(
    "A square divided into a few dozen polygons, each of one colour: the size of the gradient of "
    "a small network over the plane. The borders are straight and have corners.",
    figsize=(4.9, 4.6),
)
ax.imshow(rank, origin="lower", extent=(-2, 2, -2, 2), interpolation="nearest")
ax.grid(False)
ax.set(title="A small network: one gradient a polygon", xlabel=r"$x_1$", ylabel=r"$x_2$")

# %%
# A linear function in disguise
# -----------------------------
# Since :math:`\mathrm{relu}(u) - \mathrm{relu}(-u) = u`, the network
# :math:`a^\top \mathrm{relu}(Wx) - a^\top \mathrm{relu}(-Wx)` is the linear function :math:`a^\top
# Wx`. Its gradient is :math:`W^\top a` everywhere; there is no kink in it, only in its parts. With
# whole numbers in :math:`W`, points with whole coordinates lie on the five lines often. There,
# and only there, autograd is wrong.
W = number([[1.0, 1.0], [1.0, -1.0], [2.0, -1.0], [0.0, 1.0], [-1.0, 3.0]])
a = number([1.0, -1.0, 1.0, 2.0, -1.0])


def wrong(points):
    """Which of the points in rows get a gradient that is not the gradient."""
    points = points.clone().requires_grad_()
    disguised = (relu(points @ W.T) - relu(-points @ W.T)) @ a
    (answers,) = torch.autograd.grad(disguised.sum(), points)
    return ((answers - a @ W).abs().amax(dim=1) > 1e-12).cpu()


whole = torch.cartesian_prod(*[torch.arange(-8.0, 9.0, dtype=torch.float64, device=device)] * 2)
mistaken = wrong(whole)
fig, ax = plots.figure(
    "A grid of small dots over the plane. Larger crosses mark the dots that lie on one of five "
    "thin lines through the centre; there the reported gradient is wrong.",
    figsize=(5.0, 4.8),
)
dots = whole.cpu()
for w1, w2 in W.tolist():
    reach = 8.4 / max(abs(w1), abs(w2))
    ax.plot([-w2 * reach, w2 * reach], [w1 * reach, -w1 * reach], color=plots.SOFT, linewidth=0.8)
ax.plot(*dots[~mistaken].T, ".", color="C0", markersize=4)
ax.plot(*dots[mistaken].T, "X", color="C1", markersize=6.5)
ax.set(
    title="A linear function: where its gradient is wrong",
    xlabel=r"$x_1$",
    ylabel=r"$x_2$",
    xlim=(-8.7, 8.7),
    ylim=(-8.7, 8.7),
    aspect="equal",
)
ax.grid(False)

# %%
# How often a kink is hit
# -----------------------
# For real numbers drawn at random, a relu's argument is 0 with probability zero. A computer rounds.
# Here are sums of eight products of random numbers; each product and each partial sum is rounded to
# :math:`t` significant bits. The share of sums that are exactly 0 follows :math:`C\,2^{-t}`;
# the ring for 11 bits is read off the line.


def rounded(x, bits):
    """x with so many significant bits."""
    mantissa, exponent = torch.frexp(x)
    return torch.ldexp(torch.round(mantissa * 2**bits), exponent - bits)


def share_of_zeros(bits, samples=200_000, terms=8):
    total = torch.zeros(samples, dtype=torch.float64)
    for _ in range(terms):
        u, v = rounded(torch.randn(2, samples, dtype=torch.float64, generator=generator), bits)
        total = rounded(total + rounded(u * v, bits), bits)
    return (total == 0).double().mean().item()


bits = list(range(3, 10))
shares = [share_of_zeros(t) for t in bits]
constant = sum(s * 2**t for s, t in zip(shares[2:6], bits[2:6], strict=True)) / 4
fig, ax = plots.figure(
    "The share of exact zeros against the number of significant bits, from 3 to 9, on a "
    "logarithmic axis. The dots fall along a straight dashed line by a factor of two for each "
    "bit. The line goes on to 11 bits, float16.",
    figsize=(5.6, 3.6),
)
ax.semilogy(
    range(3, 13), [constant * 2.0**-t for t in range(3, 13)], "--", color=plots.SOFT, linewidth=1
)
ax.semilogy(bits, shares, "o", color="C0")
ax.text(8.1, 1.35 * constant * 2**-8, "bfloat16", color="C0")
ax.plot(11, constant * 2**-11, "o", color="C0", markerfacecolor="none")
ax.text(11, 1.35 * constant * 2**-11, "float16", color="C0")
ax.set(title="Sums that are exactly zero: their share", xlabel="significant bits t")

# %%
# What the pictures claim
# -----------------------
claim("relu(x) − relu(−x) at 0: reported", reported["relu(x) − relu(−x)"], 0)
beside = slopes(cases["relu(x) − relu(−x)"][0], [-1e-300, 1e-300])
claim("relu(x) − relu(−x) at ±1e-300: reported", beside, 1)
claim("√(x⁴) at 0: reported", reported["√(x⁴)"], math.nan)
claim("√(x⁴) at 0.5: reported, against 2x", slopes(cases["√(x⁴)"][0], [0.5]), 1, atol=1e-15)
claim(
    "ln eˣ at 1000 and at 700: reported", slopes(cases["ln eˣ"][0], [1000.0, 700.0]), [math.nan, 1]
)
names = ("relu(x)", "maximum(x, 0)", "clamp(x, min=0)")
claim("max(x, 0) at 0, three ways: reported", [reported[name] for name in names], [0, 0.5, 1])
claim(
    "√(x⁴) at 0, adjoints from the root upwards",
    torch.stack(undefined.reverse()[::-1]),
    [1, math.inf, math.nan],
)
hits = sum((part == 0).sum() for part in arguments(grid.detach()))
claim("the polygons: relus of 62,500 points that sit on a kink", hits, 0)
pieces = torch.cat([part > 0 for part in arguments(grid.detach())], dim=1)
patterns, which = pieces.unique(dim=0, return_inverse=True)
spread = max(
    (gradients[which == i].amax(0) - gradients[which == i].amin(0)).max().item()
    for i in range(len(patterns))
)
claim("the polygons: how many patterns of active relus are seen", len(patterns), 20, relation=">")
claim("the polygons: on each the gradient is constant; largest spread", spread, 0, atol=1e-12)
on_lines = (whole @ W.T == 0).any(dim=1).cpu()
claim(
    "a linear function: wrong exactly on the five lines", bool((mistaken == on_lines).all()), True
)
random_points = 16 * torch.rand(20_000, 2, dtype=torch.float64, generator=generator).to(device) - 8
claim("a linear function: wrong among 20,000 random points", wrong(random_points).sum(), 0)
ratios = [s / (constant * 2.0**-t) for s, t in zip(shares, bits, strict=True)]
claim("exact zeros, 3 to 9 bits: their share, divided by C·2^(−t)", ratios, 1, atol=0.25)
claim(
    "exact zeros: with 24 bits (float32), fewer than one in ten million",
    constant * 2.0**-24,
    1e-7,
    relation="<",
)

plt.show()
