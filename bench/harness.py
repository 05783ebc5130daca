"""What every benchmark needs: medians taken side by side, a table of ratios, JSON, a picture.

Contestants take turns within one process, so that a busy machine slows all of them alike. What is
reported are ratios of medians; seconds mean nothing on another machine.
"""

import argparse
import gc
import json
import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

OURS = "steepest"


@dataclass
class Row:
    """One line of the table: what ours costs as a multiple of what the peer costs."""

    problem: str
    peer: str
    ratio: float
    target: float | None = None
    cpu_ratio: float | None = None
    agreement: float | None = None
    note: str = ""

    @property
    def met(self) -> str:
        """Return whether the target is met, in a word."""
        return "" if self.target is None else ("yes" if self.ratio <= self.target else "NO")


@dataclass
class Report:
    """All that one benchmark found."""

    name: str
    question: str
    rows: list[Row] = field(default_factory=list)
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    axes: tuple[str, str] = ("size", "cost, ours at the smallest size = 1")

    def add(self, row: Row) -> None:
        """Print a line as soon as it is known."""
        self.rows.append(row)
        target = "" if row.target is None else f"{row.target:.3g}"
        cpu = "" if row.cpu_ratio is None else f"{row.cpu_ratio:.3g}"
        agree = "" if row.agreement is None else f"{row.agreement:.1e}"
        print(
            f"{row.problem:44s} {row.peer:34s} {row.ratio:8.3g} {target:>7s} {row.met:>4s} "
            f"{cpu:>8s} {agree:>8s}  {row.note}",
            flush=True,
        )

    def note(self, text: str) -> None:
        """Print and keep a sentence."""
        self.notes.append(text)
        print(text, flush=True)

    def head(self) -> None:
        """Print what the columns are."""
        print(f"# {self.question}")
        print(
            f"{'problem':44s} {'peer':34s} {'ratio':>8s} {'target':>7s} {'met':>4s} "
            f"{'cpu ratio':>8s} {'differ':>8s}"
        )

    def save(self, folder: Path) -> None:
        """Write JSON, and a picture where matplotlib is installed."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            **asdict(self),
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "load": os.getloadavg(),
        }
        (folder / f"{self.name}.json").write_text(json.dumps(content, indent=1))
        if self.series:
            self._plot(folder / f"{self.name}.svg")

    def _plot(self, path: Path) -> None:
        try:
            import matplotlib as mpl
        except ImportError:
            print("matplotlib is not installed: no picture")
            return
        mpl.use("svg")
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
        for name, points in self.series.items():
            axes.loglog(*zip(*points, strict=True), marker="o", label=name)
        axes.set(title=self.question, xlabel=self.axes[0], ylabel=self.axes[1])
        axes.legend(fontsize="small")
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


@dataclass
class Times:
    """Medians of one contestant: wall clock, processor time of all threads; and its answer."""

    wall: float
    cpu: float
    answer: Any


def race(
    contestants: Mapping[str, Callable[[], Any]], *, rounds: int = 5, warm_up: int = 1
) -> dict[str, Times]:
    """Let all contestants run in turn, `rounds` times, and return their medians.

    A contestant whose first run takes seconds is not run as often: three rounds say enough.
    """
    walls: dict[str, list[float]] = {name: [] for name in contestants}
    cpus: dict[str, list[float]] = {name: [] for name in contestants}
    answers: dict[str, Any] = {}
    gc.collect()
    for turn in range(-warm_up, rounds):
        for name, call in contestants.items():
            if turn >= 3 and statistics.median(walls[name]) > 2:
                continue
            wall, cpu = time.perf_counter(), time.process_time()
            answers[name] = call()
            if turn >= 0:
                walls[name].append(time.perf_counter() - wall)
                cpus[name].append(time.process_time() - cpu)
    return {
        name: Times(statistics.median(walls[name]), statistics.median(cpus[name]), answers[name])
        for name in contestants
    }


def compare(
    report: Report,
    problem: str,
    times: Mapping[str, Times],
    *,
    ours: str = OURS,
    targets: Mapping[str, float] | None = None,
    differ: Callable[[Any, Any], float] | None = None,
) -> None:
    """Add a row for each peer."""
    mine = times[ours]
    for name, peer in times.items():
        if name == ours or name.startswith(OURS):
            continue
        report.add(
            Row(
                problem,
                name,
                mine.wall / peer.wall,
                (targets or {}).get(name),
                mine.cpu / peer.cpu if peer.cpu > 0 else None,
                None if differ is None else differ(mine.answer, peer.answer),
                "" if ours == OURS else ours,
            )
        )


def relative(a: Any, b: Any) -> float:
    """Return the largest difference of two arrays, as a share of the largest entry."""
    a, b = (torch.as_tensor(numpy_like(t)).double() for t in (a, b))
    return float((a - b).abs().max() / b.abs().max())


def numpy_like(array: Any) -> Any:
    """Return what torch.as_tensor understands, copied where the source is read-only."""
    if isinstance(array, torch.Tensor):
        return array
    import numpy as np

    return np.array(array)


def jax_or_none() -> Any:
    """Return jax with float64 switched on, or None with a word on how to get it."""
    try:
        import jax
    except ImportError:
        print("jax is not installed: left out (pip install jax)")
        return None
    jax.config.update("jax_enable_x64", True)
    return jax


def parser() -> argparse.ArgumentParser:
    """Return the options that all benchmarks share."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="where JSON goes")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    return parser


def options(argv: Iterable[str] | None = None) -> argparse.Namespace:
    """Read the command line of a benchmark of the package."""
    known = parser()
    known.add_argument("--largest", action="store_true", help="the largest size only")
    known.add_argument("--threads", type=int, default=2)
    given = known.parse_args(None if argv is None else list(argv))
    torch.set_num_threads(given.threads)
    return given
