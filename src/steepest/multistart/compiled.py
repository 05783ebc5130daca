"""Ten iterations at a time as machine code."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from steepest.multistart.steps import BatchOracle, Lanes, Stepper

__all__ = ["CompilationError", "compiled_block"]

# More iterations in a block read and write memory less often, and take longer to compile.
BLOCK = 10

# What PyTorch raises where a compiler is missing, and what to do.
REMEDIES = {
    "InvalidCxxCompiler": (
        "it needs a C++ compiler, and none was found; install one (apt install g++, xcode-select "
        "--install), or name it in the environment variable CXX"
    ),
    "TritonMissing": "on a GPU it needs Triton; pip install triton",
}


class CompilationError(RuntimeError):
    """:func:`~steepest.multistart.minimize_many` was to compile, and could not.

    Examples
    --------
    >>> from steepest.multistart import CompilationError
    >>> issubclass(CompilationError, RuntimeError)
    True
    """


def compiled_block(stepper: Stepper) -> Callable[[Lanes, int, int, float], Lanes]:
    """Return ``block(lanes, nit, max_iter, tol)``, which does the next BLOCK iterations.

    It stops in between where `max_iter` is reached. The machine code is kept for the next run with
    the same objects.
    """
    oracle = stepper.oracle
    key = (oracle.fun, oracle.batched, stepper.method, stepper.patience, BLOCK)
    try:
        return _kept(*key)
    except TypeError:  # a callable that cannot be hashed
        return _kept.__wrapped__(*key)


@functools.lru_cache(maxsize=16)
def _kept(
    fun: Callable[[Tensor], Tensor], batched: bool, method: Any, patience: int | None, size: int
) -> Callable[[Lanes, int, int, float], Lanes]:
    stepper = Stepper(method, BatchOracle(fun, batched), patience)
    machine_code: dict[object, Callable[..., tuple[Tensor, ...]]] = {}

    def block(lanes: Lanes, nit: int, max_iter: int, tol: float) -> Lanes:
        leaves, tree = pytree.tree_flatten(_pack(lanes))
        # float64, so that a step size computed from nit is as exact as in Python
        numbers = [float(nit), float(max_iter), tol]
        inputs = [_as_tensor(leaf, lanes.x) for leaf in (*numbers, *_some(leaves))]

        def steps(nit: Tensor, max_iter: Tensor, tol: Tensor, *inputs: Tensor) -> list[Tensor]:
            lanes = _unpack(_rebuild(inputs, leaves, tree), stepper)
            for i in range(size):
                lanes = _step_while(nit + i < max_iter, stepper, lanes, nit + i, tol)
            return _some(pytree.tree_leaves(_pack(lanes)))

        key = (tree, *((tensor.shape, tensor.dtype, tensor.device) for tensor in inputs))
        try:
            if key not in machine_code:
                from torch.fx.experimental.proxy_tensor import make_fx  # slow to import

                # Traced to plain tensor operations first: the compiler then sees no Python.
                machine_code[key] = torch.compile(make_fx(steps)(*inputs), dynamic=False)
            out = machine_code[key](*inputs)
        except Exception as error:
            machine_code.pop(key, None)
            raise CompilationError(f"minimize_many: compile=True: {_reason(error)}") from error
        return _rebuild(out, leaves, tree)

    return block


def _step_while(go: Tensor, stepper: Stepper, lanes: Lanes, nit: Tensor, tol: Tensor) -> Lanes:
    """Do one more iteration where `go`, of shape (), is True."""
    if lanes.active is None:
        new = stepper.step(lanes, nit, tol)
        x, fun, grad = (torch.where(go, *pair) for pair in zip(new[:3], lanes[:3], strict=True))
        return new._replace(x=x, fun=fun, grad=grad)
    # What is not active does not move, and what else goes on is not read any more.
    return stepper.step(lanes._replace(active=lanes.active & go), nit, tol)


def _pack(lanes: Lanes) -> Lanes:
    """Store masks as numbers of the width of x: vector units read no single bytes."""
    if lanes.active is None or lanes.still is None:
        return lanes
    still = lanes.still.to(lanes.x.dtype) if lanes.still.dtype == torch.bool else lanes.still
    return lanes._replace(active=lanes.active.to(lanes.x.dtype), still=still)


def _unpack(lanes: Lanes, stepper: Stepper) -> Lanes:
    if lanes.active is None or lanes.still is None:
        return lanes
    still = lanes.still != 0 if stepper.patience == 1 else lanes.still
    return lanes._replace(active=lanes.active != 0, still=still)


def _some(leaves: Sequence[Any]) -> list[Any]:
    return [leaf for leaf in leaves if leaf is not None]


def _rebuild(tensors: Iterable[Tensor], leaves: Sequence[Any], tree: pytree.TreeSpec) -> Lanes:
    """Put tensors where `leaves`, of the structure `tree`, have something."""
    rest = iter(tensors)
    lanes: Lanes = pytree.tree_unflatten(
        [None if leaf is None else next(rest) for leaf in leaves], tree
    )
    return lanes


def _as_tensor(leaf: Any, like: Tensor) -> Tensor:
    if isinstance(leaf, Tensor):
        return leaf
    dtype = torch.float64 if isinstance(leaf, float) else None
    return torch.tensor(leaf, dtype=dtype, device=like.device)


def _reason(error: BaseException) -> str:
    chain: list[BaseException | None] = [error]
    for link in chain:
        if link is None or len(chain) > 50:
            continue
        if type(link).__name__ in REMEDIES:
            return f"{REMEDIES[type(link).__name__]}; or pass compile=False"
        chain += [link.__cause__, link.__context__, getattr(link, "inner_exception", None)]
    return (
        "PyTorch cannot translate this function or method; pass compile=False. Its message: "
        f"{str(error).splitlines()[0] if str(error) else type(error).__name__}"
    )
