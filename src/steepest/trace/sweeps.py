"""A recorded function, and its derivatives: one forward or reverse sweep over its rows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from numbers import Number
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from steepest.trace.rows import Constant, Ref, Row, change_leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch.autograd.graph import GradientEdge

    from steepest.trace.names import Operation


@dataclass(frozen=True, eq=False)
class Step:
    """One call of PyTorch, able to run again: the function and what it was given."""

    function: Callable[..., Any]
    operation: Operation
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    parents: tuple[int, ...]
    slots: tuple[Tensor, ...]
    output: int | None = None

    def part(self, output: int) -> Step:
        """Give the same call, seen from one of the tensors that it returns."""
        return dataclasses.replace(self, output=output)

    @property
    def label(self) -> str:
        """The name, with the number of the output where there are several."""
        name = self.operation.name
        return name if self.output is None else f"{name}[{self.output}]"

    @property
    def shown(self) -> tuple[Any, ...]:
        """The arguments in reading order: ``3 - x`` is sub(3, x)."""
        return self.arguments[::-1] if self.operation.reflected else self.arguments

    def __call__(self, values: Mapping[int, Tensor]) -> Any:
        """Do the operation on other values of its parents."""

        def fill(leaf: Ref | Constant) -> Tensor:
            return values[leaf.row] if isinstance(leaf, Ref) else leaf.value.detach()

        options = {key: change_leaves(fill, value) for key, value in self.options.items()}
        return self.function(*change_leaves(fill, self.arguments), **options)


@dataclass(frozen=True, eq=False)
class Trace:
    """A function as it ran: its rows, and the derivatives along them.

    Made by `record`. All derivatives are PyTorch's own.

    Attributes
    ----------
    rows : tuple of Row
        The inputs first, then the operations in order.
    inputs, outputs : tuple of int
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

    rows: tuple[Row, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    _steps: tuple[Step | None, ...] = field(repr=False)
    _edges: tuple[GradientEdge | None, ...] = field(repr=False)

    def forward(self, *tangents: Tensor | float) -> tuple[Tensor, ...]:
        r"""Sweep forwards: the tangent of every row, for one direction of the inputs.

        .. math:: \dot v_j = \sum_{i ≺ j} \frac{∂φ_j}{∂v_i} \dot v_i

        Parameters
        ----------
        *tangents : Tensor or number
            One for each input, of its shape.

        Returns
        -------
        tuple of Tensor
            One for each row, in row order, each with the shape of the row's value. Rows that do not
            move with the inputs (integers, Booleans, detached values) have zeros.

        Raises
        ------
        TypeError, ValueError
            If the tangents do not fit the inputs.

        Notes
        -----
        Each local rule v̄ ↦ (∂φ/∂v)ᵀ v̄ is linear in v̄, so its transpose, which PyTorch gives by
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
        seeds = self._seeds("forward", "tangent", tangents, self.inputs)
        result = [_zeros(row.value) for row in self.rows]
        for number, seed in zip(self.inputs, seeds, strict=True):
            result[number] = seed
        moving = self._moving()
        inputs = [number for number in self.inputs if number in moving]
        numbers = [number for number in moving if number not in inputs]
        if not inputs or not numbers:
            return tuple(result)
        with torch.inference_mode(False), torch.enable_grad():
            weights = [torch.zeros_like(self.rows[i].value).requires_grad_() for i in numbers]
            pulled = torch.autograd.grad(
                [moving[i] for i in numbers],
                [moving[i] for i in inputs],
                weights,
                create_graph=True,
                allow_unused=True,
            )
            used = [(p, result[i]) for p, i in zip(pulled, inputs, strict=True) if p is not None]
            used = [(p, seed) for p, seed in used if p.requires_grad]
            if not used:
                return tuple(result)
            pushed = torch.autograd.grad(
                [p for p, _ in used], weights, [seed for _, seed in used], allow_unused=True
            )
        for number, tangent in zip(numbers, pushed, strict=True):
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
        cotangent : Tensor, number, or a sequence with one for each output
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
        if cotangent is None:
            values = [self.rows[number].value for number in self.outputs]
            if len(values) != 1 or values[0].numel() != 1:
                shapes = ", ".join(str(tuple(value.shape)) for value in values)
                raise ValueError(
                    f"Trace.reverse: needs a cotangent for each output, here of shape {shapes}; "
                    "only a single number is given 1 by itself"
                )
            cotangent = torch.ones_like(values[0])
        given = tuple(cotangent) if isinstance(cotangent, (tuple, list)) else (cotangent,)
        seeds = self._seeds("reverse", "cotangent", given, self.outputs)
        result = [_zeros(row.value) for row in self.rows]
        moving = self._moving()
        seeded = [(i, s) for i, s in zip(self.outputs, seeds, strict=True) if i in moving]
        if not seeded:
            return tuple(result)
        adjoints = torch.autograd.grad(
            [moving[i] for i, _ in seeded],
            list(moving.values()),
            [seed for _, seed in seeded],
            retain_graph=True,
            allow_unused=True,
        )
        for number, adjoint in zip(moving, adjoints, strict=True):
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
        return tuple(other.number for other in self.rows if row in other.parents)

    def partials(self, row: int) -> dict[int, Tensor]:
        """Give the local derivatives ∂φⱼ/∂vᵢ of one row, for each of its parents i.

        Each has the row's shape followed by the parent's: a Jacobian, and a number where both are
        numbers. It costs one small reverse sweep over the row for each element of its value.

        Examples
        --------
        >>> from steepest.trace import record
        >>> record(lambda x, y: x * y, torch.tensor(2.0), torch.tensor(5.0)).partials(2)
        {0: tensor(5.), 1: tensor(2.)}
        """
        step, value = self._steps[row], self.rows[row].value
        if step is None:
            return {}
        shapes = {parent: self.rows[parent].value.shape for parent in step.parents}
        partials = {
            parent: torch.zeros((*value.shape, *shape), dtype=value.dtype, device=value.device)
            for parent, shape in shapes.items()
        }
        slots = {p: s for p, s in zip(step.parents, step.slots, strict=True) if s.requires_grad}
        edge = self._edges[row]
        if edge is None or not slots:
            return partials
        for element in range(value.numel()):
            seed = torch.zeros_like(value).flatten()
            seed[element] = 1
            gradients = torch.autograd.grad(
                edge,
                list(slots.values()),
                seed.reshape(value.shape),
                retain_graph=True,
                allow_unused=True,
            )
            for parent, gradient in zip(slots, gradients, strict=True):
                if gradient is not None:
                    partials[parent].view(-1, *shapes[parent])[element] = gradient
        return partials

    def _moving(self) -> dict[int, GradientEdge]:
        """List the rows that PyTorch's graph connects to something, in order."""
        return {i: edge for i, edge in enumerate(self._edges) if edge is not None}

    def _seeds(
        self, call: str, word: str, given: Sequence[Any], numbers: Sequence[int]
    ) -> list[Tensor]:
        kind = "input" if word == "tangent" else "output"
        if len(given) != len(numbers):
            raise ValueError(
                f"Trace.{call}: one {word} for each {kind}, so {len(numbers)}; got {len(given)}"
            )
        return [
            _fit(f"Trace.{call}: {word} {place}", seed, self.rows[number].value)
            for place, (seed, number) in enumerate(zip(given, numbers, strict=True), start=1)
        ]

    def _repr_html_(self) -> str:
        from steepest.render import table  # render knows traces; a trace only asks to be shown

        return table(self, form="html")

    def __str__(self) -> str:
        from steepest.render import table

        return table(self)


def _zeros(value: Tensor) -> Tensor:
    """Make a zero derivative: integers and Booleans have theirs in the default dtype."""
    if value.is_floating_point() or value.is_complex():
        return torch.zeros_like(value)
    return torch.zeros(value.shape, device=value.device)


def _fit(what: str, seed: Any, value: Tensor) -> Tensor:
    zeros = _zeros(value)
    if isinstance(seed, Number):
        seed = torch.tensor(seed, dtype=zeros.dtype, device=zeros.device)
    if not isinstance(seed, Tensor):
        raise TypeError(
            f"{what} must be a tensor of shape {tuple(value.shape)}, and was a "
            f"{type(seed).__name__}"
        )
    if seed.shape != value.shape:
        raise ValueError(
            f"{what} must have the shape {tuple(value.shape)}, and had {tuple(seed.shape)}"
        )
    if not torch.can_cast(seed.dtype, zeros.dtype):
        raise TypeError(f"{what} must be {zeros.dtype}, and was {seed.dtype}")
    return seed.detach().to(zeros)
