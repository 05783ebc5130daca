"""Which processes there are, and which rows belong to this one."""

import contextlib
import datetime
import functools
import itertools
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist

from steepest.distributed.wire import require_group

__all__ = ["Group", "local_rows", "processes"]


@dataclass(frozen=True)
class Group:
    """The processes that work together, seen from one of them.

    Attributes
    ----------
    rank
        The number of this process, from 0.
    size
        How many there are.
    device
        Where this process keeps its tensors: its own GPU, or the CPU.

    Examples
    --------
    >>> from steepest import distributed
    >>> with distributed.processes(device="cpu") as group:
    ...     print(group)
    Group(rank=0, size=1, device=device(type='cpu'))
    """

    rank: int
    size: int
    device: torch.device


@contextlib.contextmanager
def processes(*, device: str | None = None, timeout: float = 300.0) -> Iterator[Group]:
    """Join the processes that ``torchrun`` started, and leave them at the end.

    In a script that runs without ``torchrun`` the group has this one process, so that one script
    serves both: ``python fit.py`` and ``torchrun --nproc-per-node 4 fit.py``.

    Parameters
    ----------
    device
        ``"cpu"`` (sums by gloo) or ``"cuda"`` (sums by nccl; each process takes the GPU of its
        number on its machine). None takes ``"cuda"`` where PyTorch finds a GPU.
    timeout
        After how many seconds without an answer another process counts as lost; it has to be longer
        than the slowest evaluation.

    Yields
    ------
    Group
        Number of this process, number of all, device.

    Raises
    ------
    TypeError, ValueError
        `device` or `timeout` is wrong, or a machine has fewer GPUs than processes.
    RuntimeError
        A process group is there already, or this PyTorch has no ``torch.distributed``.

    Notes
    -----
    Where all processes are on one machine they talk through its loopback interface only, unless
    ``GLOO_SOCKET_IFNAME`` names another. With nccl PyTorch's own watchdog may end a process before
    the message of :class:`ProcessLostError` is out; a checkpoint is there all the same.

    Examples
    --------
    >>> from steepest import distributed
    >>> with distributed.processes(device="cpu") as group:
    ...     group.rank, group.size
    (0, 1)
    """
    place = _device(device, os.environ)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        raise TypeError(f"processes: timeout must be a number of seconds, got {timeout!r}")
    if not 0 < timeout <= 1e8:
        raise ValueError(f"processes: timeout must be positive, in seconds, got {timeout!r}")
    if not dist.is_available():
        require_group("processes")
    if dist.is_initialized():
        raise RuntimeError(
            "processes: a process group is started already; use it, or end it first by "
            "torch.distributed.destroy_process_group()"
        )
    backend = "gloo" if place.type == "cpu" else "cpu:gloo,cuda:nccl"
    patience = datetime.timedelta(seconds=timeout)
    with _on_device(place):
        with _loopback(os.environ):
            store, rank, size = _store(os.environ, patience)
            dist.init_process_group(
                backend, store=store, rank=rank, world_size=size, timeout=patience
            )
        try:
            yield Group(rank, size, place)
        finally:
            dist.destroy_process_group()


def local_rows(count: int) -> slice:
    r"""Return which of `count` rows belong to this process, so that it need not read the others.

    Process r of p has the rows from :math:`\lfloor rN/p \rfloor` to
    :math:`\lfloor (r+1)N/p \rfloor`, the last one excluded: every row belongs to one process, and
    shards differ by one row at most. With fewer rows than processes some are empty.

    Parameters
    ----------
    count
        The number N of all rows, at least 0.

    Returns
    -------
    slice
        For tensors, arrays and memory maps: ``table[local_rows(len(table))]``.

    Raises
    ------
    TypeError, ValueError
        `count` is no int, or negative.
    RuntimeError
        No process group is started: see :func:`processes`.

    Examples
    --------
    >>> from steepest import distributed
    >>> with distributed.processes(device="cpu"):
    ...     distributed.local_rows(10)
    slice(0, 10, None)
    """
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"local_rows: count must be an int, got {count!r}")
    if count < 0:
        raise ValueError(f"local_rows: count must be at least 0, got {count}")
    require_group("local_rows")
    rank, size = dist.get_rank(), dist.get_world_size()
    return slice(rank * count // size, (rank + 1) * count // size)


def _device(device: object, environment: Mapping[str, str]) -> torch.device:
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device not in ("cpu", "cuda"):
        raise ValueError(f'processes: device must be "cpu", "cuda" or None, got {device!r}')
    if device == "cpu":
        return torch.device("cpu")
    number, found = int(environment.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if number >= found:
        raise ValueError(
            f"processes: process {number} of this machine finds no GPU of its own, there being "
            f'{found}; start at most {found} with --nproc-per-node, or pass device="cpu"'
        )
    return torch.device("cuda", number)


@contextlib.contextmanager
def _on_device(place: torch.device) -> Iterator[None]:
    if place.type == "cpu":
        yield
    else:
        with torch.cuda.device(place):
            yield


def _one_machine(environment: Mapping[str, str]) -> bool:
    size = environment.get("WORLD_SIZE", "1")
    return size == environment.get("LOCAL_WORLD_SIZE", "1")


@contextlib.contextmanager
def _loopback(environment: "os._Environ[str]") -> Iterator[None]:
    """Let gloo listen on the loopback interface while it starts, where that reaches everybody."""
    names = [name for _, name in socket.if_nameindex() if name in ("lo", "lo0")]
    if "GLOO_SOCKET_IFNAME" in environment or not names or not _one_machine(environment):
        yield
        return
    environment["GLOO_SOCKET_IFNAME"] = names[0]
    try:
        yield
    finally:
        del environment["GLOO_SOCKET_IFNAME"]


_ENTRIES = itertools.count()
"""How many groups this process has joined: every process counts alike."""


def _store(environment: Mapping[str, str], patience: datetime.timedelta) -> tuple[Any, int, int]:
    """Return where the processes find each other, the number of this one, and of all."""
    if "RANK" not in environment or "WORLD_SIZE" not in environment:
        return dist.HashStore(), 0, 1  # type: ignore[attr-defined]
    rank, size = int(environment["RANK"]), int(environment["WORLD_SIZE"])
    near = _one_machine(environment)
    host = "127.0.0.1" if near else environment["MASTER_ADDR"]
    leads = rank == 0 and environment.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    store = _meeting_point(host, int(environment["MASTER_PORT"]), size, leads, near)
    store.set_timeout(patience)
    # What an earlier group or an earlier attempt left in the store is not for this one.
    attempt = environment.get("TORCHELASTIC_RESTART_COUNT", "0")
    name = f"steepest/{attempt}/{next(_ENTRIES)}"
    return dist.PrefixStore(name, store), rank, size  # type: ignore[attr-defined]


@functools.cache
def _meeting_point(host: str, port: int, size: int, leads: bool, near: bool) -> Any:
    """Return the store, one for the life of the process: its port is not free again at once."""
    options: dict[str, Any] = {}
    if leads and near:
        # A socket of our own: PyTorch's would listen on every interface.
        options["master_listen_fd"] = socket.create_server((host, port)).detach()
    return dist.TCPStore(  # type: ignore[attr-defined]
        host, port, size, leads, wait_for_workers=False, **options
    )
