"""What goes from process to process: sums, counted and checked."""

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["ProcessLostError", "Wire", "require_group"]


class ProcessLostError(RuntimeError):
    """Another process is gone, or did not answer in time; the run cannot go on without it.

    Examples
    --------
    >>> from steepest.distributed import ProcessLostError
    >>> issubclass(ProcessLostError, RuntimeError)
    True
    """


def require_group(caller: str) -> None:
    """Refuse to work where no process group is there to work in."""
    if not dist.is_available():
        raise RuntimeError(
            f"{caller}: this build of PyTorch comes without torch.distributed; install one with it"
        )
    if not dist.is_initialized():
        raise RuntimeError(
            f"{caller}: no process group is started. Put the call inside `with "
            "steepest.distributed.processes():` and run the script by `torchrun --nproc-per-node "
            "2 script.py`; without torchrun it works as a single process"
        )


# A prime of the form 2^k - 1: all bits of a number count in the remainder.
_MODULUS = 2**19 - 1
_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


class Wire:
    """The sums of one function over all processes.

    Attributes
    ----------
    calls, bytes
        How many all-reduces this process took part in, and how many bytes it handed to them.
    linked
        Whether, at the latest value, autograd led to x on any process.
    saved
        Where a checkpoint of the run is, for the message when a process is lost.
    """

    def __init__(self) -> None:
        self.calls = self.bytes = 0
        self.linked = True
        self.saved: str | None = None
        self._agreed: tuple[object, ...] | None = None

    def sum(self, u: Tensor) -> Tensor:
        """Return the sum of `u` over the processes, the same bits on each."""
        result = u.detach().clone(memory_format=torch.contiguous_format)
        self._reduce(result, "the gradient")
        return result

    def sum_values(self, local: Tensor, here: Tensor, linked: bool) -> Tensor:
        """Return the sum of the values `local`, and see that all stand at the same point `here`.

        Numbers h that differ show in their sum and the sum of their squares: p Σh² > (Σh)². So the
        check travels with the values and costs no message of its own.
        """
        self._agree(local, here)
        mark = _checksum(here)
        checks = torch.stack([mark, mark * mark, torch.full_like(mark, linked)])
        message = torch.cat([local.detach().reshape(-1).double(), checks.double()])
        self._reduce(message, "the value")
        marks, squares, links = (int(number) for number in message[-3:].tolist())
        if dist.get_world_size() * squares != marks**2:
            raise ValueError(
                "data_sum: the processes hold different x. All must start from the same x0 and "
                "make the same steps: seed before drawing x0, and let nothing that only one "
                "process knows (its shard, its clock) decide about x or when to stop"
            )
        self.linked = links > 0
        return message[:-3].reshape(local.shape).to(local.dtype, copy=True)

    def _agree(self, local: Tensor, here: Tensor) -> None:
        """Compare shapes and dtypes where they are new: different ones must not be added."""
        mine = (tuple(here.shape), str(here.dtype), here.device.type, str(local.dtype))
        if mine == self._agreed:
            return
        all_of_them: list[tuple[object, ...] | None] = [None] * dist.get_world_size()
        with self._told("comparing shapes"):
            dist.all_gather_object(all_of_them, mine)
        if any(theirs != mine for theirs in all_of_them):
            lines = [
                f"process {rank} has x of shape {theirs[0]}, {theirs[1]} on {theirs[2]}, and a "
                f"loss of {theirs[3]}"
                for rank, theirs in enumerate(all_of_them)
                if theirs is not None
            ]
            raise ValueError(
                "data_sum: x and the loss must have one shape and dtype on all processes; "
                + "; ".join(lines)
            )
        self._agreed = mine

    def _reduce(self, tensor: Tensor, what: str) -> None:
        with self._told(f"summing {what}"):
            if dist.get_world_size() == 1:  # the sum is there already
                return
            self.calls += 1
            self.bytes += tensor.numel() * tensor.element_size()
            dist.all_reduce(tensor)

    def _told(self, doing: str) -> "_Told":
        return _Told(self, doing)


class _Told:
    """Turns what torch.distributed says when a process is gone into what that means here."""

    def __init__(self, wire: Wire, doing: str) -> None:
        self._wire, self._doing = wire, doing

    def __enter__(self) -> None:
        require_group("data_sum")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, RuntimeError):
            return
        rank, size = dist.get_rank(), dist.get_world_size()
        saved = self._wire.saved
        way_on = (
            "No checkpoint was made: give minimize the callback steepest.distributed.checkpoint."
            if saved is None
            else f"The run goes on from its last checkpoint with state=resume({saved!r})."
        )
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ProcessLostError(
            f"data_sum: process {rank} of {size} (counted from 0) lost another one while "
            f"{self._doing}, in all-reduce number {self._wire.calls}: it ended, made a different "
            f"call, or took longer than the timeout. {way_on} PyTorch says: {reason}"
        ) from error


def _checksum(x: Tensor) -> Tensor:
    """Return a whole number of 19 bits, of shape (), that depends on every bit of x."""
    bits = x.detach().contiguous().view(_BITS[x.element_size()])
    return bits.sum(dtype=torch.int64) % _MODULUS
