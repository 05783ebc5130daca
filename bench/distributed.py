"""What a step costs when the data lie with several processes, and what it would on many machines.

Each number of processes is one launch of torchrun, with one thread a process. In it the contestants
take turns: `minimize` on a data_sum, PyTorch's DistributedDataParallel on the same problem, and
process 0 alone with all the data, the others waiting. A model of two numbers, the time α of a
message and the bandwidth β, both measured here, says what to expect: a ring all-reduce of m bytes
takes 2 (p - 1) α + 2 (p - 1)/p · m/β (Patarasuk and Yuan, 2009; on other algorithms see Thakur,
Rabenseifner and Gropp, 2005, and Chan et al., 2007).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
import torch.distributed as dist
from harness import Report, Row, options, relative
from torch.nn.parallel import DistributedDataParallel

from steepest import distributed, methods, minimize

STEPS = 20
RATE = 0.5
# rows, columns
PROBLEMS = {"few rows": (1_000, 10), "many rows": (100_000, 100), "wide": (2_000, 5_000)}
QUICK = {"few rows": (1_000, 10), "many rows": (20_000, 100)}
LENGTHS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
# What a rack is often said to have: 10 gigabits a second, 50 microseconds a message.
ETHERNET = (50e-6, 1.25e9)


def table(rows, columns):
    """Return the same data on every process; a real script would read its own rows only."""
    generator = torch.Generator().manual_seed(0)
    A = torch.randn(rows, columns, dtype=torch.float64, generator=generator)
    A /= columns**0.5
    y = torch.where(torch.rand(rows, generator=generator) < 0.5, -1.0, 1.0).double()
    return A, y


def logistic(x, shard, count):
    A, y = shard
    return torch.nn.functional.softplus(-y * (A @ x)).sum() / count


def contestants(A, y, size):
    """Return name: a function that does all steps and returns the last point."""
    count, columns = A.shape
    mine = distributed.local_rows(count)
    part = A[mine].clone(), y[mine].clone()
    x0 = torch.zeros(columns, dtype=torch.float64)
    fun = distributed.data_sum(lambda x, shard: logistic(x, shard, count), part)
    descent = methods.gradient_descent(RATE)

    def ours():
        return minimize(fun, x0, descent, max_iter=STEPS, history=False).x

    def parallel():
        model = torch.nn.Linear(columns, 1, bias=False).double()
        torch.nn.init.zeros_(model.weight)
        wrapped = DistributedDataParallel(model)
        optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
        inputs, z = part
        for _ in range(STEPS):
            optimizer.zero_grad()
            # It averages over the processes.
            loss = torch.nn.functional.softplus(-z * wrapped(inputs)[:, 0]).sum() * size / count
            loss.backward()
            optimizer.step()
        return model.weight.detach()[0]

    def alone(threads):
        def run():
            if dist.get_rank() != 0:
                return None
            torch.set_num_threads(threads)
            x = minimize(
                lambda x: logistic(x, (A, y), count), x0, descent, max_iter=STEPS, history=False
            ).x
            torch.set_num_threads(1)
            return x

        return run

    entries = {"ours": ours, "DDP": parallel, "one process, one thread": alone(1)}
    if size > 1:
        entries[f"one process, {size} threads"] = alone(size)
    return entries, fun


def measure(entries, rounds):
    """Return medians on this process: all processes do the same rounds, in step."""
    walls = {name: [] for name in entries}
    answers = {}
    for turn in range(-1, rounds):
        for name, call in entries.items():
            dist.barrier()
            start = time.perf_counter()
            answers[name] = call()
            if turn >= 0:
                walls[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in walls.items()}, answers


def messages(repeats=30):
    """Return bytes: seconds of an all-reduce."""
    found = {}
    for length in LENGTHS:
        tensor = torch.zeros(length, dtype=torch.float64)
        times = []
        for _ in range(repeats if length < 10**6 else 8):
            start = time.perf_counter()
            dist.all_reduce(tensor)
            times.append(time.perf_counter() - start)
        found[8 * length] = statistics.median(times)
    return found


def work(path, quick):
    torch.set_num_threads(1)
    with distributed.processes(device="cpu") as group:
        found = {"messages": messages(), "problems": {}}
        for name, shape in (QUICK if quick else PROBLEMS).items():
            A, y = table(*shape)
            entries, fun = contestants(A, y, group.size)
            walls, answers = measure(entries, 3 if quick else 5)
            before = fun.bytes_reduced, fun.all_reduces
            entries["ours"]()
            sent = fun.bytes_reduced - before[0], fun.all_reduces - before[1]
            if group.rank == 0:
                reference = answers["one process, one thread"]
                found["problems"][name] = {
                    "seconds": walls,
                    "differ": {key: relative(x, reference) for key, x in answers.items()},
                    "bytes": sent[0] / (STEPS + 1),
                    "all-reduces": sent[1] / (STEPS + 1),
                    "columns": shape[1],
                }
        if group.rank == 0:
            Path(path).write_text(json.dumps(found))


def launch(size, quick):
    """Run this file in `size` processes that listen on the loopback interface only."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        command = [
            *(sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={size}"),
            *("--rdzv-backend=c10d", "--rdzv-conf=store_type=file", "--local-addr=127.0.0.1"),
            *(f"--rdzv-endpoint={folder}/store", __file__, "--work", str(out)),
            *(["--quick"] if quick else []),
        ]
        environment = os.environ | {
            "OMP_NUM_THREADS": "1",
            "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        }
        subprocess.run(command, env=environment, check=True)
        return json.loads(out.read_text())


def ring(size, alpha, beta, count):
    """Return the seconds that a ring all-reduce of `count` bytes takes."""
    return 2 * (size - 1) * alpha + 2 * (size - 1) / size * count / beta


def fit(size, times):
    """Return α from the shortest message and β from the longest."""
    sizes = sorted(times)
    alpha = times[sizes[0]] / (2 * (size - 1))
    slope = (times[sizes[-1]] - times[sizes[0]]) / (sizes[-1] - sizes[0])
    return alpha, 2 * (size - 1) / size / slope


def report_on(report, size, found):
    """Add the rows of one launch."""
    cores = os.cpu_count() or 1
    label = f"p={size}" + (" (over-subscribed)" if size > cores else "")
    times = {int(count): seconds for count, seconds in found["messages"].items()}
    alpha, beta = fit(size, times) if size > 1 else (0.0, float("inf"))
    if size > 1:
        report.note(f"{label}: α = {alpha * 1e6:.0f} µs, β = {beta / 1e9:.2f} GB/s")
        report.series[f"all-reduce, {label}"] = [
            (count, 1e6 * seconds) for count, seconds in times.items()
        ]
    for name, result in found["problems"].items():
        seconds, columns = result["seconds"], result["columns"]
        ours, single = seconds["ours"], seconds["one process, one thread"]
        for peer, wall in seconds.items():
            if peer == "ours":
                continue
            target = 1.1 if size == 1 and name != "few rows" else None
            report.add(
                Row(
                    f"{name}, {label}",
                    peer,
                    ours / wall,
                    target if peer.startswith("one") else None,
                    agreement=result["differ"]["ours"],
                    note=f"{1e3 * ours / (STEPS + 1):.3f} ms a step",
                )
            )
        formula = 0 if size == 1 else 32 + 8 * columns
        report.note(
            f"  bytes a step: {result['bytes']:.0f} in {result['all-reduces']:.0f} all-reduces, "
            f"by the formula 32 + 8n (alone: 0): {formula}"
        )
        if 1 < size <= cores:
            expected = single / size + (STEPS + 1) * (
                ring(size, alpha, beta, 32) + ring(size, alpha, beta, 8 * columns)
            )
            report.add(
                Row(f"{name}, {label}", "the model, from α, β and one process", ours / expected)
            )


def foretell(report, found):
    """Say what the model expects of many machines: a calculation, not a measurement."""
    alpha, beta = ETHERNET
    report.note(
        f"Expected on machines joined at {alpha * 1e6:.0f} µs a message and {beta / 1e9:.2f} GB/s "
        "(calculated, not measured): how many times faster than one process"
    )
    for name, result in found["problems"].items():
        single = result["seconds"]["one process, one thread"] / (STEPS + 1)
        message = 8 * result["columns"]
        gains = []
        for size in (2, 4, 8, 16, 64):
            step = single / size + ring(size, alpha, beta, 32) + ring(size, alpha, beta, message)
            gains.append(f"p={size}: {single / step:.2f}")
        report.note(f"  {name}: " + ", ".join(gains))


def main():
    if "--work" in sys.argv:
        work(sys.argv[sys.argv.index("--work") + 1], "--quick" in sys.argv)
        return
    given = options()
    report = Report("distributed", "A step of gradient descent, data on several processes")
    report.axes = ("bytes", "microseconds an all-reduce")
    report.head()
    found = {}
    for size in (1, 2, 4):
        found[size] = launch(size, given.quick)
        report_on(report, size, found[size])
    foretell(report, found[1])
    report.save(given.out)


if __name__ == "__main__":
    main()
