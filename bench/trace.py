# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest", "torchlens", "torchview"]
# ///
"""What a trace costs, and whether a hundred thousand operations cost ten times ten thousand.

Recording and the forward sweep are compared with the plain call, the reverse sweep with PyTorch's
own backward, and recording also with two packages that record modules. They do another job: what
all three make is a list of operations ("differ" compares its length). Ours adds the lines of the
program and the graph for sweeps of tangents and adjoints, torchlens many statistics, torchview a
drawing of modules, without values. Those two have no sweeps.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from harness import Report, Row, Times, options, race

from steepest.trace import record

OPERATIONS = 1000
LONG = 100_000


def scalars(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Do a thousand operations on single numbers."""
    for _ in range(OPERATIONS // 4):
        a = torch.sin(x)
        b = a * y
        x = b + x
        y = torch.cos(y)
    return x + y


class Module(torch.nn.Module):
    """The same thousand operations, for recorders that want a module."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Call the function."""
        return scalars(x, y)


def chain(length: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return a function that does one operation after another."""

    def fun(x: torch.Tensor) -> torch.Tensor:
        for _ in range(length):
            x = torch.sin(x)
        return x

    return fun


def add(
    report: Report, problem: str, peer: str, ours: Times, theirs: Times, target: float, differ: Any
) -> None:
    ratio, cpu = ours.wall / theirs.wall, ours.cpu / theirs.cpu
    report.add(Row(problem, peer, ratio, target, cpu, float(differ)))


def thousand(report: Report, rounds: int) -> None:
    x, y = torch.tensor([0.3, 0.7], dtype=torch.float64)
    leaves = [t.clone().requires_grad_() for t in (x, y)]
    output = scalars(*leaves)
    trace = record(scalars, x, y)
    end = trace.outputs[0]
    times = race(
        {
            "plain": lambda: scalars(x, y),
            "record": lambda: record(scalars, x, y),
            "write out": lambda: record(scalars, x, y).rows,
            "backward": lambda: torch.autograd.grad(output, leaves, retain_graph=True),
            "reverse": trace.reverse,
            "forward": lambda: trace.forward(1, 0),
        },
        rounds=rounds,
    )
    plain, backward = times["plain"], times["backward"]
    pushed = torch.func.jvp(scalars, (x, y), (torch.ones_like(x), torch.zeros_like(y)))[1]
    pairs = zip(times["reverse"].answer, backward.answer, strict=False)
    size = f"{trace.operations} operations"
    recorded = abs(trace.rows[end].value - plain.answer)
    add(report, f"record, {size}", "plain call", times["record"], plain, 12, recorded)
    wrote = abs(times["write out"].answer[end].value - plain.answer)
    add(report, f"record and read, {size}", "plain call", times["write out"], plain, 15, wrote)
    back = max(abs(a - b) for a, b in pairs)
    add(report, f"reverse, {size}", "autograd.grad", times["reverse"], backward, 10, back)
    forth = abs(times["forward"].answer[end] - pushed)
    add(report, f"forward, {size}", "plain call", times["forward"], plain, 30, forth)


def others(report: Report) -> None:
    """Record the same operations with the packages that are there, in turn with ours."""
    x, y = torch.tensor([0.3, 0.7], dtype=torch.float64)
    module = Module()
    jobs: dict[str, Callable[[], int]] = {}
    try:
        import torchlens

        jobs["torchlens"] = lambda: len(torchlens.trace(module, [x, y]).ops) - 3  # and its ends
    except ImportError as missing:
        report.note(f"torchlens cannot run here: {missing}")
    try:
        import torchview

        jobs["torchview"] = lambda: functions(
            torchview.draw_graph(module, input_data=(x, y), device="cpu").node_hierarchy
        )
    except ImportError as missing:
        report.note(f"torchview cannot run here: {missing}")
    times = race({"ours": lambda: record(scalars, x, y).operations, **jobs}, rounds=3)
    for name in jobs:
        seen = times[name].answer
        add(
            report,
            f"record, {OPERATIONS + 1} operations",
            name,
            times["ours"],
            times[name],
            1,
            times["ours"].answer - seen,
        )


def functions(nodes: Any) -> int:
    """Count the operations in torchview's nested lists of modules, tensors and functions."""
    if isinstance(nodes, dict):
        return sum(functions(inside) for inside in nodes.values())
    if isinstance(nodes, list):
        return sum(functions(node) for node in nodes)
    return type(nodes).__name__ == "FunctionNode"


def long(report: Report, length: int) -> None:
    """Compare a chain with a tenth of it: a ratio of 10 is linear."""
    x = torch.tensor(0.5, dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    traces = {size: record(chain(size), x) for size in (length // 10, length)}
    end = chain(length)(leaf)
    (slope,) = torch.autograd.grad(end, leaf)
    jobs: dict[str, tuple[Callable[[int], Any], torch.Tensor]] = {
        "record": (lambda size: record(chain(size), x).rows[-1].value, end.detach()),
        "reverse": (lambda size: traces[size].reverse()[0], slope),
        "forward": (lambda size: traces[size].forward(1)[-1], slope),
    }
    for name, (job, exact) in jobs.items():
        tenth, full = race({str(size): partial(job, size) for size in traces}, rounds=3).values()
        differ = abs(full.answer - exact)
        add(
            report,
            f"{name}, chain of {length}",
            f"chain of {length // 10}",
            full,
            tenth,
            20,
            differ,
        )
        report.series[name] = [(length // 10, 1.0), (length, full.wall / tenth.wall)]


def main() -> None:
    given = options()
    report = Report("trace", "What does it cost to record and to sweep?")
    report.head()
    thousand(report, rounds=3 if given.quick else 11)
    others(report)
    long(report, LONG // 10 if given.quick else LONG)
    report.save(given.out)


if __name__ == "__main__":
    main()
