"""The parameters of an :class:`torch.nn.Module` as one vector, and back."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

__all__ = ["flatten", "unflatten"]


def flatten(module: nn.Module, loss: Callable[..., Tensor]) -> tuple[Callable[..., Tensor], Tensor]:
    r"""Turn a module and a loss into a function of one vector, and the vector it starts from.

    Parameters
    ----------
    module
        Its parameters that require a gradient become the vector, in the order of
        ``module.named_parameters()``; a parameter shared by several layers appears once. The
        others, and the buffers, keep the values they have now.
    loss
        ``loss(model, *data)`` returns a tensor of shape ``()``. It is called with a `model` that
        behaves as ``module(...)`` does, but with its parameters taken from the vector.

    Returns
    -------
    fun
        ``fun(x, *data)`` is ``loss(model, *data)`` at the parameters x, of shape ``(n,)``. Without
        `data` it is what :func:`~steepest.loop.minimize` takes; `data` serves minibatches.
    x0
        The parameters as they are now, copied into a tensor of shape ``(n,)``.

    Raises
    ------
    TypeError
        `module` is no module, or `loss` cannot be called.
    ValueError
        No parameter requires a gradient, or those that do differ in dtype or device; from `fun`, x
        is not of shape ``(n,)``.

    Notes
    -----
    Neither `module` nor its buffers ever change, not even where a layer in training mode updates
    its running statistics: every call starts from the same ones. Buffers follow the dtype and
    device of x; move the data yourself. A layer that draws random numbers (dropout) makes `fun`
    random, and a layer that updates statistics cannot be batched: put such modules into
    ``eval()`` mode.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize, modules
    >>> line = torch.nn.Linear(1, 1).double()
    >>> t = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)
    >>> fun, x0 = modules.flatten(line, lambda model: ((model(t) - (3 * t + 2)) ** 2).mean())
    >>> run = minimize(fun, x0, methods.gradient_descent(lr=0.3), max_iter=500, tol=1e-9)
    >>> run.x
    tensor([3.0000, 2.0000], dtype=torch.float64)
    >>> line.load_state_dict(modules.unflatten(line, run.x))
    <All keys matched successfully>
    """
    _check_module(module, "flatten")
    if not callable(loss):
        raise TypeError(
            f"flatten: loss must be a function loss(model, *data), got {type(loss).__name__}"
        )
    parameters = _trainable(module, "flatten")
    constants = {
        name: tensor.detach().clone()
        for name, tensor in (*module.named_parameters(), *module.named_buffers())
        if name not in parameters
    }

    def fun(x: Tensor, *data: Any) -> Tensor:
        pieces = _pieces(parameters, x, "flatten: in fun")
        held = {
            name: tensor.to(device=x.device, dtype=x.dtype, copy=True)
            if tensor.is_floating_point()
            else tensor.to(device=x.device, copy=True)
            for name, tensor in constants.items()
        }

        def model(*args: Any, **kwargs: Any) -> Any:
            return functional_call(module, {**held, **pieces}, args, kwargs)

        return loss(model, *data)

    return fun, torch.cat([parameter.detach().reshape(-1) for parameter in parameters.values()])


def unflatten(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Cut a vector into the named parameters that :func:`flatten` made it from.

    Parameters
    ----------
    module
        The module that was flattened. It is not changed: give the result to
        ``module.load_state_dict(..., strict=False)`` for that.
    x
        Of shape ``(n,)``, n being the number of numbers in the parameters that require a gradient.

    Returns
    -------
    dict
        A view of `x` for each name, in the parameter's shape.

    Raises
    ------
    TypeError
        `module` is no module.
    ValueError
        `x` does not have the right shape, or :func:`flatten` would refuse `module`.

    Examples
    --------
    >>> import torch
    >>> from steepest import modules
    >>> modules.unflatten(torch.nn.Linear(2, 1), torch.tensor([1.0, 2.0, 3.0]))
    {'weight': tensor([[1., 2.]]), 'bias': tensor([3.])}
    """
    _check_module(module, "unflatten")
    return _pieces(_trainable(module, "unflatten"), x, "unflatten")


def _check_module(module: object, caller: str) -> None:
    if not isinstance(module, nn.Module):
        raise TypeError(f"{caller}: module must be a torch.nn.Module, got {type(module).__name__}")


def _trainable(module: nn.Module, caller: str) -> dict[str, nn.Parameter]:
    parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError(
            f"{caller}: {type(module).__name__} has no parameters that require a gradient"
        )
    for what, remedy in (("dtype", "module.double()"), ("device", "module.to(device)")):
        kinds = sorted({str(getattr(p, what)) for p in parameters.values()})
        if len(kinds) > 1:
            raise ValueError(
                f"{caller}: all parameters must have one {what}, got {' and '.join(kinds)}; "
                f"call {remedy} first"
            )
    first = next(iter(parameters.values()))
    if not first.is_floating_point():
        raise ValueError(f"{caller}: parameters must be real, got {first.dtype}")
    return parameters


def _pieces(parameters: dict[str, nn.Parameter], x: Tensor, caller: str) -> dict[str, Tensor]:
    sizes = [p.numel() for p in parameters.values()]
    if x.shape != (sum(sizes),):
        raise ValueError(f"{caller}: x must have shape ({sum(sizes)},), got {tuple(x.shape)}")
    return {
        name: piece.view(p.shape)
        for (name, p), piece in zip(parameters.items(), x.split_with_sizes(sizes), strict=True)
    }
