"""What every derivative asks of its arguments, and the messages where it does not get it.

Each helper takes the name of the public call, so that a message names what the reader wrote.
"""

from collections.abc import Callable

import torch
from torch import Tensor

CAUSES = (
    "torch.tensor([...]) of tensors (use torch.stack), .detach(), .item() or float(...), "
    "a NumPy call"
)
CUT = (
    f"no graph connects the result to x. Usual causes: {CAUSES}, or a result that does not depend "
    "on x"
)


def point(x: object, caller: str) -> Tensor:
    """Return x without its graph, sharing memory; refuse what cannot be differentiated."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{caller}: x must be a tensor, got {type(x).__name__}; "
            "write torch.tensor(..., dtype=torch.float64)"
        )
    if not x.is_floating_point():
        raise TypeError(
            f"{caller}: x must be of floating point, got {x.dtype}; write x.to(torch.float64)"
        )
    return x.detach()


def function(fun: object, caller: str) -> None:
    """Refuse what cannot be called."""
    if not callable(fun):
        raise TypeError(
            f"{caller}: fun must be a function of one tensor, got {type(fun).__name__}; "
            "write lambda x: ..."
        )


def like(given: object, model: Tensor, caller: str, name: str, model_name: str) -> Tensor:
    """Return `given` without its graph where it has the shape, dtype and device of `model`."""
    if not isinstance(given, Tensor):
        raise TypeError(f"{caller}: {name} must be a tensor, got {type(given).__name__}")
    same = given.shape == model.shape and given.dtype == model.dtype
    if same and given.device == model.device:
        return given.detach()
    for what in ("shape", "dtype", "device"):
        mine, right = getattr(given, what), getattr(model, what)
        if mine != right:
            if what == "shape":
                mine, right = tuple(mine), tuple(right)
            raise ValueError(
                f"{caller}: {name} must have the {what} of {model_name}, {right}; got {mine}"
            )
    raise AssertionError("unreachable: one of the three differs")


def evaluate(fun: Callable[[Tensor], Tensor], leaf: Tensor, caller: str) -> Tensor:
    """Return ``fun(leaf)``, a tensor; refuse a function that writes into its argument."""
    version = leaf._version
    try:
        value = fun(leaf)
    except RuntimeError as error:
        # A leaf that requires a gradient guards itself; its words are about leaves, not about x.
        if "leaf Variable that requires grad" in str(error):
            raise ValueError(f"{caller}: {_MUTATED}") from error
        raise
    if leaf._version != version:
        raise ValueError(f"{caller}: {_MUTATED}")
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{caller}: fun must return a tensor, got {type(value).__name__}; "
            "compute with torch functions and without .item()"
        )
    return value


_MUTATED = "fun changes its argument in place; write x = x + 1 instead of x += 1 or x.add_(1)"


def evaluate_scalar(fun: Callable[[Tensor], Tensor], leaf: Tensor, caller: str) -> Tensor:
    """Return ``fun(leaf)``, a tensor of shape ()."""
    value = evaluate(fun, leaf, caller)
    if value.ndim != 0:
        raise ValueError(
            f"{caller}: fun must return a scalar of shape (), got {tuple(value.shape)}; "
            "sum or average it, or take vjp or jacobian"
        )
    return value


def record_scalar(fun: Callable[[Tensor], Tensor], leaf: Tensor, caller: str) -> Tensor:
    """Return ``fun(leaf)``, a tensor of shape () with its graph, also where graphs are off."""
    if torch.is_grad_enabled():
        return evaluate_scalar(fun, leaf, caller)
    with torch.enable_grad():
        return evaluate_scalar(fun, leaf, caller)


def pull_back(
    value: Tensor, leaf: Tensor, u: Tensor | None, caller: str, *, keep: bool = False
) -> Tensor:
    """Return the cotangent of `leaf`; with `keep`, such that it can be differentiated again."""
    if not value.requires_grad:
        raise ValueError(f"{caller}: {CUT}")
    (gradient,) = torch.autograd.grad(value, leaf, u, create_graph=keep, allow_unused=True)
    if gradient is None:
        raise ValueError(f"{caller}: {CUT}")
    return gradient
