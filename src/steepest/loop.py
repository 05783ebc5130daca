"""The one loop behind every method."""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from steepest._numbers import count, tolerance
from steepest.directions import DirectionError
from steepest.methods import Method
from steepest.result import History, Result, Status
from steepest.state import Oracle, State

__all__ = ["minimize"]


def minimize(
    fun: Callable[[Tensor], Tensor],
    x0: Tensor | None,
    method: Method,
    *,
    max_iter: int = 100,
    tol: float | None = None,
    callback: Callable[[State], object] | None = None,
    history: bool = True,
    state: State | None = None,
) -> Result:
    r"""Minimize a scalar function: :math:`x_{k+1} = x_k + \alpha_k d_k`, again and again.

    Parameters
    ----------
    fun
        Takes a tensor of the shape of `x0` and returns a tensor of shape ``()``.
    x0
        The start: a floating-point tensor of any shape. Its dtype and device stay. None where
        `state` is given.
    method
        Says the direction :math:`d_k` and the step size :math:`\alpha_k`; see
        :mod:`steepest.methods`.
    max_iter
        How many iterations at the most; at least 1.
    tol
        Stop where :math:`\|\nabla f(x_k)\|_2 \le` `tol`, or where nothing moves any more. None does
        all iterations that can be done. A direction that solves another problem than
        :math:`\nabla f = 0` says what takes the place of the gradient: see
        :class:`~steepest.directions.Direction`.
    callback
        Called with the :class:`~steepest.state.State` after each iteration; a true result stops.
    history
        False keeps no history, to save memory.
    state
        ``result.state`` of an earlier run of the same method on the same function, to go on as if
        it had never stopped. Value and gradient at its point are taken from it, not computed anew:
        for another function, pass ``x0=result.x`` instead.

    Returns
    -------
    Result
        The last point, how the run ended, and the way there.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong: the message says what was given and what would be right.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> def f(x):
    ...     return (x[0] - 2) ** 2 + (x[1] - 3) ** 2
    >>> run = minimize(f, torch.zeros(2), methods.gradient_descent(lr=0.1), max_iter=50)
    >>> run.x
    tensor([2.0000, 3.0000])
    >>> run.status
    <Status.ITERATIONS_DONE: 'All iterations asked for are done. ...'>
    """
    _check(method, max_iter, tol, callback)
    curvature = method.direction.second_order or method.step_size.second_order
    oracle = Oracle(fun, keep_graph=curvature, caller="minimize")
    state = _start(oracle, x0, method) if state is None else _resume(oracle, x0, state, method)
    stationarity = method.direction.stationarity
    norm = _norm(state.grad if stationarity is None else stationarity(state))
    if not (math.isfinite(norm) and math.isfinite(state.fun)):
        raise ValueError(
            f"minimize: fun or its gradient is not finite at the start (fun = {float(state.fun)}, "
            f"norm of the gradient = {norm}); start where the function is defined"
        )
    way = _Way(state, norm) if history else None
    patience = method.direction.cycle(state.x)
    nit = still = 0
    detail = ""
    status = Status.ITERATIONS_DONE
    while True:
        if norm == 0 or (tol is not None and norm <= tol):
            status = Status.CONVERGED
        elif still >= patience:
            status = Status.STALLED
        else:
            status = Status.ITERATIONS_DONE
        if nit == max_iter or (tol is not None and status is not Status.ITERATIONS_DONE):
            break
        try:
            d, carry = method.direction.update(state, state.carry)
        except DirectionError as error:
            # At a stationary point no direction is needed.
            if norm > 0:
                status, detail = Status.NO_DIRECTION, str(error)
            break
        step = method.step_size.search(state, d)
        if not step.ok:
            status, detail = Status.LINE_SEARCH_FAILED, step.message
            break
        after = State(step.x, step.fun, step.grad, oracle, state.nit + 1, step, carry, method.name)
        norm_next = _norm(step.grad if stationarity is None else stationarity(after))
        if not (math.isfinite(norm_next) and math.isfinite(step.fun) and _finite(step.x)):
            status = Status.DIVERGED
            break
        still = still + 1 if torch.equal(step.x, state.x) else 0
        nit, norm, state = nit + 1, norm_next, after
        if way is not None:
            way.add(state, norm)
        if callback is not None and callback(state):
            status = Status.STOPPED
            break
    oracle.forget()
    remarks = (status.value, detail, method.direction.remark(state.carry))
    return Result(
        x=state.x,
        fun=state.fun,
        grad=state.grad,
        nit=nit,
        nfev=oracle.nfev,
        success=status is Status.CONVERGED,
        status=status,
        message=" ".join(remark for remark in remarks if remark),
        history=None if way is None else way.stacked(state.x),
        state=state,
    )


