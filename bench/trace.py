# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest"]
# ///
"""What a trace costs: recording against the plain call, sweeps against PyTorch's own."""

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
    return x


def chain(x: torch.Tensor, length: int = LONG) -> torch.Tensor:
    """Do one operation after another."""
    for _ in range(length):
        x = torch.sin(x)
    return x


def seconds(job: Callable[[], Any], repeats: int) -> float:
    """Median wall-clock time of a few runs, after one that is not counted."""
    job()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def once(job: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = job()
    return time.perf_counter() - start, result


def thousand(repeats: int) -> list[dict[str, Any]]:
    x, y = torch.tensor([0.3, 0.7], dtype=torch.float64)
    leaves = [t.clone().requires_grad_() for t in (x, y)]
    out = scalars(*leaves)
    trace = record(scalars, x, y)
    plain = seconds(lambda: scalars(x, y), repeats)
    theirs = torch.autograd.grad(out, leaves, retain_graph=True)
    backward = seconds(lambda: torch.autograd.grad(out, leaves, retain_graph=True), repeats)
    pushed = torch.func.jvp(scalars, (x, y), (torch.ones_like(x), torch.zeros_like(y)))[1]
    errors = {
        "record": abs(trace.rows[-1].value - scalars(x, y)),
        "reverse": max(abs(a - b) for a, b in zip(trace.reverse(), theirs, strict=False)),
        "forward": abs(trace.forward(1, 0)[-1] - pushed),
    }
    table = [
        ("record", "plain call", seconds(lambda: record(scalars, x, y), repeats), plain, 12),
        ("reverse", "autograd.grad", seconds(trace.reverse, repeats), backward, 10),
        ("forward", "plain call", seconds(lambda: trace.forward(1, 0), repeats), plain, 30),
    ]
    return [
        {
            "problem": f"{name}, {trace.operations} operations",
            "peer": peer,
            "seconds": ours,
            "peer_seconds": base,
            "ratio": ours / base,
            "target": target,
            "error": float(errors[name]),
        }
        for name, peer, ours, base, target in table
    ]


def long() -> list[dict[str, Any]]:
    """Compare a chain of 10,000 operations with one ten times as long: linear means 10."""
    rows = []
    x = torch.tensor(0.5, dtype=torch.float64)
    timings: dict[str, list[float]] = {}
    for length in (LONG // 10, LONG):
        job = lambda length=length: record(lambda x: chain(x, length), x)  # noqa: E731
        spent, trace = once(job)
        timings.setdefault("record", []).append(spent)
        timings.setdefault("reverse", []).append(once(trace.reverse)[0])
        timings.setdefault("forward", []).append(once(lambda trace=trace: trace.forward(1))[0])
        leaf = x.clone().requires_grad_()
        theirs = torch.autograd.grad(chain(leaf, length), leaf)[0]
        error = max(
            abs(float(trace.reverse()[0] - theirs)), abs(float(trace.forward(1)[-1] - theirs))
        )
    for name, (short, full) in timings.items():
        rows.append(
            {
                "problem": f"{name}, chain of {LONG}",
                "peer": f"chain of {LONG // 10}",
                "seconds": full,
                "peer_seconds": short,
                "ratio": full / short,
                "target": 20,
                "error": error,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    rows = thousand(arguments.repeats) + long()
    print(
        f"{'problem':32} {'peer':16} {'ours':>10} {'peer':>10} {'ratio':>7} {'target':>7} {'error':>9}"
    )
    for row in rows:
        print(
            f"{row['problem']:32} {row['peer']:16} {row['seconds'] * 1e3:8.2f}ms "
            f"{row['peer_seconds'] * 1e3:8.2f}ms {row['ratio']:7.2f} {row['target']:7} "
            f"{row['error']:9.1e}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps({"torch": torch.__version__, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
