# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Two processes, one sum
======================

Data that lie on several processes are fitted by all of them together: each sums over its own rows,
and an all-reduce adds the sums. You will see, in a film, how a ring of processes adds vectors
without a leader; then this script starts two processes of its own, which fit a model and measure
what their messages cost; and you will see that both end with the same bits, what they sent to each
other, and that for few data one process is faster.

The script belongs to the lecture :doc:`/lectures/beyond-one-machine`.
"""

# %%
# A ring adds vectors
# -------------------
# Six processes (rows) hold a vector of six chunks each (columns). In every step each process
# sends one chunk to the process below it, the last one to the first. In the first five steps what
# arrives is added: a number says how many of the six summands a chunk contains. Then the finished
# chunks go round once more, as copies; a copy has the same bits. Marked cells have just changed.
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.plots import INK, LINES, SOFT

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["film", "data", "cost"]


def ring(table):
    """Yield the table of chunks, one row a process, and what changed, at each step."""
    p, table = len(table), table.clone()
    yield table.clone(), []
    for step in range(2 * p - 2):
        adds = step < p - 1
        number = [(r - step) % p for r in range(p)]  # in both phases
        message = [table[r, number[r]].item() for r in range(p)]  # all send at the same time
        changed = [((r + 1) % p, number[r]) for r in range(p)]
        for (r, k), sent in zip(changed, message, strict=True):
            table[r, k] = table[r, k] + sent if adds else sent
        yield table.clone(), changed


p = 6
steps = list(ring(torch.ones(p, p)))
cividis = plt.get_cmap("cividis")

fig, ax = plots.figure(
    "A table of six rows and six columns, all cells 1 and of one colour. Step by step the marked "
    "cells along a diagonal grow to 6 and change their colour; then the sixes spread to all cells.",
    figsize=(4.8, 5.0),
)
cells = {}
for r in range(p):
    for k in range(p):
        square = plt.Rectangle((k, -r), 0.9, 0.9, edgecolor=INK)
        ax.add_patch(square)
        cells[r, k] = square, ax.text(k + 0.45, 0.43 - r, "", ha="center", va="center")
    ax.text(-0.25, 0.43 - r, f"process {r}", ha="right", va="center", color=SOFT)
title = ax.set_title("")
ax.set(xlim=(-2.2, p), ylim=(-p - 0.9, 1), aspect="equal")  # room for the controls below
ax.axis("off")


def draw(frame):
    table, changed = steps[frame]
    for (r, k), (square, text) in cells.items():
        count = int(table[r, k])
        width = 3 if (r, k) in changed else 0
        square.set(facecolor=cividis((count - 1) / (p - 1)), linewidth=width)
        text.set(text=str(count), color=cividis(0.0 if count > p / 2 else 1.0))
    what = "before" if frame == 0 else f"step {frame}, {'adding' if frame < p else 'copying'}"
    title.set_text(f"A ring of {p}: {what}")


film = plots.film(fig, draw, frames=len(steps), per_second=2, still=5)

# %%
# The program
# -----------
# This is what each of the two processes runs. It knows by ``group.rank`` which rows are its own;
# all the rest is the same on both. ``data_sum`` makes a function of x out of the loss and the
# shard, and ``minimize`` does not know that it is not alone.
program = '''
import json, os, sys, time
import torch
from steepest import distributed, methods, minimize
from steepest.derivatives import value_and_grad

torch.set_num_threads(1)
COLUMNS = 20


def logistic(x, shard):
    A, y = shard
    return torch.nn.functional.softplus(-y * (A @ x)).sum()


def data(rows):
    """The same numbers on both; a real script reads its own rows only."""
    generator = torch.Generator().manual_seed(rows)
    A = torch.randn(rows, COLUMNS, dtype=torch.float64, generator=generator)
    noise = torch.randn(rows, dtype=torch.float64, generator=generator)
    return A, torch.sign(A @ torch.linspace(-1, 1, COLUMNS, dtype=torch.float64) + noise)


def seconds(call, rounds=9):
    """The least time of some calls, begun by both at the same time."""
    times = []
    for _ in range(rounds):
        torch.distributed.barrier()
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def from_both(item):
    found = [None, None]
    torch.distributed.all_gather_object(found, item)
    return found


with distributed.processes(device="cpu", timeout=60) as group:
    zero = torch.zeros(COLUMNS, dtype=torch.float64)
    A, y = data(1000)
    mine = distributed.local_rows(1000)
    fun = distributed.data_sum(logistic, (A[mine], y[mine]))
    descent = methods.gradient_descent(0.005)
    run = minimize(fun, zero, descent, max_iter=60)
    sent = [fun.all_reduces, fun.bytes_reduced]
    alone = minimize(lambda x: logistic(x, (A, y)), zero, descent, max_iter=60)
    found = {
        "rows": from_both([mine.start, mine.stop]),
        "ends": from_both(run.x.tolist()),
        "together": run.history.fun.tolist(),
        "alone": alone.history.fun.tolist(),
        "end alone": alone.x.tolist(),
        "evaluations": run.nfev,
        "sent": sent,
        "process numbers": from_both(os.getpid()),
        "messages": {},
        "evaluation": {},
    }
    for length in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000):
        vector = torch.zeros(length, dtype=torch.float64)
        found["messages"][8 * length] = seconds(lambda: torch.distributed.all_reduce(vector))
    for rows in (100, 1000, 10_000, 50_000):
        A, y = data(rows)
        mine = distributed.local_rows(rows)
        shared = distributed.data_sum(logistic, (A[mine], y[mine]))

        def single():
            if group.rank == 0:
                value_and_grad(lambda x: logistic(x, (A, y)), zero)

        together = seconds(lambda: value_and_grad(shared, zero))
        found["evaluation"][rows] = [seconds(single), together]
    if group.rank == 0:
        with open(sys.argv[1], "w") as file:
            json.dump(found, file)
'''


# %%
# Two of them
# -----------
# ``torchrun --nproc-per-node 2 program.py`` would start it on a command line. Here ``torchrun``
# runs as a module, meets by a file, and uses the loopback interface of this machine only.
# Whatever happens, it is told to end, and then ends what it has started.


def torchrun(program, size):
    """Run a program in several processes, and return what process 0 wrote."""
    with tempfile.TemporaryDirectory() as folder:
        script, out = Path(folder, "program.py"), Path(folder, "found.json")
        script.write_text(program)
        launch = [
            *(sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={size}"),
            *("--rdzv-backend=c10d", "--rdzv-conf=store_type=file", "--local-addr=127.0.0.1"),
            *(f"--rdzv-endpoint={folder}/store", str(script), str(out)),
        ]
        quiet = {"OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        process = subprocess.Popen(launch, env=os.environ | quiet, **pipes)
        try:
            said, _ = process.communicate(timeout=100)
        finally:
            process.terminate()
            process.wait()
        if process.returncode:
            raise RuntimeError(said)
        return json.loads(out.read_text())


found = torchrun(program, 2)
print(f"sent by each process: {found['sent'][1]} bytes in {found['sent'][0]} all-reduces")

# %%
# One fit
# -------
# Sixty steps of gradient descent on a thousand rows: the loss of the single process as a line,
# that of the two as rings. They agree to rounding, since the same sum is formed in another order.
# Between the two processes there is no such difference: all their bits agree.
fig, ax = plots.figure(
    "The loss against the iteration: a falling curve with rings on it.", figsize=(4.8, 3.3)
)
ax.plot(found["alone"], color="C0")
rings = {"marker": "o", "linestyle": "", "markerfacecolor": "none", "markersize": 8}
ax.plot(range(0, 61, 3), found["together"][::3], color="C1", **rings)
ax.text(14, 0.6 * found["alone"][0], "one process: line\ntwo: rings", color=INK)
ax.set(title="The same descent", xlabel="iteration", ylabel="loss")

# %%
# What a message costs
# --------------------
# The time of an all-reduce against its length. Short ones cost a fixed time, here of the order of
# a tenth of a millisecond or more, however little they say; from some length on it is the bytes
# that count. The dashed line is the model of the lecture, with its two numbers from the first and
# the last point.
lengths = [int(length) for length in found["messages"]]
times = list(found["messages"].values())
latency = times[0] / 2
bandwidth = (lengths[-1] - lengths[0]) / max(times[-1] - times[0], 1e-9)
model = [2 * latency + length / bandwidth for length in lengths]

fig, ax = plots.figure(
    "Time of an all-reduce against its bytes on logarithmic scales: level for short messages, "
    "rising in proportion for long ones; a dashed line runs through the first and the last "
    "point.",
    figsize=(4.8, 3.4),
)
ax.loglog(lengths, model, "--", color="C1")
ax.loglog(lengths, times, "o", color="C0", markersize=7)
ax.set(title="An all-reduce between two processes", xlabel="bytes", ylabel="seconds")
ax.set(ylim=(min(times) / 3, max(times) * 3))

# %%
# When it pays
# ------------
# An evaluation with gradient, for more and more rows of twenty numbers: by one process with all
# rows, and by two with half of them each. With few rows the two mostly wait for each other. Where
# the curves meet, and whether they do, depends on the machine, and on who else is using its
# cores: so the script claims the left end of the picture only.
rows = [int(count) for count in found["evaluation"]]
single, both = zip(*found["evaluation"].values(), strict=True)

fig, ax = plots.figure(
    "Time of an evaluation against the rows on logarithmic scales. The curve of one process "
    "starts low and rises; that of two starts high and nearly level, so that the two come "
    "together at the right.",
    figsize=(4.8, 3.4),
)
ax.loglog(rows, single, "o-", color="C0")
ax.loglog(rows, both, "^--", color="C1")
ax.text(rows[0], single[0] * 0.5, "one process", color="C0")
ax.text(rows[0], both[0] * 1.5, "two processes", color="C1")
ax.set(title="Loss and gradient", xlabel="rows", ylabel="seconds")
ax.set(ylim=(min(single) / 4, max(*single, *both) * 4))
ax.grid(color=LINES)

# %%
# What the pictures claim
# -----------------------
claim("the ring: in the end all chunks have all summands", steps[-1][0], p)
claim("the ring: finished chunks after the adding steps", (steps[p - 1][0] == p).sum(), p)
numbers = torch.randn(p, p, dtype=torch.float64)
result = list(ring(numbers))[-1][0]
claim("the ring: sums of random numbers", result, numbers.sum(dim=0).expand(p, p), atol=1e-14)
claim("the ring: the same bits in every row", (result == result[0]).all(), True)
for rank, number in enumerate(found["process numbers"]):
    gone = f"process {rank} is gone"
    claim(gone, lambda n=number: os.kill(n, 0), ProcessLookupError, relation="raises")
claim("the rows of process 0 and of process 1", found["rows"], [[0, 500], [500, 1000]])
claim("both processes hold the same bits", found["ends"][0] == found["ends"][1], True)
claim("a single process ends there, to rounding", found["end alone"], found["ends"][0], atol=1e-12)
claim("so is every loss on the way", found["together"], found["alone"], rtol=1e-12)
claim("all-reduces: two for each evaluation", found["sent"][0], 2 * found["evaluations"])
claim(
    "bytes: 32 + 8n for each evaluation, n = 20",
    found["sent"][1],
    (32 + 8 * 20) * found["evaluations"],
)
claim("eight million bytes cost more than eight", times[-1] / times[0], 2, relation=">")
claim("a hundred rows: two processes are slower than one", both[0] / single[0], 1, relation=">")

plt.show()
