r"""What every call asks of its arguments, and the sweeps that all of them are made of.

`caller` is the name of the public call and `name` that of the function among its arguments, so that
a message names what the reader wrote.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from steepest.derivatives._arguments import CAUSES

Function = Callable[[Tensor, Tensor], Tensor]


def leaves(theta: object, phi: object, caller: str) -> tuple[Tensor, Tensor]:
    """Return both points without their graphs, sharing memory, ready to be differentiated by."""
    first, second = _point(theta, caller, "theta"), _point(phi, caller, "phi")
    # With two dtypes half of the digits get lost in silence: the source of this room did that.
    for what in ("dtype", "device"):
        mine, right = getattr(second, what), getattr(first, what)
        if mine != right:
            raise ValueError(
                f"{caller}: phi must have the {what} of theta, {right}; got {mine}; "
                f"write phi.to(theta.{what})"
            )
    return first.requires_grad_(), second.requires_grad_()


def _point(given: object, caller: str, name: str) -> Tensor:
    if not isinstance(given, Tensor):
        raise TypeError(
            f"{caller}: {name} must be a tensor, got {type(given).__name__}; "
            "write torch.tensor(..., dtype=torch.float64)"
        )
    if not given.is_floating_point():
        raise TypeError(
            f"{caller}: {name} must be of floating point, got {given.dtype}; "
            f"write {name}.to(torch.float64)"
        )
    return given.detach()


def function(given: object, caller: str, name: str) -> None:
    """Refuse what cannot be called."""
    if not callable(given):
        raise TypeError(
            f"{caller}: {name} must be a function of theta and phi, got {type(given).__name__}; "
            "write lambda theta, phi: ..."
        )


def record(fun: Function, theta: Tensor, phi: Tensor, caller: str, name: str) -> Tensor:
    """Return ``fun(theta, phi)``, a scalar with its graph, also where graphs are off."""
    versions = theta._version, phi._version
    try:
        with torch.enable_grad():
            value = fun(theta, phi)
    except RuntimeError as error:
        # A leaf guards itself, in words about leaves.
        if "leaf Variable that requires grad" in str(error):
            raise ValueError(_mutated(caller, name)) from error
        raise
    if (theta._version, phi._version) != versions:
        raise ValueError(_mutated(caller, name))
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{caller}: {name} must return a tensor, got {type(value).__name__}; "
            "compute with torch functions and without .item()"
        )
    if value.ndim != 0:
        raise ValueError(
            f"{caller}: {name} must return a scalar of shape (), got {tuple(value.shape)}; "
            "sum or average it"
        )
    return value


def _mutated(caller: str, name: str) -> str:
    return (
        f"{caller}: {name} changes its argument in place; "
        "write theta = theta + 1 instead of theta += 1 or theta.add_(1)"
    )


def cut(caller: str, name: str, leaf: str) -> ValueError:
    """Return the error for a result that no graph connects to what it must depend on."""
    return ValueError(
        f"{caller}: no graph connects the result of {name} to {leaf}. Usual causes: {CAUSES}, "
        f"or a result that does not depend on {leaf}"
    )


def gradient(value: Tensor, theta: Tensor, caller: str, name: str) -> Tensor:
    """Return the gradient in theta, such that it can be differentiated again."""
    if not value.requires_grad:
        raise cut(caller, name, "theta")
    (result,) = torch.autograd.grad(value, theta, create_graph=True, allow_unused=True)
    if result is None:
        raise cut(caller, name, "theta")
    return result


def require_phi(value: Tensor, phi: Tensor, caller: str, name: str) -> None:
    """Refuse a value with a gradient that no graph connects to phi; the graph stays."""
    (found,) = torch.autograd.grad(value, phi, retain_graph=True, allow_unused=True)
    if found is None:
        raise cut(caller, name, "phi")


def transposed(gradient: Tensor, phi: Tensor, w: Tensor) -> Tensor | None:
    r"""Return :math:`J^\top w` of a gradient with its graph; None where phi is not in it."""
    if not gradient.requires_grad:
        return None
    result: Tensor | None
    (result,) = torch.autograd.grad(gradient, phi, w, allow_unused=True)
    return result
