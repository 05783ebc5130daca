"""What the sweeps cost: how many, how much work, how much memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steepest.trace.rows import Row


@dataclass(frozen=True)
class Cost:
    """What a whole Jacobian costs in one mode, counted on the rows.

    Attributes
    ----------
    mode
        ``"forward"`` or ``"reverse"``.
    sweeps
        One for each element of the inputs (forward) or of the outputs (reverse).
    multiplications
        The local partials that one sweep multiplies by: one for each edge i ≺ j, whatever the
        shapes. Each product but the first into the same variable is then added.
    memory
        The bytes of values that must be held at once besides the tangents or adjoints themselves.
        Forward, a value can go after its last use; reverse, all stay until the sweep comes back.

    References
    ----------
    Griewank & Walther (2008), *Evaluating Derivatives*, chapters 3 and 4.

    Examples
    --------
    >>> import torch
    >>> from steepest.trace import record
    >>> trace = record(lambda x: (x.sin() * x.cos()).sum(), torch.ones(10))
    >>> trace.cost("forward")
    Cost(mode='forward', sweeps=10, multiplications=5, memory=120)
    >>> trace.cost("reverse")
    Cost(mode='reverse', sweeps=1, multiplications=5, memory=164)
    """

    mode: str
    sweeps: int
    multiplications: int
    memory: int


def nbytes(rows: Iterable[Row]) -> int:
    """Count the bytes of the rows' values; memory that several rows show counts once.

    Examples
    --------
    >>> import torch
    >>> from steepest.trace import record
    >>> nbytes(record(lambda x: x[0] * 2.0, torch.zeros(5)).rows)
    24
    """
    storages = {row.value.untyped_storage().data_ptr(): row for row in rows}
    return sum(row.value.untyped_storage().nbytes() for row in storages.values())


def widest(rows: Sequence[Row], kept: Iterable[int]) -> int:
    """Count the most bytes that are alive at once if each value goes after its last use."""
    last = {row.number: row.number for row in rows}
    for row in rows:
        last.update(dict.fromkeys(row.parents, row.number))
    last.update(dict.fromkeys(kept, len(rows)))
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for row in rows:
        storage = row.value.untyped_storage()
        begins.setdefault(storage.data_ptr(), row.number)
        ends[storage.data_ptr()] = max(ends.get(storage.data_ptr(), 0), last[row.number])
        sizes[storage.data_ptr()] = storage.nbytes()
    changes = [0] * (len(rows) + 2)
    for address, size in sizes.items():
        changes[begins[address]] += size
        changes[ends[address] + 1] -= size
    alive = most = 0
    for change in changes:
        alive += change
        most = max(most, alive)
    return most
