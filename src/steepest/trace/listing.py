"""The rows of a recording, written out when somebody reads them: a sweep does without."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from steepest.trace.places import source
from steepest.trace.rows import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from steepest.trace.step import Step


def written_out(
    names: Sequence[str],
    steps: Sequence[Step | None],
    tensors: Sequence[Tensor],
    places: Sequence[tuple[str, int] | None],
) -> tuple[Row, ...]:
    """Write the rows out: inputs with these names, then steps and what they gave.

    Examples
    --------
    >>> import torch
    >>> [row] = written_out(["x"], [None], [torch.tensor(2.0)], [None])
    >>> row.symbol, row.name, row.value
    ('v₀', 'x', tensor(2.))
    """
    lookup = cache(source)
    first = 1 - len(names)
    rows = []
    for number, (step, tensor, place) in enumerate(zip(steps, tensors, places, strict=True)):
        index, value = number + first, tensor.detach()
        if step is not None:
            text = lookup(*place) if place else None
            made = step.label, step.parents, value, text, "", step.shown, step.options
            rows.append(Row(number, index, *made))
        elif number < len(names):
            rows.append(Row(number, index, "input", (), value, name=names[number]))
        else:
            rows.append(Row(number, index, "constant", (), value))
    return tuple(rows)
