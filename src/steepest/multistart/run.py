"""The loop over a batch of starts, eager or compiled."""

from collections.abc import Callable

import torch
from torch import Tensor

from steepest._numbers import count, tolerance
from steepest.methods import Method
from steepest.multistart import compiled
from steepest.multistart.ends import ManyResult, Statuses, rows
from steepest.multistart.steps import BatchOracle, Lanes, Stepper, norms
from steepest.result import Status

__all__ = ["minimize_many"]

# How many iterations pass between two looks at whether all starts are finished. A look makes a
# GPU wait for the CPU.
LOOK_EVERY = 10

_CODES = {status: code for code, status in enumerate(Status)}


def minimize_many(
    fun: Callable[[Tensor], Tensor],
    starts: Tensor,
    method: Method,
    *,
    max_iter: int = 100,
    tol: float | None = None,
    batched: bool = False,
    compile: bool = False,
) -> ManyResult:
    r"""Minimize a function from many starts at once, each as :func:`~steepest.loop.minimize` would.

    All k starts take their steps together, as one tensor on one device. The gradient of every
    start comes from one reverse sweep over the sum :math:`\sum_i f(x_i)`, in which start i meets
    its own term only.

    Parameters
    ----------
    fun
        Takes one start, a tensor of shape ``shape``, and returns a tensor of shape ``()``; it is
        batched by :func:`torch.vmap`, so it must not branch on values (use :func:`torch.where`).
        With `batched`, it takes all of them, of shape ``(k, *shape)``, and returns shape ``(k,)``.
    starts
        Floating point, of shape ``(k, *shape)``; k may be 0. Dtype and device stay.
    method
        A pair of which both halves serve a batch: gradient descent, heavy ball or Nesterov, with
        a fixed step size or ``inverse_time``. A line search, Newton's method and others that
        decide from the values of one start are refused.
    max_iter
        How many iterations at the most; at least 1.
    tol
        A start is finished, and frozen from then on, where the Euclidean norm of its gradient is
        at most `tol`, where it no longer moves, or where it stopped being finite. None does all
        iterations with all starts and looks at none of this, which is faster: a start that
        diverges then ends at a point that is not finite.
    batched
        Whether `fun` takes all starts at once.
    compile
        Whether to translate 10 iterations at a time into machine code by :func:`torch.compile`.
        The first run with this `fun`, `method` (the same objects) and shape takes its time, half
        a minute and more; later ones reuse the result. Needs a C++ compiler. Rounding may differ.

    Returns
    -------
    ManyResult
        ``x, fun, grad_norm, nit, status`` for each start, ``.best`` and ``.basins()``.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong: the message says what was given and what would be right.
    CompilationError
        `compile` is asked for, and there is no compiler, or it cannot translate the function.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize_many, problems
    >>> axis = torch.linspace(-4.9, 5, 40, dtype=torch.float64)
    >>> starts = torch.cartesian_prod(axis, axis)
    >>> himmelblau = problems.himmelblau().fun
    >>> method = methods.gradient_descent(lr=0.005)
    >>> run = minimize_many(himmelblau, starts, method, max_iter=1000, tol=1e-6)
    >>> len(run.basins()), run.basins().count.sum()
    (4, tensor(1600))
    """
    _check(fun, starts, method, max_iter, tol)
    x = starts.detach().clone()
    if len(x) == 0:
        nothing = x.new_zeros(0)
        nit = torch.zeros(0, dtype=torch.int64, device=x.device)
        return ManyResult(x, nothing, nothing, nit, Statuses(nit.to(torch.int8)))
    patience = None if tol is None else method.direction.cycle(x[0])
    stepper = Stepper(method, BatchOracle(fun, batched), patience)
    threshold = 0.0 if tol is None else float(tol)
    with torch.no_grad():
        lanes = stepper.start(x, threshold)
        # The first iteration is never compiled: it makes the carry, and so the shapes, known.
        lanes = stepper.step(lanes, 0, threshold)
        block = compiled.compiled_block(stepper) if compile else None
        done = 1
        while done < max_iter:
            if done % LOOK_EVERY == 1 and lanes.active is not None and not bool(lanes.active.any()):
                break
            if block is None:
                lanes = stepper.step(lanes, done, threshold)
                done += 1
            else:
                lanes = block(lanes, done, max_iter, threshold)
                done += compiled.BLOCK
        done = min(done, max_iter)
        if tol is not None:
            lanes = lanes._replace(fun=stepper.oracle.value_and_grad(lanes.x)[0])
    return _result(stepper, lanes, done, threshold)


def _check(fun: object, starts: object, method: object, max_iter: object, tol: object) -> None:
    if not callable(fun):
        raise TypeError(
            f"minimize_many: fun must be a function of one tensor, got {type(fun).__name__}"
        )
    if not isinstance(starts, Tensor):
        raise TypeError(
            f"minimize_many: starts must be a tensor, got {type(starts).__name__}; "
            "write torch.stack([...]), or torch.tensor(..., dtype=torch.float64)"
        )
    if not starts.is_floating_point():
        raise TypeError(
            f"minimize_many: starts must be of floating point, got {starts.dtype}; "
            "write starts.to(torch.float64)"
        )
    if starts.ndim == 0:
        raise ValueError(
            "minimize_many: starts must have shape (k, *shape), one row a start, got shape (); "
            "for one start use minimize"
        )
    if not bool(torch.isfinite(starts).all()):
        raise ValueError("minimize_many: starts must be finite, got NaN or infinity in them")
    if not isinstance(method, Method):
        raise TypeError(
            f"minimize_many: method must be a Method, got {type(method).__name__}; "
            "for example steepest.methods.gradient_descent(lr=0.1)"
        )
    for half in (method.direction, method.step_size):
        if not half.batches:
            raise ValueError(
                f"minimize_many: {half.name} decides from the values of one start and cannot serve "
                "a batch; use gradient_descent, heavy_ball or nesterov with a fixed lr or with "
                "step_sizes.inverse_time, or call minimize for each start"
            )
    count(max_iter, "minimize_many", "max_iter")
    tolerance(tol, "minimize_many")


def _result(stepper: Stepper, lanes: Lanes, done: int, tol: float) -> ManyResult:
    if lanes.norm is None:
        norm, nit = norms(lanes.grad), torch.full_like(lanes.fun, done, dtype=torch.int64)
        finite = torch.isfinite(norm) & torch.isfinite(lanes.fun)
        finite &= torch.isfinite(rows(lanes.x)).all(1)
        marks = {Status.DIVERGED: ~finite, Status.CONVERGED: finite & (norm == 0)}
    else:
        assert lanes.nit is not None
        assert lanes.still is not None
        norm, nit = lanes.norm, lanes.nit.to(torch.int64)
        converged = (norm <= tol) & torch.isfinite(lanes.fun)
        stalled = stepper.stalled(lanes.still) & ~converged
        marks = {
            Status.DIVERGED: (nit < done) & ~converged & ~stalled,
            Status.STALLED: stalled,
            Status.CONVERGED: converged,
        }
    codes = torch.full_like(nit, _CODES[Status.ITERATIONS_DONE], dtype=torch.int8)
    for status, mark in marks.items():
        codes[mark] = _CODES[status]
    return ManyResult(lanes.x, lanes.fun, norm, nit, Statuses(codes))
