# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A function, line by line
========================

The function :math:`f(x_1, x_2) = \ln x_1 + x_1 x_2 - \sin x_2`, recorded while it runs at
:math:`(2, 5)`, then differentiated along the record: forwards once for each input, backwards once
for all of them. A second function, with loops and branches, shows that such a record follows what
Python really did, and a last picture counts which direction is the cheaper one.

The script belongs to the lecture :doc:`/lectures/forward-and-reverse-mode`.
"""

# %%
# The record
# ----------
# Every evaluation is a list of small steps. The inputs come first, :math:`v_{-1}` and :math:`v_0`
# here, then one row for each operation, in the order in which Python performed them (the three-part
# notation of Griewank and Walther, *Evaluating Derivatives*, 2008, chapter 2). Python works from
# left to right, so the sum :math:`v_3` comes before the sine :math:`v_4`. Books often list the sine
# first: every order in which parents come before children gives the same derivatives.
import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.render import drawing, table
from steepest.trace import record

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["differentiation", "step by step"]


def number(value):
    return torch.tensor(value, dtype=torch.float64, device=device)


def f(x1, x2):
    return torch.log(x1) + x1 * x2 - torch.sin(x2)


trace = record(f, number(2.0), number(5.0))
table(trace, form="html", title="The recorded rows and their values")

# %%
# Forwards
# --------
# The *tangent* :math:`\dot v_j` says how fast row :math:`j` changes when the inputs move in the
# direction :math:`\dot x`. Each row passes on what its parents give it, by the chain rule:
#
# .. math:: \dot v_j = \sum_{i \prec j} \frac{\partial \varphi_j}{\partial v_i}\, \dot v_i .
#
# With :math:`\dot x = (1, 0)` the last row holds :math:`\partial f / \partial x_1 = 5.5`. Values
# and tangents are computed together, from left to right; the numbers on the arrows are the local
# derivatives.
along_x1 = trace.forward(1.0, 0.0)
along_x2 = trace.forward(0.0, 1.0)
drawing(
    trace,
    tangents=[1.0, 0.0],
    title="Forward sweep along x1",
    description="Values and tangents flow from the inputs at the left to the result at the right, "
    "whose tangent is 5.5.",
)

# %%
# Backwards
# ---------
# The *adjoint* :math:`\bar v_i` says how fast the result changes with row :math:`i`. It collects
# from **all** rows that use :math:`v_i`:
#
# .. math:: \bar v_i = \sum_{j \succ i} \bar v_j\, \frac{\partial \varphi_j}{\partial v_i} .
#
# The sweep starts with 1 at the result and runs from the last row to the first. Both inputs are
# used twice, so both get two contributions: :math:`\bar v_0 = \bar v_2 v_{-1} + \bar v_4 \cos v_0`.
adjoints = trace.reverse()
drawing(
    trace,
    direction="reverse",
    cotangent=1.0,
    title="Reverse sweep",
    description="Adjoints flow from the result at the right, where it is 1, to the inputs at the "
    "left, where they are 5.5 and 1.716.",
)

# %%
# The same as a table, with the rule of each row. The tangents are to be read downwards, the
# adjoints upwards.
table(
    trace,
    tangents=[1.0, 0.0],
    cotangent=1.0,
    form="html",
    title="Rows with values, tangents and adjoints",
)

# %%
# All sweeps side by side
# -----------------------
# Where is the gradient? Each forward sweep delivers one partial derivative, at the *bottom*; you
# need two sweeps. The reverse sweep delivers both at the *top*, in one go. In between, a tangent
# and an adjoint in the same row answer different questions: what the row feels of an input, and
# what the output feels of the row.
rules = [line.split("  ")[0] for line in table(trace).splitlines()[1:]]
columns = {
    "value": [row.value.item() for row in trace.rows],
    "tangent ↓\nalong $x_1$": [v.item() for v in along_x1],
    "tangent ↓\nalong $x_2$": [v.item() for v in along_x2],
    "adjoint ↑\nof $f$": [v.item() for v in adjoints],
}
answers = [(), (6,), (6,), (0, 1)]

fig, axes = plots.figure(
    "Four columns of bars over the seven rows: the values, the tangents along each input, and the "
    "adjoints. The partial derivatives 5.5 and 1.716, in orange, stand in the last row of the two "
    "tangent columns and together in the two first rows of the adjoint column.",
    columns=4,
    sharey=True,
    figsize=(6.4, 3.9),
)
for ax, (name, column), marked in zip(axes, columns.items(), answers, strict=True):
    for j, value in enumerate(column):
        color = "C1" if j in marked else "C0"
        ax.barh(j, value, color=color, height=0.55)
        ax.annotate(
            f"{value:.4g}".replace("-", "−"),
            (max(value, 0), j),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=9.5,
            color=color if j in marked else plots.INK,
        )
    low, high = min(0, *column), max(column)
    ax.set(title=name, xlim=(low - 0.05 * (high - low), high + 0.75 * (high - low)), xticks=[])
    ax.axvline(0, color=plots.SOFT, linewidth=0.9)
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
fig.suptitle("Two sweeps forwards or one backwards: the gradient", x=0.01, ha="left", fontsize=11.5)
axes[0].set_yticks(range(len(rules)), rules)
axes[0].invert_yaxis()

# %%
# Loops and branches
# ------------------
# The recorder sees what ran, not what is written. Here is a square root by Heron's rule,
# :math:`x \leftarrow \tfrac12 (x + a/x)`, after a branch that turns small numbers into large ones,
# and a loop that brings large numbers below 4. How often the loops run depends on the input.


def root(a):
    if a < 1:
        return 1 / root(1 / a)
    scale = 1.0
    while a >= 4:
        a = a / 4
        scale = 2 * scale
    x = (1 + a) / 2
    while (x * x - a).abs() > 1e-9:
        x = (x + a / x) / 2
    return scale * x


tapes = {a: record(root, number(a)) for a in (2.0, 90.0, 0.2)}

# %%
# Each row knows the line of code that it came from. Drawn against the row's number, the line's
# number becomes the path that Python took through the source: a saw tooth for each loop, a jump for
# the branch. Three inputs, three different programs. None of them contains a loop any more: a
# record is a straight list of operations, and that is why it can be differentiated so simply. The
# questions asked on the way are rows as well; their answers, true or false, have derivative 0. What
# the record says is true for this input and for its neighbours that take the same path.
operations = {a: [row for row in tape.rows if row.source] for a, tape in tapes.items()}
code = {row.source.line: row.source.text.strip() for rows in operations.values() for row in rows}
touched = sorted(code)
place = {line: i for i, line in enumerate(touched)}

fig, axes = plots.figure(
    "For the inputs 2, 90 and 0.2, the line of code behind each recorded row. The run from 2 stays "
    "in the last loop; the run from 90 goes round the first loop three times before; the run from "
    "0.2 begins and ends in the branch, and goes round both loops in between.",
    rows=3,
    sharex=True,
    figsize=(6.4, 6.6),
)
for ax, (a, rows), color in zip(axes, operations.items(), ("C0", "C1", "C2"), strict=True):
    lines = [place[row.source.line] for row in rows]
    ax.plot(range(1, len(lines) + 1), lines, ".-", color=color, linewidth=1, markersize=6)
    ax.set_yticks(
        range(len(touched)), [code[line] for line in touched], family="monospace", fontsize=9.5
    )
    ax.set(title=f"root({a:g}): {len(lines)} rows", ylim=(len(touched) - 0.5, -0.5))
axes[-1].set_xlabel("row")

# %%
# The derivative of a loop
# ------------------------
# Nobody told the recorder that this is a square root. Still the tangent of the last row is
# :math:`1/(2\sqrt a)`, because differentiating every step of an iteration gives an iteration for
# the derivative. It converges as well, but with a delay (Gilbert, 1992; Griewank and Walther, 2008,
# chapter 15). In Heron's rule the ratio of the tangent's error to the value's error about doubles
# at every iteration. Both still plunge, and after the fifth iteration both are exact to the last
# digits. Yet a loop that stops as soon as its *value* is good stops a little early for its
# derivative.


def heron(a):
    x = (1 + a) / 2
    for _ in range(5):
        x = (x + a / x) / 2
    return x


a = number(2.0)
tape = record(heron, a)
tangents = tape.forward(1.0)
iterates = [row.number for row in tape.rows if row.operation == "div" and len(row.parents) == 1]
value_error = torch.stack([(tape.rows[j].value - a.sqrt()).abs() for j in iterates])
tangent_error = torch.stack([(tangents[j] - 0.5 / a.sqrt()).abs() for j in iterates])

fig, ax = plots.figure(
    "Errors of Heron's iteration for the root of 2 on a logarithmic axis. The value's error and "
    "the tangent's error both plunge, to 1e-12 and 1e-11 after three; the tangent's stays above.",
    figsize=(6.4, 3.4),
)
for name, error, color in (
    ("value", value_error, "C0"),
    ("tangent", tangent_error, "C1"),
):
    ax.semilogy(error[:4].cpu(), "o-", color=color)
    ax.annotate(
        name,
        (2, error[2].item()),
        xytext=(8, 2) if name == "tangent" else (-8, -8),
        textcoords="offset points",
        color=color,
        ha="left" if name == "tangent" else "right",
    )
ax.set(
    title="Heron's rule for √2: the tangent arrives a little later",
    xlabel="iteration",
    ylabel="error",
    xticks=range(4),
)

# %%
# Which direction is cheaper?
# ---------------------------
# One forward sweep costs one multiplication for each arrow of the drawing and gives one *column* of
# the Jacobian. One reverse sweep costs the same and gives one *row*. So everything depends on the
# shape: :math:`n` inputs need :math:`n` sweeps forwards, :math:`m` outputs need :math:`m` sweeps
# backwards. Here :math:`n + m = 24`, counted on recorded functions. At the right end stands the
# case of machine learning, where :math:`n` is in the millions and :math:`m = 1`.
total = 24
sizes = range(1, total)


def mixed(n, m):
    """Record a function of n numbers that returns m numbers."""

    def fun(*x):
        mean = sum(x) / n
        return tuple(torch.sin((j + 1) * mean) for j in range(m))

    return record(fun, *[number(1.0 + i) for i in range(n)])


costs = {mode: [] for mode in ("forward", "reverse")}
for n in sizes:
    tape = mixed(n, total - n)
    for mode, column in costs.items():
        cost = tape.cost(mode)
        column.append(cost.sweeps * cost.multiplications)

fig, ax = plots.figure(
    "Multiplications for a whole Jacobian against the number of inputs, with inputs and outputs "
    "together 24. Forward mode costs more and more, reverse mode less and less; they cross at 12.",
    figsize=(6.4, 3.4),
)
for (mode, column), color in zip(costs.items(), ("C0", "C1"), strict=True):
    ax.plot(sizes, column, "o-", color=color, markersize=3.5)
    at = 20 if mode == "forward" else 2
    ax.annotate(
        f"{mode} mode",
        (at + 1, column[at]),
        xytext=(-8, 6) if mode == "forward" else (8, 6),
        textcoords="offset points",
        color=color,
        ha="right" if mode == "forward" else "left",
    )
ax.set(
    title="The cost of a Jacobian, by counting",
    xlabel="inputs n (and 24 − n outputs)",
    ylabel="multiplications",
    xlim=(0, total),
    ylim=(0, None),
    xticks=range(0, total + 1, 4),
)

# %%
# What the pictures claim
# -----------------------
claim("the value ln 2 + 10 − sin 5", trace.rows[-1].value, 11.652071455, atol=1e-9)
claim(
    "the values of rows v₁ to v₅",
    torch.stack([row.value for row in trace.rows[2:]]),
    [0.693147, 10, 10.693147, -0.958924, 11.652071],
    atol=1e-6,
)
claim("forward sweep along x₁", along_x1[-1], 5.5, atol=1e-12)
claim("forward sweep along x₂: 2 − cos 5", along_x2[-1], 1.716337815, atol=1e-9)
claim("one reverse sweep gives both", torch.stack(adjoints[:2]), [5.5, 1.716337815], atol=1e-9)
claim(
    "the adjoints of rows v₁ to v₅",
    torch.stack(adjoints[2:]),
    [1, 1, 1, -1, 1],
    atol=1e-12,
)
claim(
    "root(2), root(90), root(0.2) leave records of",
    [len(rows) for rows in operations.values()],
    [30, 36, 28],
)
for a, tape in tapes.items():
    claim(f"the value of root({a:g})", tape.rows[tape.outputs[0]].value, a**0.5, atol=1e-8)
    claim(f"the derivative of root at {a:g}, backwards", tape.reverse()[0], 0.5 / a**0.5, rtol=1e-4)
ratio = tangent_error[:4] / value_error[:4]
claim(
    "the ratio of the two errors about doubles at every iteration",
    ratio[1:] / ratio[:-1],
    2,
    atol=0.25,
)
claim("after the fifth iteration the tangent is exact too", tangent_error[-1], 0, atol=1e-15)
claim(
    "with one input and 23 outputs, forward costs a 23rd",
    costs["reverse"][0] / costs["forward"][0],
    23,
    atol=1e-12,
)
claim(
    "with 23 inputs and one output, reverse does",
    costs["forward"][-1] / costs["reverse"][-1],
    23,
    atol=1e-12,
)
claim("with 12 and 12 they cost the same", costs["forward"][11], costs["reverse"][11])

plt.show()
