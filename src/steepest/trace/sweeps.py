"""A recorded function, and its derivatives: forward and reverse sweeps over its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

import torch

from steepest.trace.costs import Cost, nbytes, widest
from steepest.trace.ends import pull, push
from steepest.trace.listing import written_out
from steepest.trace.seeds import cotangents, seeds, zeros

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

    from steepest.trace.rows import Row
    from steepest.trace.step import Step


@dataclass(frozen=True, eq=False)
class Trace:
    """A function as it ran: its rows, and the derivatives along them.

    Made by `record`. All derivatives are PyTorch's own.

    Attributes
    ----------
    inputs, outputs
        Row numbers. An output may be an input, and may repeat.

    References
    ----------
    Griewank & Walther (2008), *Evaluating Derivatives*, chapter 3.

    Examples
    --------
    >>> from steepest.trace import record
    >>> trace = record(lambda x: x * x, torch.tensor(3.0))
    >>> trace.forward(1.0)
    (tensor(1.), tensor(6.))
    >>> trace.reverse()
    (tensor(6.), tensor(1.))
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    _names: tuple[str, ...] = field(repr=False)
    _steps: tuple[Step | None, ...] = field(repr=False)
    _ends: tuple[Tensor, ...] = field(repr=False)
    _places: tuple[tuple[str, int] | None, ...] = field(repr=False)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The inputs first, then the operations in order."""
        return written_out(self._names, self._steps, self._ends, self._places)

    def forward(self, *tangents: Tensor | float) -> tuple[Tensor, ...]:
        r"""Sweep forwards: the tangent of every row, for one direction of the inputs.

        .. math:: \dot v_j = \sum_{i ≺ j} \frac{∂φ_j}{∂v_i} \dot v_i

        Parameters
        ----------
        *tangents
            One for each input, of its shape.

        Returns
        -------
        tuple of Tensor
            One for each row, in row order, each with the shape of the row's value. Rows that do not
            move with the inputs (integers, Booleans, detached values) have zeros.

        Raises
        ------
        TypeError, ValueError
            If the tangents do not fit the inputs, or PyTorch cannot differentiate the reverse rule
            of some operation (see below).

        Notes
        -----
        Each reverse rule v̄ ↦ (∂φ/∂v)ᵀ v̄ is linear in v̄, so its transpose, which PyTorch gives by
        differentiating the reverse sweep with respect to its seeds, is v̇ ↦ (∂φ/∂v) v̇: the forward
        rule, for every operation whose reverse rule PyTorch can differentiate.

        Examples
        --------
        >>> from steepest.trace import record
        >>> x1, x2 = torch.tensor([2.0, 5.0], dtype=torch.float64)
        >>> trace = record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), x1, x2)
        >>> [f"{trace.forward(*e)[-1]:.6f}" for e in ((1, 0), (0, 1))]
        ['5.500000', '1.716338']
        """
        given = seeds("forward", "tangent", tangents, self._values(self.inputs))
        result = given + [zeros(end) for end in self._ends[len(given) :]]
        inputs = [number for number in self._moving if number < len(given)]
        others = self._moving[len(inputs) :]
        if not inputs or not others:
            return tuple(result)
        with torch.inference_mode(False), torch.enable_grad():
            weights = [torch.zeros_like(self._ends[i]).requires_grad_() for i in others]
            pulled = pull(self._ends_of(others), self._ends_of(inputs), weights, again=True)
            seeded = [(p, result[i]) for p, i in zip(pulled, inputs, strict=True) if p is not None]
            seeded = [(p, tangent) for p, tangent in seeded if p.requires_grad]
            if not seeded:
                return tuple(result)
            pushed = push([p for p, _ in seeded], weights, [tangent for _, tangent in seeded])
        for number, tangent in zip(others, pushed, strict=True):
            if tangent is not None:
                result[number] = tangent
        return tuple(result)

    def reverse(
        self, cotangent: Tensor | float | Sequence[Tensor | float] | None = None
    ) -> tuple[Tensor, ...]:
        r"""Sweep backwards: the adjoint of every row, for one weighting of the outputs.

        .. math:: \bar v_i = \sum_{j ≻ i} \bar v_j \frac{∂φ_j}{∂v_i}

        The sum is over *all* rows j that use v_i; an output starts from its cotangent.

        Parameters
        ----------
        cotangent
            Of the outputs' shapes. A single output with one element needs none: it gets 1.

        Returns
        -------
        tuple of Tensor
            One for each row, in row order, each with the shape of the row's value.

        Raises
        ------
        TypeError, ValueError
            If the cotangent is missing or does not fit the outputs.

        Examples
        --------
        >>> from steepest.trace import record
        >>> x1, x2 = torch.tensor([2.0, 5.0], dtype=torch.float64)
        >>> trace = record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), x1, x2)
        >>> [f"{adjoint:.6f}" for adjoint in trace.reverse()[:2]]
        ['5.500000', '1.716338']
        """
        given = cotangents("reverse", cotangent, self._values(self.outputs))
        result = [zeros(end) for end in self._ends]
        seeded = [(i, s) for i, s in zip(self.outputs, given, strict=True) if self._moves[i]]
        for number, seed in zip(self.outputs, given, strict=True):
            if not self._moves[number]:
                result[number] = result[number] + seed
        if not seeded:
            return tuple(result)
        starts = self._ends_of(number for number, _ in seeded)
        ends = self._ends_of(self._moving)
        adjoints = pull(starts, ends, [seed for _, seed in seeded])
        for number, adjoint in zip(self._moving, adjoints, strict=True):
            if adjoint is not None:
                result[number] = adjoint
        return tuple(result)

    def successors(self, row: int) -> tuple[int, ...]:
        """Give the numbers of the rows that use this one: all j with i ≺ j.

        Examples
        --------
        >>> from steepest.trace import record
        >>> record(lambda x: x.sin() + x, torch.tensor(0.0)).successors(0)
        (1, 2)
        """
        return tuple(self._successors[row])

    def partials(self, row: int) -> dict[int, Tensor]:
        """Give the local derivatives ∂φⱼ/∂vᵢ of one row, for each of its parents i.

        Each has the row's shape followed by the parent's: a Jacobian, and a number where both are
        numbers. It costs one small reverse sweep over the row for each element of its value.

        Raises ValueError for complex rows and parents: their derivatives need not be linear over
        the complex numbers, and then no complex Jacobian holds them. The sweeps do.

        Examples
        --------
        >>> from steepest.trace import record
        >>> record(lambda x, y: x * y, torch.tensor(2.0), torch.tensor(5.0)).partials(2)
        {0: tensor(5.), 1: tensor(2.)}
        """
        value, step = self.rows[row].value, self._steps[row]
        local = {
            parent: zeros(value).new_zeros((*value.shape, *self.rows[parent].value.shape))
            for parent in self.rows[row].parents
        }
        if value.is_complex() or any(self.rows[i].value.is_complex() for i in local):
            raise ValueError(
                f"Trace.partials: {self.rows[row].symbol} is complex or has a complex parent, and "
                "there one Jacobian does not hold the derivative; use the sweeps"
            )
        if step is None or not self._moves[row]:
            return local
        for element in range(value.numel()):
            seed = torch.zeros_like(value, memory_format=torch.contiguous_format)
            seed.view(-1)[element] = 1
            for parent, gradient in self._local(row, step, seed).items():
                flat = local[parent].view(value.numel(), *self.rows[parent].value.shape)
                flat[element] = gradient
        return local

    def _local(self, row: int, step: Step, seed: Tensor) -> dict[int, Tensor]:
        """Pull a seed back over one row only."""
        pairs = zip(step.parents, step.slots, strict=False)
        ends: dict[int, Tensor] = {i: slot for i, slot in pairs if slot.requires_grad}
        hidden = step.function is None
        if hidden:
            ends = {parent: self._ends[parent] for parent in sorted(step.parents, reverse=True)}
        gradients = pull([self._ends[row]], list(ends.values()), [seed])
        local = {i: g for i, g in zip(ends, gradients, strict=True) if g is not None}
        # A hidden row has no slots, so PyTorch went on from parent to parent: take out what came
        # to a parent through later ones.
        for i in list(local) if hidden else ():
            for j in [j for j in local if j > i]:
                through = pull([ends[j]], [ends[i]], [local[j]])[0]
                local[i] = local[i] if through is None else local[i] - through
        return local

    @property
    def operations(self) -> int:
        """The number of operations that the function did, neither inputs nor constants counted.

        The results of one operation with several count once each.

        Examples
        --------
        >>> from steepest.trace import record
        >>> record(lambda x: x.sin() + x, torch.tensor(0.0)).operations
        2
        """
        return sum(step is not None for step in self._steps)

    def cost(self, mode: str) -> Cost:
        """Count what the whole Jacobian costs by ``"forward"`` or ``"reverse"`` sweeps.

        Raises ValueError for any other mode. See `Cost`.

        Examples
        --------
        >>> from steepest.trace import record
        >>> trace = record(lambda x: (x * x).sum(), torch.ones(1000))
        >>> trace.cost("forward").sweeps, trace.cost("reverse").sweeps
        (1000, 1)
        """
        if mode not in ("forward", "reverse"):
            raise ValueError(f"Trace.cost: mode must be 'forward' or 'reverse', and was {mode!r}")
        ends = self.inputs if mode == "forward" else self.outputs
        sweeps = sum(self.rows[i].value.numel() for i in ends if self._moves[i])
        edges = sum(len(row.parents) for row in self.rows if self._moves[row.number])
        memory = widest(self.rows, self.outputs) if mode == "forward" else nbytes(self.rows)
        return Cost(mode, sweeps, edges, memory)

    @cached_property
    def _moves(self) -> tuple[bool, ...]:
        """Whether PyTorch's graph connects each row."""
        return tuple(end.requires_grad for end in self._ends)

    @cached_property
    def _moving(self) -> tuple[int, ...]:
        return tuple(number for number, moves in enumerate(self._moves) if moves)

    def _values(self, rows: Iterable[int]) -> list[Tensor]:
        return [self._ends[row].detach() for row in rows]

    def _ends_of(self, rows: Iterable[int]) -> list[Tensor]:
        return [self._ends[row] for row in rows]

    @cached_property
    def _successors(self) -> list[list[int]]:
        successors: list[list[int]] = [[] for _ in self._ends]
        for number, step in enumerate(self._steps):
            for parent in step.parents if step else ():
                successors[parent].append(number)
        return successors

    def _repr_html_(self) -> str:
        from steepest.render import Markup, table  # render knows traces; a trace asks to be shown

        return cast("Markup", table(self, form="html"))._repr_html_()

    def __str__(self) -> str:
        from steepest.render import table

        return table(self)
