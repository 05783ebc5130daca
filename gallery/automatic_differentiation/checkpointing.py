# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Checkpointing: memory for time
==============================

A reverse sweep needs the values of the run in the opposite order, so all of them are kept. Or few
are kept, and the others are computed again when the sweep comes by. You will see the schedule that
a real run follows, step by step; how many values it holds, against the number of segments, with the
least near the square root of the length; what it pays in operations; and that the derivative does
not change in its last bit.

The script belongs to the lecture :doc:`/lectures/forward-and-reverse-mode`.
"""

# %%
# A long chain
# ------------
# The function applies the sine :math:`l = 144` times. The derivative of the sine is the cosine *of
# the argument*, so the reverse sweep needs all the arguments, from the last to the first: in all
# :math:`l + 1` values with the result.
import matplotlib.pyplot as plt
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from steepest import claim, plots
from steepest.trace import record, reverse_checkpointed

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["differentiation", "cost"]
BYTES = 8  # of a number in double precision


def chain(length):
    """Record that many sines, one after another."""

    def fun(x):
        for _ in range(length):
            x = torch.sin(x)
        return x

    return record(fun, torch.tensor(1.0, dtype=torch.float64, device=device))


total = 144
long = chain(total)
plain = long.reverse()[0]
print("values held by a plain reverse sweep:", long.cost("reverse").memory // BYTES)

# %%
# The schedule
# ------------
# Cut the chain into segments. A first run keeps only the value at the beginning of each segment, a
# *checkpoint*. Then, from the last segment to the first, the segment is run again from its
# checkpoint, this time keeping its values, and swept.
#
# The picture is a log of what PyTorch did for a chain of 24 sines in 4 segments: every sine that
# was computed is a step up, every cosine, the sine's derivative, a step down. Which row a step
# belongs to is told by its argument, since no two rows have the same value. Green bars show how
# long each checkpoint is held.


class Log(TorchDispatchMode):
    """Write down every sine and cosine, with its argument."""

    def __init__(self):
        super().__init__()
        self.steps = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in ("sin", "cos"):
            self.steps.append((name, args[0].item()))
        return func(*args, **(kwargs or {}))


short, segments = chain(24), 4
row_of = {row.value.item(): row.number for row in short.rows}
with Log() as log:
    swept = reverse_checkpointed(short, segments)
steps = [(name, row_of[argument]) for name, argument in log.steps]

fig, ax = plots.figure(
    "The row at work against time. A staircase climbs from row 0 to 18. Then four triangles "
    "follow, from the top segment to the bottom one: up six rows in blue, down six in orange. "
    "Horizontal bars at rows 0, 6, 12 and 18 last from when the climb passed them until their "
    "triangle ends.",
    figsize=(6.4, 4.0),
)
for start in swept.checkpoints:
    kept = start - 1  # the row whose value the segment starts from
    ends = max(time for time, (name, row) in enumerate(steps) if (name, row) == ("cos", kept))
    begins = min(time for time, (_, row) in enumerate(steps) if row >= kept)
    ax.plot([begins, ends + 1], [kept, kept], color="C2", linewidth=6, alpha=0.45)
for name, color, marker in (("sin", "C0", "^"), ("cos", "C1", "v")):
    points = [(time, row) for time, (done, row) in enumerate(steps) if done == name]
    label = "sine: the function runs" if name == "sin" else "cosine: the sweep comes back"
    ax.plot(*zip(*points, strict=True), marker, color=color, markersize=4.5, label=label)
ax.plot([], [], color="C2", linewidth=6, alpha=0.45, label="checkpoint held")
fig.legend(loc="outside lower center", ncols=2)
ax.set(
    title="24 sines in 4 segments, as they were done",
    xlabel="time, in sines and cosines",
    ylabel="row",
    yticks=range(0, 25, 6),
)

# %%
# How much is held
# ----------------
# While one segment is swept, two things are in memory: the checkpoints still needed, and the
# segment. For :math:`s` segments of equal length that is at most :math:`s` checkpoints and
# :math:`l/s` further values. The sum :math:`s + l/s` is least for :math:`s = \sqrt l`, where both
# parts are equal (Griewank and Walther, 2008, chapter 12): here 12 and 12, in place of 145.
whole = [s for s in range(1, total + 1) if total % s == 0]
every = sorted({*range(1, 24), *whole, 29, 41, 57, 60, 84, 102, 120})
runs = {s: reverse_checkpointed(long, s) for s in every}
held = {s: max(run.memory) // BYTES for s, run in runs.items()}

fig, ax = plots.figure(
    "Values held at most, against the number of segments, on logarithmic axes: dots fall from 145 "
    "to 24 at 12 segments and rise again to 145. A curve through s + l/s follows them.",
    figsize=(6.4, 3.9),
)
ax.loglog(every, list(held.values()), ".", color="C0", markersize=6, label="counted")
ax.loglog(every, [s + total / s for s in every], color=plots.SOFT, linewidth=1, label="s + l/s")
ax.loglog(12, held[12], "o", color="C1", markersize=9, markerfacecolor="none", markeredgewidth=2)
ax.annotate(
    f"√144 = 12 segments: {held[12]} values",
    (12, held[12]),
    xytext=(0, -18),
    textcoords="offset points",
    ha="center",
    color="C1",
)
ax.axhline(total + 1, color=plots.SOFT, linestyle=":", linewidth=1)
ax.annotate("plain sweep", (12, total + 1), xytext=(0, 4), textcoords="offset points", ha="center",
            color=plots.SOFT)  # fmt: skip
ax.set_xticks([1, 3, 12, 48, 144], ["1", "3", "12", "48", "144"])
ax.set_yticks([20, 50, 100, 150], ["20", "50", "100", "150"])
ax.minorticks_off()
ax.legend(loc="lower left")
ax.set(title="Values held at most, 144 sines", xlabel="segments s", ylim=(15, 190))

# %%
# What it costs
# -------------
# All but the last segment are run twice, so :math:`l - l/s` operations are done again: never more
# than one further run of the function. Beyond :math:`\sqrt l` segments one pays more time *and*
# more memory. Cutting segments into segments again goes further: with :math:`c` checkpoints and no
# step done more than :math:`r` times before its own turn comes, chains of
# :math:`\binom{c+r}{c}` steps can be swept (Griewank and Walther, 2008, chapter 12).
again = {s: run.operations - long.operations for s, run in runs.items()}

fig, ax = plots.figure(
    "Operations done again, in percent of the run, against values held at most. From 145 values "
    "and nothing to do again, the dots run left along a bend to 24 values and 92 percent at 12 "
    "segments. From there grey dots run back right, near 100 percent.",
    figsize=(6.4, 3.7),
)
for low, high, color, marker in ((1, 12, "C0", "o"), (12, total, plots.SOFT, ".")):
    part = [s for s in whole if low <= s <= high]
    ax.plot(
        [held[s] for s in part],
        [100 * again[s] / total for s in part],
        marker + "-",
        color=color,
        linewidth=1,
        markersize=5,
        zorder=3 if low == 1 else 2,
    )
for s in (1, 2, 3, 12):
    ax.annotate(
        f"{s} segment{'s' if s > 1 else ''}",
        (held[s], 100 * again[s] / total),
        xytext=(9, -3),
        textcoords="offset points",
        color="C0",
    )
ax.annotate("more than 12: no gain", (100, 100), xytext=(0, 6), textcoords="offset points",
            ha="center", color=plots.SOFT)  # fmt: skip
ax.set(
    title="The price of memory",
    xlabel="values held at most",
    ylabel="done again, in percent",
    xlim=(0, 185),
    ylim=(-6, 114),
)

# %%
# Memory falls as the sweep comes home
# ------------------------------------
# The most is held at the beginning, when all checkpoints are there. Each swept segment takes its
# own with it. The areas show three numbers of segments.
fig, ax = plots.figure(
    "Values held while each segment is swept, as staircases that fall from left to right. With 3 "
    "segments they fall from 51 to 49, with 12 from 24 to 13, with 48 from 51 to 4.",
    figsize=(6.4, 3.6),
)
profiles = {s: [bytes_ // BYTES for bytes_ in runs[s].memory] for s in (3, 12, 48)}
for (s, profile), color, style in zip(
    profiles.items(), ("C0", "C1", "C2"), ("-", "-", "--"), strict=True
):
    edges = [100 * k / s for k in range(s + 1)]
    ax.stairs(profile, edges, color=color, linewidth=2, linestyle=style, baseline=None)
    ax.annotate(
        f"{s} segments",
        {3: (50, 50), 12: (8, 23), 48: (62, 22)}[s],
        xytext=(0, {3: 6, 12: -22, 48: 6}[s]),
        textcoords="offset points",
        color=color,
        ha="left",
    )
ax.set(
    title="Values held while the sweep comes back",
    xlabel="percent of the chain swept",
    ylabel="values held",
    xlim=(0, 100),
    ylim=(0, 60),
)

# %%
# What the pictures claim
# -----------------------
claim(
    "24 sines in 4 segments: sines and cosines really computed",
    [sum(name == wanted for name, _ in steps) for wanted in ("sin", "cos")],
    [24 + 18, 24],
)
claim("operations as counted by the package", swept.operations, 24 + 18)
claim(
    "the rows that the cosines belong to, in the order of the log",
    [row for name, row in steps if name == "cos"],
    list(range(23, -1, -1)),
)
claim(
    "the rows that the sines belong to",
    [row for name, row in steps if name == "sin"],
    [*range(18), *range(18, 24), *range(12, 18), *range(6, 12), *range(6)],
)
claim("a plain sweep of 144 sines holds l + 1 values", long.cost("reverse").memory // BYTES, 145)
claim(
    "where s divides 144, the values held at most are s + l/s",
    [held[s] for s in whole],
    [s + total // s for s in whole],
)
claim("the least is at √144 segments", [min(held.values()), min(held, key=held.get)], [24, 12])
claim(
    "for every s of the picture, no further from s + l/s than",
    max(abs(h - (s + total / s)) for s, h in held.items()),
    1,
    relation="≤",
)
claim(
    "where s divides 144, operations done again are l − l/s",
    [again[s] for s in whole],
    [total - total // s for s in whole],
)
claim(
    "among all these runs, derivatives that differ from the plain sweep's in any bit",
    sum(not torch.equal(run.adjoints[0], plain) for run in runs.values()),
    0,
)
x = torch.tensor(1.0, dtype=torch.float64)
slope = torch.ones_like(x)
for _ in range(total):
    slope, x = slope * torch.cos(x), torch.sin(x)
claim("and it is the product of 144 cosines", plain, slope, rtol=1e-13)
claim(
    "values held with 12 segments, at the first and the last segment swept",
    [profiles[12][0], profiles[12][-1]],
    [24, 13],
)

plt.show()
