"""A run that outlives its processes: its state in a file, and back."""

import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from steepest.directions import torch_optimizer
from steepest.distributed.sums import DataSum
from steepest.state import Oracle, State, Step

__all__ = ["checkpoint", "resume"]

_FORMAT = "steepest state 1"


def checkpoint(path: str | os.PathLike[str], *, every: int = 1) -> Callable[[State], None]:
    """Return a callback for :func:`~steepest.loop.minimize` that saves the state now and then.

    Process 0 writes; the others know what it knows. The new file is written aside and then takes
    the place of the old one, so a process that dies while writing leaves the old one whole. It also
    serves runs of a single process.

    Parameters
    ----------
    path
        The file. With several machines it belongs on a disk that survives process 0.
    every
        After how many iterations, at least 1, counted from the very start of the run.

    Raises
    ------
    TypeError, ValueError
        `every` is no int, or below 1; from the callback, the direction remembers something that is
        not made of tensors, numbers, texts, tuples, lists and dicts.
    OSError
        From the callback: the file cannot be written.

    Notes
    -----
    The function itself is not stored, nor are the history and the data.

    Examples
    --------
    >>> import tempfile, torch
    >>> from steepest import distributed, methods, minimize
    >>> path = tempfile.mkdtemp() + "/run.pt"
    >>> def half(x):
    ...     return x**2 / 2
    >>> method = methods.gradient_descent(lr=0.5)
    >>> save = distributed.checkpoint(path, every=2)
    >>> run = minimize(half, torch.tensor(16.0), method, max_iter=3, callback=save)
    >>> state = distributed.resume(path)
    >>> state.nit, state.x
    (2, tensor(4.))
    >>> minimize(half, None, method, max_iter=2, state=state).x
    tensor(1.)
    """
    if isinstance(every, bool) or not isinstance(every, int):
        raise TypeError(f"checkpoint: every must be an int, got {every!r}")
    if every < 1:
        raise ValueError(f"checkpoint: every must be at least 1, got {every}")

    def save(state: State) -> None:
        if state.nit % every:
            return
        if _rank() == 0:
            _replace(Path(path), _packed(state))
        if isinstance(state.oracle.fun, DataSum):
            state.oracle.fun.checkpointed(os.fspath(path))

    return save


def resume(path: str | os.PathLike[str]) -> State | None:
    """Return the state that :func:`checkpoint` saved, for ``minimize(..., state=...)``.

    The run then goes on as if it had never stopped, with the same number of processes to the same
    bits. Process 0 reads the file and sends it to the others. Nothing in the file is executed.

    Parameters
    ----------
    path
        The file that :func:`checkpoint` wrote.

    Returns
    -------
    State
        To be given to :func:`~steepest.loop.minimize` with ``x0=None`` and the same method. None
        where there is no file yet: the run is at its start. So one script serves its first start
        and every later one, those by ``torchrun --max-restarts`` included.

    Raises
    ------
    ValueError
        The file is not what :func:`checkpoint` writes.

    Examples
    --------
    >>> from steepest import distributed
    >>> print(distributed.resume("not_there_yet.pt"))
    None
    """
    content = Path(path).read_bytes() if _rank() == 0 and Path(path).exists() else None
    if dist.is_available() and dist.is_initialized():
        box = [content]
        dist.broadcast_object_list(box, src=0)
        content = box[0]
    return None if content is None else _unpacked(content, path)


def _rank() -> int:
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def _replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file, all of it or nothing."""
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _packed(state: State) -> bytes:
    step = state.previous
    content = {
        "format": _FORMAT,
        "x": state.x,
        "fun": state.fun,
        "grad": state.grad,
        "nit": state.nit,
        "previous": None if step is None else dict(vars(step)),
        "carry": _plain(state.carry),
        "method": state.method,
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _unpacked(content: bytes, path: str | os.PathLike[str]) -> State:
    try:
        found = torch.load(io.BytesIO(content), weights_only=True, map_location=_here)
        if found["format"] != _FORMAT:
            raise ValueError(f"its format is {found['format']!r}, not {_FORMAT!r}")
        step = None if found["previous"] is None else Step(**found["previous"])
        carry = _living(found["carry"])
        numbers = (found["x"], found["fun"], found["grad"])
        return State(*numbers, Oracle(_gone), found["nit"], step, carry, found["method"])
    except Exception as error:
        raise ValueError(
            f"resume: {os.fspath(path)} is not a file that checkpoint wrote: {error}"
        ) from error


def _here(storage: Any, location: str) -> Any:
    """Put what lay on a GPU on this process's own; on the CPU where there is none."""
    return storage.cuda() if location.startswith("cuda") and torch.cuda.is_available() else storage


def _gone(x: Tensor) -> Tensor:
    raise RuntimeError(
        "resume: a checkpoint holds no function; give the state to minimize, with the function"
    )


_OPTIMIZER = "torch optimizer"


def _plain(carry: Any) -> Any:
    """Return what a direction remembers as data that can be loaded without running code."""
    if carry is None or isinstance(carry, Tensor | bool | int | float | str):
        return carry
    if type(carry) in (tuple, list):
        return type(carry)(_plain(item) for item in carry)
    if type(carry) is dict:
        return {_plain(key): _plain(value) for key, value in carry.items()}
    if isinstance(carry, torch_optimizer._Memory):
        return {"kind": _OPTIMIZER, "saved": _plain(carry.saved), "steps": carry.steps} | {
            "moves": carry.moves
        }
    raise TypeError(
        f"checkpoint: the direction remembers a {type(carry).__name__}, which cannot be stored; "
        "let its carry be made of tensors, numbers, texts, tuples, lists and dicts"
    )


def _living(carry: Any) -> Any:
    if isinstance(carry, dict) and carry.get("kind") == _OPTIMIZER:
        return torch_optimizer._Memory(
            # An optimizer that took no steps is never where a memory left it: a new one is made.
            torch_optimizer._Live(torch.optim.SGD([torch.zeros(1)]), torch.zeros(1), -1),
            carry["saved"],
            carry["steps"],
            carry["moves"],
        )
    return carry
