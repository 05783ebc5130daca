"""What an operation is called, and what kind of thing it does."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

_SPELLINGS = {
    "absolute": "abs",
    "divide": "div",
    "log": "ln",
    "multiply": "mul",
    "negative": "neg",
    "rdiv": "rtruediv",
    "square_root": "sqrt",
    "subtract": "sub",
    "true_divide": "div",
    "truediv": "div",
}
# Python's reflected operators: `3 - x` is x.__rsub__(3), which a reader wants to see as sub(3, x).
_REFLECTED = {
    "radd": "add",
    "rsub": "sub",
    "rmul": "mul",
    "rtruediv": "div",
    "rfloordiv": "floordiv",
    "rpow": "pow",
    "rmatmul": "matmul",
    "rmod": "mod",
}
_AUGMENTED = frozenset(
    f"__i{name}__"
    for name in ("add", "sub", "mul", "truediv", "div", "floordiv", "pow", "mod", "matmul")
)
# Names that end in an underscore and change no value.
_HARMLESS = frozenset({"requires_grad_", "share_memory_"})
_ASKED = frozenset(
    {"__float__", "__int__", "__index__", "__complex__", "__bool__", "item", "tolist"}
)
_EXPORTS = frozenset({"numpy", "__array__", "__dlpack__"})
_DERIVATIVES = frozenset({torch.Tensor.backward, torch.autograd.backward, torch.autograd.grad})


@dataclass(frozen=True)
class Operation:
    """A PyTorch function as the recorder sees it."""

    name: str
    reflected: bool = False
    writes: bool = False
    harmless: bool = False
    asks: bool = False
    exports: bool = False
    differentiates: bool = False


@functools.cache
def operation(function: Callable[..., Any]) -> Operation:
    """Classify a PyTorch function.

    Examples
    --------
    >>> operation(torch.log).name, operation(torch.Tensor.mul_).writes
    ('ln', True)
    >>> operation(torch.Tensor.__rsub__)
    Operation(name='sub', reflected=True, writes=False, ...)
    """
    name = getattr(function, "__name__", type(function).__name__)
    if name in ("__get__", "__set__"):
        attribute = getattr(getattr(function, "__self__", None), "__name__", "attribute")
        if name == "__get__":
            return Operation(attribute)
        return Operation(attribute, writes=attribute == "data", harmless=attribute != "data")
    if name in _ASKED:
        return Operation(name, asks=True)
    if name in _EXPORTS:
        return Operation(name.strip("_"), exports=True)
    if name in _HARMLESS:
        return Operation(name, harmless=True)
    writes = name == "__setitem__" or name in _AUGMENTED
    writes = writes or (name.endswith("_") and not name.endswith("__"))
    bare = name.strip("_")
    if name in _AUGMENTED:
        bare = bare.removeprefix("i")
    if bare in _REFLECTED or _SPELLINGS.get(bare) in _REFLECTED:
        return Operation(_REFLECTED[_SPELLINGS.get(bare, bare)], reflected=True)
    return Operation(
        _SPELLINGS.get(bare, bare), writes=writes, differentiates=function in _DERIVATIVES
    )
