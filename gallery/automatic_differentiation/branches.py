# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Branches: a trace follows what Python did
=========================================

A trace holds no ``if`` and no ``while``. It holds the operations that ran, so its derivative is the
derivative of *that* list. You will see two neighbouring inputs leave two different traces of one
square root, the derivative jump where the number of iterations does, and what comes out at a branch
point: the right answer for a smooth joint, one of two answers at a kink, and a wrong one where a
single point has been patched.

The script belongs to the lecture :doc:`/lectures/forward-and-reverse-mode` and to the reference
page :doc:`/reference/reading-a-trace`.
"""

# %%
# One program, two traces
# -----------------------
# Newton's iteration for a square root, :math:`x \leftarrow \tfrac12 (x + a/x)`, starts at
# :math:`\tfrac12(1 + a)`. By the inequality of the arithmetic and the geometric mean, every iterate
# is at least :math:`\sqrt a`, so :math:`x^2 - a` measures the error and needs no absolute value.
# The tolerance is deliberately coarse, so that its effects can be seen.
import math
from collections import Counter

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.render import drawing, table
from steepest.trace import record

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["differentiation", "nonsmooth"]
TOLERANCE = 1e-3


def number(value):
    return torch.tensor(value, dtype=torch.float64, device=device)


def root(a):
    x = (1 + a) / 2
    while x * x - a > TOLERANCE:
        x = (x + a / x) / 2
    return x


def ancestors(trace):
    """Return the rows that the first output was computed from, itself included."""
    found, waiting = set(), [trace.outputs[0]]
    while waiting:
        row = waiting.pop()
        if row not in found:
            found.add(row)
            waiting.extend(trace.rows[row].parents)
    return sorted(found)


short, long = record(root, number(1.05)), record(root, number(1.5))
table(short, form="html")

# %%
# At 1.05 the start is good enough. The question whether to go on was asked once, and its three rows
# are dead ends: nothing that is returned depends on them. The rows that count are brought out.
drawing(
    short,
    direction="reverse",
    cotangent=1.0,
    highlight=ancestors(short),
    title="The trace of root at 1.05",
    description="Six boxes. Input, sum and half are marked and form a path; from it branch off the "
    "square, the difference and the comparison, whose answer is False. The input's adjoint is 0.5.",
)

# %%
# At 1.5 the loop runs once, then the question is asked again. The trace is twice as long and knows
# nothing of a loop. The row of the iterate feeds two rows of the path, a quotient and a sum.
drawing(
    long,
    direction="reverse",
    cotangent=1.0,
    highlight=ancestors(long),
    title="The trace of root at 1.5",
    description="Twelve boxes. The marked path leads from the input through the start, the "
    "quotient and the sum to the iterate. Two comparisons, the first True, the second False, are "
    "dead ends.",
)

# %%
# The same function as rows: what differs between the two inputs is not a number in a row but the
# rows themselves.
table(long, tangents=[1.0], form="html")

# %%
# The derivative of a piece
# -------------------------
# How many iterations run depends on :math:`a`, and each number of iterations is a different
# function, smooth where it applies. At the start, :math:`x_0^2 - a = \tfrac14 (a-1)^2`, and each
# iteration makes :math:`(x^2 - a)^2 / (4x^2)` of :math:`x^2 - a`. With :math:`s = \sqrt{10^{-3}}`
# the first iteration therefore sets in at :math:`a = 1 + 2s`, and the second at
# :math:`a = 1 + 2s + \sqrt{8s + 4s^2}`.
#
# At these borders the computed root jumps, by half of the tolerance at most; the derivative jumps
# too, and by much more. Just before the first border the trace says ½, the slope of
# :math:`\tfrac12 (1 + a)`: right for what ran, and 3 % off the derivative of the square root. A
# small error of the value is no promise for the derivative.


def border(count):
    """Find where so many iterations begin to be needed, by bisection."""
    low, high = 1.0, 4.0
    for _ in range(60):
        middle = (low + high) / 2
        done, x = 0, (1 + middle) / 2
        while x * x - middle > TOLERANCE:
            done, x = done + 1, (x + middle / x) / 2
        low, high = (low, middle) if done >= count else (middle, high)
    return low


borders = [border(count) for count in (1, 2, 3)]
beside = [b + side for b in borders for side in (-1e-9, 1e-9)]
grid = sorted([*torch.linspace(1, 4, 151, dtype=torch.float64).tolist(), *beside])
tapes = [record(root, number(a)) for a in grid]


def iterations(tape):
    return Counter(row.operation for row in tape.rows)["gt"] - 1


counts = [iterations(tape) for tape in tapes]
values = torch.tensor([tape.rows[tape.outputs[0]].value.item() for tape in tapes])
slopes = torch.tensor([tape.reverse()[0].item() for tape in tapes])
a = torch.tensor(grid)
value_error = (values - a.sqrt()) / a.sqrt()
slope_error = (slopes - 0.5 / a.sqrt()) * 2 * a.sqrt()

fig, axes = plots.figure(
    "Three panels over the input from 1 to 4. Above, the number of iterations: 0, then 1 from "
    "1.06, 2 from 1.57, 3 from 3.49. In the middle the relative error of the root, teeth that "
    "never exceed 0.05 percent. Below, the relative error of the slope, teeth at the same places, "
    "up to 3 percent.",
    rows=3,
    sharex=True,
    figsize=(6.4, 5.8),
)
pieces = [[i for i, count in enumerate(counts) if count == k] for k in sorted(set(counts))]
for color, piece in zip(("C0", "C1", "C2", "C3"), pieces, strict=False):
    part = [grid[i] for i in piece]
    axes[0].plot(part, [counts[i] for i in piece], color=color)
    axes[1].plot(part, 100 * value_error[piece], color=color)
    axes[2].plot(part, 100 * slope_error[piece], color=color)
for ax in axes:
    for border in borders:
        ax.axvline(border, color=plots.SOFT, linewidth=0.8, linestyle=":")
axes[0].set(title="Iterations", yticks=sorted(set(counts)), ylim=(-0.3, max(counts) + 0.4))
axes[1].set(title="Error of the root, in percent")
axes[2].set(title="Error of its derivative, in percent", xlabel="input a", xlim=(1, 4))
fig.suptitle("One loop, four different functions", x=0.01, ha="left", fontsize=11.5)

# %%
# At a branch point
# -----------------
# Three functions with an ``if``. The first two join :math:`x^2` to a straight line at 1, one
# smoothly and one with a kink. The third is :math:`(e^x - 1)/x`, whose value at 0 must be filled
# in; its derivative there is ½, by the power series :math:`1 + x/2 + x^2/6 + \dots`


def smooth(x):
    if x < 1:
        return x * x
    return 2 * x - 1


def kink(x):
    if x < 1:
        return x * x
    return 3 - 2 * x


def patched(x):
    if x == 0:
        return torch.ones_like(x)
    return torch.expm1(x) / x


def mended(x):
    if x == 0:
        return 1 + x / 2
    return torch.expm1(x) / x


def slope(fun, x):
    return record(fun, number(x)).reverse()[0].item()


# %%
# Off the branch point every trace gives the right derivative, up to rounding, however near. (For
# the quotient, rounding grows: close to 0 it subtracts two large numbers.) *At* the point the trace
# takes the side that Python took. That is right at the smooth joint, where both sides agree. At the
# kink it is the slope of one side, here the right one, because ``x < 1`` is false at 1. And for the
# patched point the list that ran is "return 1": a constant, whose derivative 0 is wrong. Filling in
# :math:`1 + x/2` repairs value and slope. (This is the *if problem* of automatic differentiation;
# Griewank and Walther, 2008, chapter 14.)
cases = {"smooth joint": (smooth, 1.0), "kink": (kink, 1.0), "patched point": (patched, 0.0)}
fig, axes = plots.figure(
    "Three functions above, their slopes below. The smooth joint's slope rises to 2 and stays; the "
    "dot at the branch point lies on it. The kink's slope jumps from 2 to −2; the dot lies on the "
    "lower side. The patched function's slope runs through one half; the dot lies far below, at 0.",
    rows=2,
    columns=3,
    sharex="col",
    figsize=(6.4, 4.4),
)
for column, (name, (fun, at)) in enumerate(cases.items()):
    above, below = axes[0][column], axes[1][column]
    for side in (torch.linspace(-1, -0.01, 40), torch.linspace(0.01, 1, 40)):
        xs = [at + step for step in side.tolist()]
        above.plot(xs, [fun(number(x)).item() for x in xs], color="C0")
        below.plot(xs, [slope(fun, x) for x in xs], color="C0")
    above.plot(at, fun(number(at)).item(), "o", color="C1", markersize=6)
    below.plot(at, slope(fun, at), "o", color="C1", markersize=6)
    above.set_title(name)
    below.set_xlabel("x")
axes[0][0].set_ylabel("value")
axes[1][0].set_ylabel("slope")
axes[1][2].set_ylim(-0.1, 1.1)
fig.suptitle("Three branch points: dots are what the trace says there", x=0.01, ha="left",
             fontsize=11.5)  # fmt: skip

# %%
# A choice without a branch
# -------------------------
# ``torch.where`` chooses between two results that have *both* been computed. So both are in the
# trace, and both take part in the reverse sweep: the one not chosen receives the adjoint 0. Zero
# times infinity is not a number, though. The root of 0 has an infinite local derivative, and
# choosing another value afterwards comes too late. The cure is to choose the argument first.


def chosen_late(x):
    return torch.where(x > 0, torch.sqrt(x), x)


def chosen_first(x):
    positive = x > 0
    return torch.where(positive, torch.sqrt(torch.where(positive, x, 1.0)), x)


late, first = record(chosen_late, number(0.0)), record(chosen_first, number(0.0))
table(late, cotangent=1.0, form="html")

# %%
# The same with the argument chosen first: at 0 the value returned is :math:`x` itself, whose slope
# is 1, and that is what the trace says.
table(first, cotangent=1.0, form="html")

# %%
# What the pictures claim
# -----------------------
claim("rows of root at 1.05 and at 1.5", [len(short.rows), len(long.rows)], [6, 12])
claim(
    "of them, rows that the result depends on",
    [len(ancestors(short)), len(ancestors(long))],
    [3, 6],
)
idle = [long.reverse()[row.number] for row in long.rows if row.number not in ancestors(long)]
claim("the adjoints of all other rows of root(1.5) are zero", torch.stack(idle).abs().max(), 0)
s = math.sqrt(TOLERANCE)
claim(
    "the first two borders, by bisection and by their formulas",
    borders[:2],
    [1 + 2 * s, 1 + 2 * s + math.sqrt(8 * s + 4 * s**2)],
    atol=1e-12,
)
for k, b in enumerate(borders):
    claim(
        f"just below and above a = {b:.6f}, iterations",
        [iterations(record(root, number(b + step))) for step in (-1e-9, 1e-9)],
        [k, k + 1],
    )
before, after = (record(root, number(borders[0] + step)) for step in (-1e-12, 1e-12))
jump = (before.rows[before.outputs[0]].value - after.rows[after.outputs[0]].value).item()
claim(
    "the jump of the value at the first border is tolerance / (1 + a)",
    jump,
    TOLERANCE / (1 + borders[0]),
    atol=1e-11,
)
claim("the slope just below the first border is ½", before.reverse()[0], 0.5, atol=1e-15)
claim("the relative error of the root stays below 0.05 %", value_error.max(), 5e-4, relation="<")
claim(
    "the relative error of the slope there is √a − 1",
    before.reverse()[0].item() * 2 * math.sqrt(borders[0]) - 1,
    math.sqrt(borders[0]) - 1,
    atol=1e-11,
)
claim(
    "just above, the derivative's relative error is less than a tenth of that",
    after.reverse()[0].item() * 2 * math.sqrt(borders[0]) - 1,
    (math.sqrt(borders[0]) - 1) / 10,
    relation="<",
)
quotient = -jump / 2e-12
claim("a difference quotient across the border sees the jump only", quotient, -1e8, relation="<")
claim(
    "the smooth joint: slopes at 1 − 10⁻⁶, 1 and 1 + 10⁻⁶",
    [slope(smooth, x) for x in (1 - 1e-6, 1.0, 1 + 1e-6)],
    2,
    atol=3e-6,
)
claim(
    "the kink: slopes at 1 − 10⁻⁶, 1 and 1 + 10⁻⁶",
    [slope(kink, x) for x in (1 - 1e-6, 1.0, 1 + 1e-6)],
    [2, -2, -2],
    atol=3e-6,
)
claim("(eˣ − 1)/x: slope close to 0, at 10⁻⁴", slope(patched, 1e-4), 0.5, atol=1e-4)
claim("(eˣ − 1)/x patched by 1: slope at 0, which is wrong", slope(patched, 0.0), 0)
claim("(eˣ − 1)/x patched by 1 + x/2: slope at 0", slope(mended, 0.0), 0.5)
claim("where(x > 0, √x, x) at 0: the slope", late.reverse()[0], math.nan)
claim("with the argument chosen first", first.reverse()[0], 1)

plt.show()
