"""A reverse sweep that keeps few values and computes the others again."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from steepest.trace.ends import pull
from steepest.trace.seeds import cotangents, zeros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from torch import Tensor

    from steepest.trace.sweeps import Trace


@dataclass(frozen=True, eq=False)
class Checkpointed:
    """What `reverse_checkpointed` gives.

    Attributes
    ----------
    adjoints
        One for each input.
    checkpoints
        The rows before which values were kept.
    operations
        Operations done in all; a plain sweep does `Trace.operations`.
    memory
        The bytes of values held while each segment was swept, in the order of the sweep: the
        checkpoints that were still needed, and the segment itself.
    """

    adjoints: tuple[Tensor, ...]
    checkpoints: tuple[int, ...]
    operations: int
    memory: tuple[int, ...]


def reverse_checkpointed(
    trace: Trace,
    segments: int,
    cotangent: Tensor | float | Sequence[Tensor | float] | None = None,
) -> Checkpointed:
    r"""Sweep backwards over one segment of the rows after another, each computed when needed.

    A first run keeps only what crosses from one segment into the next. Then, from the last segment
    to the first, the segment is run again from its checkpoint, and swept. For a chain of l
    operations in s segments this holds about s + l/s values in place of l, so least for s = √l, and
    does every operation at most twice.

    Parameters
    ----------
    trace
        What `record` gave. Its operations are done again, from the inputs' values.
    segments
        Into how many runs of equal length the operations are cut.
    cotangent
        As in `Trace.reverse`.

    Raises
    ------
    TypeError, ValueError
        If the cotangent does not fit, there are fewer segments than one or more than operations, or
        an operation does not repeat: random ones, and those hidden in a
        `torch.autograd.Function`.

    References
    ----------
    Griewank & Walther (2008), *Evaluating Derivatives*, chapter 12.

    Examples
    --------
    >>> from steepest.trace import record
    >>> def chain(x):
    ...     for _ in range(100):
    ...         x = torch.sin(x)
    ...     return x
    >>> trace = record(chain, torch.tensor(1.0))
    >>> swept = reverse_checkpointed(trace, 10)
    >>> bool(swept.adjoints[0] == trace.reverse()[0]), swept.operations, trace.operations
    (True, 190, 100)
    >>> max(swept.memory), trace.cost("reverse").memory  # 10 + 10 values of four bytes, not 101
    (80, 404)
    """
    first, total = len(trace.inputs), len(trace.rows)
    if not isinstance(segments, int) or not 1 <= segments <= max(total - first, 1):
        raise ValueError(
            f"reverse_checkpointed: segments must be a whole number from 1 to the "
            f"{max(total - first, 1)} operations, and was {segments!r}"
        )
    outputs = [trace.rows[i].value for i in trace.outputs]
    seeds = cotangents("reverse_checkpointed", cotangent, outputs)
    cuts = [first + (total - first) * k // segments for k in range(segments + 1)]
    last = _last_uses(trace)
    kept: list[dict[int, Tensor]] = []
    values = {i: trace.rows[i].value for i in trace.inputs}
    for start, stop in itertools.pairwise(cuts):
        values = {i: value for i, value in values.items() if last[i] >= start}
        kept.append(values)
        if stop != total:
            with torch.no_grad():
                values = _run(trace, start, stop, values)
    adjoints: dict[int, Tensor] = {}
    for number, seed in zip(trace.outputs, seeds, strict=True):
        adjoints[number] = adjoints[number] + seed if number in adjoints else seed
    memory = []
    for start, stop in reversed(list(itertools.pairwise(cuts))):
        leaves = {i: _leaf(value) for i, value in kept[-1].items()}
        with torch.inference_mode(False), torch.enable_grad():
            inside = _run(trace, start, stop, leaves)
        memory.append(_nbytes([inside, *kept[:-1]]))
        kept.pop()
        _sweep(inside, leaves, range(start, stop), adjoints)
    return Checkpointed(
        tuple(adjoints.get(i, zeros(trace.rows[i].value)) for i in trace.inputs),
        tuple(cuts[:-1]),
        trace.operations + sum(step is not None for step in trace._steps[: cuts[-2]]),
        tuple(memory),
    )


def _last_uses(trace: Trace) -> list[int]:
    """Find the last row that uses each row; outputs are used at the end."""
    last = [-1] * len(trace.rows)
    for row in trace.rows:
        for parent in row.parents:
            last[parent] = row.number
    for output in trace.outputs:
        last[output] = len(trace.rows)
    return last


def _run(trace: Trace, start: int, stop: int, given: Mapping[int, Tensor]) -> dict[int, Tensor]:
    """Do the operations of some rows again."""
    values = dict(given)
    for row in trace.rows[start:stop]:
        step = trace._steps[row.number]
        if step is None or step.function is None:
            if step is None:
                values[row.number] = row.value
                continue
            raise ValueError(
                f"reverse_checkpointed: {row.symbol} ({row.operation}) cannot be done again: it "
                "was hidden from the recorder; write it with PyTorch's own operations"
            )
        new = step.value(values)
        values[row.number] = new if trace._moves[row.number] else new.detach()
        if not torch.equal(torch.nan_to_num(new.detach()), torch.nan_to_num(row.value)):
            raise ValueError(
                f"reverse_checkpointed: {row.symbol} ({row.operation}) gives another value each "
                f"time it is done, at {row.source}; draw random numbers outside of fun"
            )
    return values


def _leaf(value: Tensor) -> Tensor:
    leaf = value.detach()
    return leaf.requires_grad_(leaf.is_floating_point() or leaf.is_complex())


def _sweep(
    inside: Mapping[int, Tensor],
    leaves: Mapping[int, Tensor],
    rows: Iterable[int],
    adjoints: dict[int, Tensor],
) -> None:
    """Move the adjoints of a segment's rows to the rows that it started from."""
    seeded = [(inside[i], adjoints.pop(i)) for i in rows if i in adjoints]
    seeded = [(value, adjoint) for value, adjoint in seeded if value.requires_grad]
    ends = {i: leaf for i, leaf in leaves.items() if leaf.requires_grad}
    if not seeded:
        return
    pulled = pull([v for v, _ in seeded], list(ends.values()), [a for _, a in seeded])
    for i, new in zip(ends, pulled, strict=True):
        if new is not None:
            adjoints[i] = adjoints[i] + new if i in adjoints else new


def _nbytes(held: Iterable[Mapping[int, Tensor]]) -> int:
    storages = [value.untyped_storage() for values in held for value in values.values()]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())
