"""What constructors ask of their arguments, and the messages where they do not get it."""

import torch
from torch import Tensor


def size(n: object, caller: str) -> None:
    """Refuse what is no dimension."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"{caller}: n must be an int, got {n!r}")
    if n < 1:
        raise ValueError(f"{caller}: n must be at least 1, got {n}")


def floating(x: object, caller: str, name: str) -> None:
    """Refuse what is no floating-point tensor, or holds NaN."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{caller}: {name} must be a tensor, got {type(x).__name__}")
    if not x.is_floating_point():
        raise TypeError(
            f"{caller}: {name} must be of floating point, got {x.dtype}; "
            f"write {name}.to(torch.float64)"
        )
    if bool(torch.isnan(x).any()):
        raise ValueError(f"{caller}: {name} must be free of NaN")
