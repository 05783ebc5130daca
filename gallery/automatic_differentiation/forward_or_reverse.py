# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Forward or reverse?
===================

The Jacobian of a function with :math:`n` inputs and :math:`m` outputs, by :math:`n` forward sweeps
or by :math:`m` reverse sweeps: which is cheaper? You will see the operations counted for hundreds
of shapes, the two modes cross where :math:`n = m`, a clock agree with the count far from the
crossing and argue with it near by, and a function for which neither mode is the best way.

The script belongs to the lecture :doc:`/lectures/forward-and-reverse-mode`.
"""

# %%
# Counting
# --------
# A sweep multiplies once for every arrow of the computational graph, in either direction (Griewank
# and Walther, 2008, chapter 3). The function of this page takes the mean of its inputs and returns
# the sines of its first :math:`m` multiples: for the inputs :math:`x_1, \dots, x_n` and
# :math:`j = 1, \dots, m`
#
# .. math:: F_j(x) = \sin\Bigl(j\,\frac{x_1 + \dots + x_n}{n}\Bigr) .
#
# Its trace has :math:`2n - 1` arrows into the partial sums, the first of which is :math:`0 + x_1`,
# one into the mean, and two for each output: :math:`2(n + m)` in all. So all forward sweeps
# together multiply :math:`2n(n + m)` times and all reverse sweeps :math:`2m(n + m)` times.
import time

import matplotlib.pyplot as plt
import torch
from torch.func import jvp, vjp

from steepest import claim, plots
from steepest.render import drawing
from steepest.trace import record

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["differentiation", "cost"]


def number(value):
    return torch.tensor(value, dtype=torch.float64, device=device)


def mean(*x):
    return sum(x) / len(x)


def waves(m):
    """Return the function that gives the sines of 1, …, m times its argument."""
    return lambda u: tuple(torch.sin((j + 1) * u) for j in range(m))


def recorded(n, m):
    """Record the function with n inputs and m outputs."""
    x = [number(0.1 * i) for i in range(n)]
    return record(lambda *x: waves(m)(mean(*x)), *x)


drawing(
    recorded(3, 2),
    title="Three inputs, two outputs",
    description="Three inputs are summed one after the other, and the sum is divided by three. "
    "From the mean two paths lead to the two outputs, through a multiple and a sine.",
)

# %%
# Both modes, for all shapes up to 16 by 16, counted on 256 records and not by the formula. The
# colour of a cell says which mode is cheaper: green where forward mode is, purple where reverse
# mode is, the deeper the more. On the diagonal they cost the same.
most = 16
sizes = range(1, most + 1)
work = {mode: torch.zeros(most, most) for mode in ("forward", "reverse")}
for n in sizes:
    for m in sizes:
        tape = recorded(n, m)
        for mode, counted in work.items():
            cost = tape.cost(mode)
            counted[m - 1, n - 1] = cost.sweeps * cost.multiplications
ratio = work["forward"] / work["reverse"]

fig, ax = plots.figure(
    "A square of cells over inputs and outputs, both from 1 to 16. Above the diagonal, where there "
    "are more outputs than inputs, the cells are green: forward mode is cheaper. Below they are "
    "purple: reverse mode is. Colours deepen towards the corners, where the factor is 16.",
    figsize=(6.4, 5.0),
)
image = ax.imshow(
    torch.log2(ratio).numpy(),
    cmap="PRGn_r",
    vmin=-4.4,
    vmax=4.4,
    origin="lower",
    extent=(0.5, most + 0.5, 0.5, most + 0.5),
    interpolation="nearest",
)
ax.plot([0.5, most + 0.5], [0.5, most + 0.5], color="C1", linewidth=1.4)
box = {"facecolor": "#ffffff", "edgecolor": "none", "pad": 3}
ax.text(5, 12, "forward\nis cheaper", ha="center", va="center", color=plots.INK, bbox=box)
ax.text(12, 5, "reverse\nis cheaper", ha="center", va="center", color=plots.INK, bbox=box)
bar = fig.colorbar(image, ax=ax, ticks=[-4, -2, 0, 2, 4], shrink=0.9)
bar.ax.set_yticklabels(["1/16", "1/4", "1", "4", "16"])
bar.set_label("forward / reverse")
ax.set(
    title="Multiplications for the whole Jacobian",
    xlabel="inputs n",
    ylabel="outputs m",
    xticks=[1, 4, 8, 12, 16],
    yticks=[1, 4, 8, 12, 16],
)
ax.set_aspect("equal")
ax.grid(False)

# %%
# A third way
# -----------
# One row of the picture, :math:`m = 8`. Forward mode grows with the square of :math:`n`, reverse
# mode in proportion to :math:`n + 8`, and they cross at :math:`n = 8`. Yet below both lies a third
# curve. All of :math:`F` passes through one number, the mean. One reverse sweep over the first half
# gives all derivatives of the mean, one forward sweep over the second half all derivatives by it,
# and the Jacobian is the product of that column and that row: :math:`2(n + m)` multiplications on
# the arrows and :math:`nm` for the product. Neither of the two pure modes is best. To find the best
# order of all for a given graph is a hard problem in general (Naumann, 2008, *Optimal Jacobian
# accumulation is NP-complete*; Griewank and Walther, 2008, chapter 10).
fixed = 8
through = []
for n in sizes:
    first = record(mean, *[number(0.1 * i) for i in range(n)])
    second = record(waves(fixed), first.rows[first.outputs[0]].value)
    gradient = torch.stack(first.reverse()[:n])
    swept = second.forward(1.0)
    column = torch.stack([swept[j] for j in second.outputs])
    parts = first.cost("reverse"), second.cost("forward")
    through.append(sum(part.sweeps * part.multiplications for part in parts) + n * fixed)
product = torch.outer(column, gradient)  # for the last n, 16

fig, ax = plots.figure(
    "Multiplications against the number of inputs, with eight outputs. Forward mode rises in a "
    "bend and crosses the straight line of reverse mode at 8 inputs. The third curve, by way of "
    "the mean, lies below both from 2 inputs on.",
    figsize=(6.4, 3.8),
)
curves = {
    "forward mode": (work["forward"][fixed - 1].tolist(), "C0", "o", (12.5, 560), "right"),
    "reverse mode": (work["reverse"][fixed - 1].tolist(), "C1", "s", (16, 290), "right"),
    "through the mean": (through, "C2", "^", (16, 90), "right"),
}
for name, (line, color, marker, place, side) in curves.items():
    ax.plot(sizes, line, marker + "-", color=color, markersize=3.5, linewidth=1.4)
    ax.text(*place, name, color=color, ha=side)
ax.axvline(fixed, color=plots.SOFT, linestyle=":", linewidth=1)
ax.set(
    title="Eight outputs: two pure modes and a third way",
    xlabel="inputs n",
    ylabel="multiplications",
    xticks=[1, 4, 8, 12, 16],
    ylim=(0, 800),
)

# %%
# By the clock
# ------------
# A count is not a time. PyTorch computes on whole tensors, so here is a function of tensors,
# :math:`F(x) = B \tanh(A x)` with 64 hidden values, and both Jacobians one sweep after another: a
# column each by ``jvp``, a row each by ``vjp``. Each dot is the quickest of several runs. Far from
# :math:`n = m` the clock agrees with the count. Near the crossing, what one sweep costs besides its
# multiplications decides: a ``vjp`` can use one recorded run for all rows, a ``jvp`` evaluates the
# function again for every column. So the times may cross at another place than the counts, and at a
# different one on another machine.
hidden = 64


def layer(n, m):
    inner = torch.randn(hidden, n, dtype=torch.float64).to(device) / hidden**0.5
    outer = torch.randn(m, hidden, dtype=torch.float64).to(device)
    return lambda x: outer @ torch.tanh(inner @ x)


def by_columns(fun, x):
    eye = torch.eye(len(x), dtype=x.dtype, device=device)
    return torch.stack([jvp(fun, (x,), (seed,))[1] for seed in eye], dim=1)


def by_rows(fun, x):
    value, pull = vjp(fun, x)
    eye = torch.eye(len(value), dtype=x.dtype, device=device)
    return torch.stack([pull(seed)[0] for seed in eye])


def seconds(way, fun, x):
    """Return the shortest time of at least three runs, and of more if they are quick."""
    times = []
    while len(times) < 3 or (sum(times) < 0.1 and len(times) < 50):
        begin = time.perf_counter()
        way(fun, x).sum().item()  # .item() waits for a GPU
        times.append(time.perf_counter() - begin)
    return min(times)


widths = [1, 2, 4, 8, 16, 32, 64, 128, 256]
outputs = 16
clock = {by_columns: [], by_rows: []}
gaps = []
for n in widths:
    fun, x = layer(n, outputs), torch.randn(n, dtype=torch.float64).to(device)
    gaps.append((by_columns(fun, x) - by_rows(fun, x)).abs().max().item())
    for way, times in clock.items():
        times.append(seconds(way, fun, x))
tall, at = layer(1, 256), torch.randn(1, dtype=torch.float64).to(device)
tall_times = [seconds(way, tall, at) for way in clock]

fig, ax = plots.figure(
    "Measured milliseconds against the number of inputs on logarithmic axes, with 16 outputs. "
    "Forward mode rises in proportion to the inputs, reverse mode stays level; they cross in "
    "between, and at 256 inputs forward mode takes many times as long.",
    figsize=(6.4, 3.8),
)
for way, name, color, marker in (
    (by_columns, "forward mode", "C0", "o"),
    (by_rows, "reverse mode", "C1", "s"),
):
    times = [1000 * t for t in clock[way]]
    ax.loglog(widths, times, marker + "-", color=color, label=name)
ax.axvline(outputs, color=plots.SOFT, linestyle=":", linewidth=1)
ax.annotate("n = m", (outputs, 1), xycoords=("data", "axes fraction"), xytext=(4, -12),
            textcoords="offset points", color=plots.SOFT)  # fmt: skip
ax.set_xticks(widths, [str(n) for n in widths])
ax.yaxis.set_major_formatter("{x:g}")
ax.minorticks_off()
ax.legend(loc="upper left")
ax.set(
    title=f"16 outputs, by the clock ({device.upper()})",
    xlabel="inputs n",
    ylabel="milliseconds",
)

# %%
# What the pictures claim
# -----------------------
n, m = torch.meshgrid(torch.arange(1, most + 1), torch.arange(1, most + 1), indexing="xy")
claim(
    "cells whose count is not 2n(n + m) forwards, 2m(n + m) in reverse",
    [
        (work["forward"] != 2 * n * (n + m)).sum().item(),
        (work["reverse"] != 2 * m * (n + m)).sum().item(),
    ],
    0,
)
claim(
    "cells with n < m, n = m, n > m where forward mode is cheaper, equal, dearer",
    [
        (ratio[n < m] < 1).sum().item(),
        (ratio[n == m] == 1).sum().item(),
        (ratio[n > m] > 1).sum().item(),
    ],
    [120, 16, 120],
)
claim("the largest factor, at either corner", [ratio[0, -1], 1 / ratio[-1, 0]], 16, atol=1e-5)
claim(
    "with 8 outputs the modes cost the same for n = 8 inputs only",
    (work["forward"][7] == work["reverse"][7]).nonzero().flatten() + 1,
    [8],
)
claim(
    "the third way costs 2(n + 8) + 8n",
    through,
    [2 * (size + fixed) + fixed * size for size in sizes],
)
claim(
    "from n = 2 on it is cheaper than either mode: largest ratio to the cheaper one",
    max(
        t / w
        for t, w in zip(through[1:], torch.minimum(*work.values())[7][1:].tolist(), strict=True)
    ),
    1,
    relation="<",
)
tape = recorded(most, fixed)
adjoints = [
    torch.stack(tape.reverse([float(j == k) for j in range(fixed)])[:most]) for k in range(fixed)
]
claim(
    "column times row is the Jacobian of the 8 reverse sweeps: largest error",
    (product - torch.stack(adjoints)).abs().max(),
    0,
    atol=1e-14,
)
claim("by columns and by rows the Jacobians agree: largest difference", max(gaps), 0, atol=1e-12)
claim(
    "256 inputs, 16 outputs: forward mode takes longer, by more than",
    clock[by_columns][-1] / clock[by_rows][-1],
    2,
    relation=">",
)
claim(
    "one input, 256 outputs: reverse mode takes longer, by more than",
    tall_times[1] / tall_times[0],
    2,
    relation=">",
)

plt.show()
