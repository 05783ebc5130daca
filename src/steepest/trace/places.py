"""Where in the user's program an operation was written, and what its variables are called."""

from __future__ import annotations

import inspect
import linecache
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from steepest.trace.rows import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from torch import Tensor

_HERE = str(Path(__file__).parent)
_TORCH = str(Path(torch.__file__).parent)
_STDLIB = sysconfig.get_path("stdlib")


def place(frame: FrameType | None = None) -> tuple[str, int] | None:
    """Say the file and the line that are running, in the user's own code.

    The search goes outwards from a frame, here if none is given.

    Examples
    --------
    >>> place()
    ('<doctest ...>', 1)
    """
    frame = _user_frame(frame)
    return (frame.f_code.co_filename, frame.f_lineno) if frame else None


def source(file: str, line: int) -> Source:
    """Look up the text of a line."""
    return Source(file, line, linecache.getline(file, line).strip())


def here() -> str:
    """Say the line that is running, for a message."""
    found = place()
    return str(source(*found)) if found else "a line of fun"


def variable(tensor: Tensor) -> str:
    """Find what the running line calls a tensor: ``"A"``, or ``"model.0.weight"``.

    Examples
    --------
    >>> A = torch.eye(2)
    >>> variable(A)
    'A'
    """
    frame = _user_frame()
    for names in (frame.f_locals, frame.f_globals) if frame else ():
        for name, held in names.items():
            if held is tensor:
                return name
    for names in (frame.f_locals, frame.f_globals) if frame else ():
        for name, held in names.items():
            if isinstance(held, torch.nn.Module):
                for inner, parameter in (*held.named_parameters(), *held.named_buffers()):
                    if parameter is tensor:
                        return f"{name}.{inner}"
    return "constant"


def parameters(fun: Callable[..., Any], count: int) -> list[str]:
    """Find what a function calls its first parameters; x1, x2, … where it does not say.

    Examples
    --------
    >>> parameters(lambda w, *data: w, 3)
    ['w', 'x2', 'x3']
    """
    names: list[str] = []
    try:
        declared = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):  # functions written in C have no signature
        declared = []
    for parameter in declared[:count]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.KEYWORD_ONLY):
            break
        names.append(parameter.name)
    return names + [f"x{i + 1}" for i in range(len(names), count)]


def _user_frame(frame: FrameType | None = None) -> FrameType | None:
    """Find the innermost frame that is neither ours, nor PyTorch's, nor the standard library's."""
    frame = frame or sys._getframe(1)
    while frame is not None and not _is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


@cache
def _is_users(file: str) -> bool:
    if file.startswith((_HERE, _TORCH, "<frozen")):
        return False
    return not file.startswith(_STDLIB) or "site-packages" in file
