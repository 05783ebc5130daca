"""What a sweep starts from: tangents for inputs, cotangents for outputs."""

from __future__ import annotations

from numbers import Number
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence


def zeros(value: Tensor) -> Tensor:
    """Make a zero derivative: integers and Booleans have theirs in the default dtype.

    Examples
    --------
    >>> zeros(torch.tensor(True)), zeros(torch.tensor([1.0]))
    (tensor(0.), tensor([0.]))
    """
    if value.is_floating_point() or value.is_complex():
        return torch.zeros_like(value)
    return torch.zeros(value.shape, device=value.device)


def seeds(call: str, word: str, given: Sequence[Any], values: Sequence[Tensor]) -> list[Tensor]:
    """Check that there is one seed for each value, and that it fits.

    Raises
    ------
    TypeError, ValueError
        Naming the call, what was given, and what would be right.

    Examples
    --------
    >>> seeds("forward", "tangent", [1], [torch.tensor(2.0)])
    [tensor(1.)]
    """
    if len(given) != len(values):
        whole = "input" if word == "tangent" else "output"
        raise ValueError(
            f"Trace.{call}: one {word} for each {whole}, so {len(values)}; got {len(given)}"
        )
    return [
        _fit(f"Trace.{call}: {word} {place}", seed, value)
        for place, (seed, value) in enumerate(zip(given, values, strict=True), start=1)
    ]


def cotangents(call: str, given: Any, values: Sequence[Tensor]) -> list[Tensor]:
    """Check what a reverse sweep starts from: one tensor for each output, 1 for a lone number.

    Examples
    --------
    >>> cotangents("reverse", None, [torch.tensor(2.0)])
    [tensor(1.)]
    """
    if given is None and (len(values) != 1 or values[0].numel() != 1):
        shapes = ", ".join(str(tuple(value.shape)) for value in values)
        raise ValueError(
            f"Trace.{call}: needs a cotangent for each output, here of shape {shapes}; only a "
            "single number gets 1 by itself"
        )
    if given is None:
        return [torch.ones_like(zeros(values[0]))]
    return seeds(call, "cotangent", given if isinstance(given, (tuple, list)) else (given,), values)


def _fit(what: str, seed: Any, value: Tensor) -> Tensor:
    zero = zeros(value)
    shape = tuple(value.shape)
    if isinstance(seed, Number):
        seed = torch.tensor(seed, device=zero.device)
        seed = seed.expand(shape) if value.numel() == 1 else seed
    if not isinstance(seed, Tensor):
        raise TypeError(
            f"{what} must be a tensor of shape {shape}, and was the {type(seed).__name__} {seed!r}"
        )
    if seed.shape != value.shape:
        raise ValueError(f"{what} must have the shape {shape}, and had {tuple(seed.shape)}")
    if not torch.can_cast(seed.dtype, zero.dtype):
        raise TypeError(f"{what} must be of {zero.dtype}, and was of {seed.dtype}")
    if not (value.is_floating_point() or value.is_complex()) and bool(seed.any()):
        raise ValueError(f"{what} belongs to {value.dtype} values, which cannot move: it must be 0")
    return seed.detach().to(zero)