def _check(method: object, max_iter: object, tol: object, callback: object) -> None:
    if not isinstance(method, Method):
        raise TypeError(
            f"minimize: method must be a Method, got {type(method).__name__}; "
            "for example steepest.methods.gradient_descent(lr=0.1)"
        )
    count(max_iter, "minimize", "max_iter")
    tolerance(tol, "minimize")
    if callback is not None and not callable(callback):
        raise TypeError(f"minimize: callback must be a function or None, got {callback!r}")


def _start(oracle: Oracle, x0: object, method: Method) -> State:
    if not isinstance(x0, Tensor):
        raise TypeError(
            f"minimize: x0 must be a tensor, got {type(x0).__name__}; "
            "write torch.tensor(..., dtype=torch.float64)"
        )
    if not x0.is_floating_point():
        raise TypeError(
            f"minimize: x0 must be of floating point, got {x0.dtype}; write x0.to(torch.float64)"
        )
    if x0.device.type == "meta":
        raise ValueError("minimize: x0 must hold numbers, got a tensor on the device meta")
    if not _finite(x0):
        raise ValueError("minimize: x0 must be finite, got NaN or infinity in it")
    x = x0.detach().clone()
    fun, grad = oracle.value_and_grad(x)
    if fun.device != x.device:
        raise ValueError(
            f"minimize: fun must return a tensor on the device of x0, {x.device}; got {fun.device}"
        )
    # Writing through .data or NumPy leaves no other trace.
    if not torch.equal(x, x0):
        raise ValueError("minimize: fun changes its argument in place; let it leave x as it is")
    return State(x, fun, grad, oracle, method=method.name)


def _resume(oracle: Oracle, x0: object, state: object, method: Method) -> State:
    if not isinstance(state, State):
        raise TypeError(
            f"minimize: state must be the state of a Result, got {type(state).__name__}; "
            "write state=result.state"
        )
    if x0 is not None and not (isinstance(x0, Tensor) and torch.equal(x0, state.x)):
        raise ValueError("minimize: x0 and state name different points; with state, pass x0=None")
    if state.method not in ("", method.name):
        raise ValueError(
            f"minimize: state comes from {state.method} and cannot go on with {method.name}; "
            "to begin anew from its point, pass x0=state.x"
        )
    return replace(state, oracle=oracle)


# A single entry is read as a number, at a fifth of the cost: most lectures are on the line.


def _norm(grad: Tensor) -> float:
    if grad.numel() == 1:
        return abs(float(grad))
    norm = float(torch.linalg.vector_norm(grad))
    if norm == 0 or math.isinf(norm):
        # Its squares may have left the range of the dtype where it has not.
        largest = float(grad.abs().max()) if grad.numel() else 0.0
        if 0 < largest < math.inf:
            norm = largest * float(torch.linalg.vector_norm(grad / largest))
    return norm


def _finite(x: Tensor) -> bool:
    # A finite sum has finite terms, and costs a quarter of asking each; it may overflow, though.
    return math.isfinite(x if x.numel() == 1 else x.sum()) or bool(torch.isfinite(x).all())


class _Way:
    """Collects what becomes a History; plain numbers cost less to keep than tensors."""

    def __init__(self, state: State, norm: float) -> None:
        self.x = [state.x]
        self.fun = [float(state.fun)]
        self.grad_norm = [norm]
        self.step_size: list[float] = []

    def add(self, state: State, norm: float) -> None:
        self.x.append(state.x)
        self.fun.append(float(state.fun))
        self.grad_norm.append(norm)
        assert state.previous is not None
        self.step_size.append(state.previous.step_size)

    def stacked(self, like: Tensor) -> History:
        def column(numbers: list[float]) -> Tensor:
            return torch.tensor(numbers, dtype=like.dtype, device=like.device)

        return History(
            torch.stack(self.x), column(self.fun), column(self.grad_norm), column(self.step_size)
        )
