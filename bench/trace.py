# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest"]
# ///
"""What a trace costs: recording and forward sweeps against the plain call, reverse sweeps against
PyTorch's backward, and whether a hundred thousand operations cost ten times ten thousand.

Contenders take turns within one run, and medians of processor time are compared.
"""  # noqa: D205

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from steepest.trace import record

if TYPE_CHECKING:
    from collections.abc import Callable

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


def chain(x: torch.Tensor, length: int) -> torch.Tensor:
    """Do one operation after another."""
    for _ in range(length):
        x = torch.sin(x)
    return x


def seconds(job: Callable[[], Any]) -> tuple[float, Any]:
    """Time one run: of the processor, since neighbours on a machine slow long jobs more."""
    start = time.process_time()
    result = job()
    return time.process_time() - start, result


def turns(jobs: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Let the jobs take turns; give the median of each, the first turn not counted."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats + 1):
        for name, job in jobs.items():
            times[name].append(seconds(job)[0])
    return {name: statistics.median(spent[1:]) for name, spent in times.items()}


def row(problem: str, peer: str, ours: float, theirs: float, target: float, error: float) -> Any:
    return {
        "problem": problem,
        "peer": peer,
        "seconds": ours,
        "peer_seconds": theirs,
        "ratio": ours / theirs,
        "target": target,
        "error": error,
    }


def thousand(repeats: int) -> list[dict[str, Any]]:
    x, y = torch.tensor([0.3, 0.7], dtype=torch.float64)
    leaves = [t.clone().requires_grad_() for t in (x, y)]
    output = scalars(*leaves)
    trace = record(scalars, x, y)
    end = trace.outputs[0]
    spent = turns(
        {
            "plain": lambda: scalars(x, y),
            "record": lambda: record(scalars, x, y),
            "backward": lambda: torch.autograd.grad(output, leaves, retain_graph=True),
            "reverse": trace.reverse,
            "forward": lambda: trace.forward(1, 0),
        },
        repeats,
    )
    theirs = torch.autograd.grad(output, leaves, retain_graph=True)
    pushed = torch.func.jvp(scalars, (x, y), (torch.ones_like(x), torch.zeros_like(y)))[1]
    recorded = float(abs(trace.rows[end].value - scalars(x, y)))
    back = max(float(abs(a - b)) for a, b in zip(trace.reverse(), theirs, strict=False))
    forth = float(abs(trace.forward(1, 0)[end] - pushed))
    size = f"{trace.operations} operations"
    return [
        row(f"record, {size}", "plain call", spent["record"], spent["plain"], 12, recorded),
        row(f"reverse, {size}", "autograd.grad", spent["reverse"], spent["backward"], 10, back),
        row(f"forward, {size}", "plain call", spent["forward"], spent["plain"], 30, forth),
    ]


def long() -> list[dict[str, Any]]:
    """Compare a chain of 100,000 operations with a tenth of it: 10 is linear."""
    x = torch.tensor(0.5, dtype=torch.float64)
    spent: dict[str, list[float]] = {"record": [], "reverse": [], "forward": []}
    error = 0.0
    for length in (LONG // 10, LONG):
        time_record, trace = seconds(lambda length=length: record(lambda x: chain(x, length), x))
        time_reverse, back = seconds(trace.reverse)
        time_forward, forth = seconds(lambda trace=trace: trace.forward(1))
        for name, one in zip(spent, (time_record, time_reverse, time_forward), strict=True):
            spent[name].append(one)
        leaf = x.clone().requires_grad_()
        theirs = torch.autograd.grad(chain(leaf, length), leaf)[0]
        error = max(error, float(abs(back[0] - theirs)), float(abs(forth[-1] - theirs)))
    return [
        row(f"{name}, chain of {LONG}", f"chain of {LONG // 10}", full, tenth, 20, error)
        for name, (tenth, full) in spent.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--repeats", type=int, default=11, help="turns of each contender")
    given = parser.parse_args()
    rows = thousand(given.repeats) + long()
    print(f"{'problem':30} {'peer':16} {'ours':>11} {'peer':>11} {'ratio':>6} {'target':>6} error")
    for one in rows:
        print(
            f"{one['problem']:30} {one['peer']:16} {one['seconds'] * 1e3:9.2f}ms "
            f"{one['peer_seconds'] * 1e3:9.2f}ms {one['ratio']:6.2f} {one['target']:6} "
            f"{one['error']:.1e}"
        )
    if given.json:
        given.json.write_text(json.dumps({"torch": torch.__version__, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
