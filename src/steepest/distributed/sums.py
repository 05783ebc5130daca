"""A function whose data lie with several processes."""

from collections.abc import Callable
from typing import Any

import torch.autograd.forward_ad as forward_ad
from torch import Tensor

from steepest.distributed.collectives import spread, total
from steepest.distributed.wire import Wire, require_group

__all__ = ["DataSum", "data_sum"]


class DataSum:
    """What :func:`data_sum` returns: a function of x, and a count of what it sent.

    Examples
    --------
    >>> import torch
    >>> from steepest import distributed
    >>> with distributed.processes(device="cpu"):
    ...     fun = distributed.data_sum(lambda x, t: ((x - t) ** 2).sum(), torch.ones(3))
    ...     value = fun(torch.zeros(1))
    >>> value, fun.all_reduces, fun.bytes_reduced
    (tensor(3.), 0, 0)
    """

    def __init__(self, loss: Callable[[Tensor, Any], Tensor], shard: Any) -> None:
        self._loss, self._shard, self._wire = loss, shard, Wire()

    @property
    def all_reduces(self) -> int:
        """How many sums over the processes were formed; a process alone forms none."""
        return self._wire.calls

    @property
    def bytes_reduced(self) -> int:
        """How many bytes this process handed to them."""
        return self._wire.bytes

    def __call__(self, x: Tensor) -> Tensor:
        """Return the sum over all processes at `x`."""
        require_group("data_sum")
        here = spread(x, self._wire)
        local = self._loss(here, self._shard)
        if not isinstance(local, Tensor):
            raise TypeError(
                f"data_sum: loss must return a tensor, got {type(local).__name__}; "
                "compute with torch functions and without .item()"
            )
        if local.ndim != 0 or not local.is_floating_point():
            raise ValueError(
                "data_sum: loss must return a floating-point scalar of shape (), got "
                f"{tuple(local.shape)} of {local.dtype}; sum over the rows of the shard, and let "
                "an empty shard give x.new_zeros(())"
            )
        if local.device != x.device:
            raise ValueError(
                f"data_sum: loss must return a tensor on the device of x, {x.device}; got "
                f"{local.device}. Move the shard there"
            )
        # Where x shows no graph itself, as inside vmap, nothing can be said.
        linked = _linked(local) or not _linked(x)
        value = total(local, here, linked, self._wire)
        if self._wire.linked:
            return value
        # Nobody's loss leads to x: whoever differentiates shall see that, as with any function.
        return forward_ad.unpack_dual(value.detach()).primal  # type: ignore[no-untyped-call, no-any-return]

    def checkpointed(self, path: str) -> None:
        """Remember where the run's checkpoint is, for the message when a process is lost."""
        self._wire.saved = path


def _linked(tensor: Tensor) -> bool:
    """Say whether a derivative passes through, in reverse or forward."""
    if tensor.requires_grad:
        return True
    tangent = forward_ad.unpack_dual(tensor).tangent  # type: ignore[no-untyped-call]
    return tangent is not None


def data_sum(loss: Callable[[Tensor, Any], Tensor], shard: Any) -> DataSum:
    r"""Return the sum of a loss over data of which each process holds a part.

    .. math:: f(x) = \sum_{r=0}^{p-1} \ell(x, D_r), \qquad
        \nabla f(x) = \sum_{r=0}^{p-1} \nabla_x \ell(x, D_r)

    Every process calls it with its own shard :math:`D_r`, and then evaluates, differentiates or
    minimizes the result as if it were alone: the result is a function like any other, and gives the
    same bits on every process. So all take the same steps, and none has to lead.

    Parameters
    ----------
    loss
        ``loss(x, shard)`` returns a tensor of shape ``()``: the sum over the rows of the shard. For
        a mean divide by the number of all rows, not by that of the shard's; a term that belongs to
        x alone, such as :math:`\lambda\|x\|^2`, is added by one process, or divided by p on each.
    shard
        This process's part of the data, passed on as it is: a tensor, a tuple, any object. It may
        be empty.

    Returns
    -------
    DataSum
        A function of x, of the same values on every process.

    Raises
    ------
    TypeError, ValueError
        `loss` cannot be called. From the function: `loss` does not return a scalar; the processes
        differ in x, in its shape or in a dtype.
    RuntimeError
        No process group is started: see :func:`processes`.
    ProcessLostError
        From the function: another process ended, or did not answer in time.

    Notes
    -----
    One evaluation with gradient of n numbers hands :math:`32 + bn` bytes to two all-reduces, b
    bytes a number (4 or 8): the value in float64 with three numbers that check it, and the
    gradient in the dtype of x. Each Hessian-vector product hands over bn more, a whole Hessian
    :math:`bn^2` in one. A ring all-reduce of m bytes sends and receives :math:`2m(p-1)/p` on each
    process: Patarasuk and Yuan (2009). The data themselves never travel.

    Sums are formed in another order than by one process, so values agree to rounding, not to the
    bit. The value's check compares a sum over the bits of x; processes that drift apart are told so
    at the next evaluation.

    All derivatives are there: reverse, forward, of second order, and batched by ``torch.vmap``.

    Examples
    --------
    >>> import torch
    >>> from steepest import distributed, methods, minimize
    >>> rows = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    >>> heights = torch.tensor([2.0, 5.0, 8.0], dtype=torch.float64)
    >>> def loss(x, shard):
    ...     A, b = shard
    ...     return ((A @ x - b) ** 2).sum()
    >>> with distributed.processes(device="cpu"):  # with torchrun: as many as it starts
    ...     mine = distributed.local_rows(3)
    ...     fun = distributed.data_sum(loss, (rows[mine], heights[mine]))
    ...     run = minimize(fun, torch.zeros(2, dtype=torch.float64), methods.newton_cg(), tol=1e-9)
    >>> run.x
    tensor([2., 3.], dtype=torch.float64)
    """
    if not callable(loss):
        raise TypeError(
            f"data_sum: loss must be a function loss(x, shard), got {type(loss).__name__}"
        )
    require_group("data_sum")
    return DataSum(loss, shard)
