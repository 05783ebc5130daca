"""What the loop refuses, and what its oracle counts."""

import math
import warnings

import pytest
import torch
from torch import Tensor

from steepest import methods, minimize
from steepest.methods import Method
from steepest.state import Oracle


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


GD = methods.gradient_descent(0.1)


def square(x):
    return (x**2).sum()


def cut(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.tensor(float(x[0]))


def through_data(x):
    x.data.mul_(2)
    return (x**2).sum()


ONE = tensor([1.0])
STATE = minimize(square, ONE, GD, max_iter=1).state
BAD = [
    (lambda: minimize("x**2", ONE, GD), TypeError, "fun must be a function of one tensor, got str"),
    (lambda: minimize(square, [1.0], GD), TypeError, "x0 must be a tensor, got list"),
    (lambda: minimize(square, None, GD), TypeError, "x0 must be a tensor, got NoneType"),
    (
        lambda: minimize(square, torch.tensor([1]), GD),
        TypeError,
        r"x0 must be of floating point, got torch.int64; write x0.to\(torch.float64\)",
    ),
    (lambda: minimize(square, tensor([math.nan]), GD), ValueError, "x0 must be finite, got NaN"),
    (lambda: minimize(square, tensor([math.inf]), GD), ValueError, "x0 must be finite, got NaN"),
    (
        lambda: minimize(square, torch.ones(1, device="meta"), GD),
        ValueError,
        "x0 must hold numbers, got a tensor on the device meta",
    ),
    (
        lambda: minimize(lambda x: torch.log(x).sum(), tensor([-1.0]), GD),
        ValueError,
        r"fun or its gradient is not finite at the start \(fun = nan",
    ),
    (
        lambda: minimize(lambda x: torch.sqrt(x).sum(), tensor([0.0]), GD),
        ValueError,
        r"fun or its gradient is not finite at the start \(fun = 0.0, norm of the gradient = inf\)",
    ),
    (
        lambda: minimize(lambda x: 2 * x, ONE, GD),
        ValueError,
        r"fun must return a scalar",
    ),
    (lambda: minimize(lambda x: 1.0, ONE, GD), TypeError, "fun must return a tensor, got float"),
    (lambda: minimize(cut, ONE, GD), ValueError, "no graph connects the result to x. Usual causes"),
    (
        lambda: minimize(lambda x: x.mul_(2).sum(), ONE.clone(), GD),
        ValueError,
        "fun changes its argument in place",
    ),
    (lambda: minimize(through_data, ONE.clone(), GD), ValueError, "fun changes its argument in"),
    (lambda: minimize(square, ONE, "newton"), TypeError, "method must be a Method, got str"),
    (
        lambda: minimize(square, ONE, GD, max_iter=0),
        ValueError,
        "max_iter must be at least 1",
    ),
    (
        lambda: minimize(square, ONE, GD, max_iter=1.5),
        TypeError,
        "max_iter must be an int",
    ),
    (lambda: minimize(square, ONE, GD, max_iter=True), TypeError, "max_iter must be an int"),
    (lambda: minimize(square, ONE, GD, tol=-1.0), ValueError, "tol must be finite and at least 0"),
    (
        lambda: minimize(square, ONE, GD, tol=math.nan),
        ValueError,
        "tol must be finite",
    ),
    (lambda: minimize(square, ONE, GD, tol="small"), TypeError, "tol must be a number or None"),
    (
        lambda: minimize(square, ONE, GD, callback=1),
        TypeError,
        "callback must be a function",
    ),
    (lambda: minimize(square, None, GD, state=1), TypeError, "state must be the state of a Result"),
    (
        lambda: minimize(square, ONE, GD, state=STATE),
        ValueError,
        "x0 and state name different points; with state, pass x0=None",
    ),
    (
        lambda: minimize(square, None, methods.newton(), state=STATE),
        ValueError,
        "state comes from gradient descent and cannot go on with Newton",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=f"^minimize: {message}"):
        call()


def test_an_error_in_the_function_is_the_readers_own():
    def broken(x: Tensor) -> Tensor:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        minimize(broken, ONE, GD)


def test_the_oracle_counts_and_keeps_one_graph():
    calls = []

    def fun(x: Tensor) -> Tensor:
        calls.append(1)
        return (x**3).sum()

    x = tensor([1.0, 2.0])
    oracle = Oracle(fun, keep_graph=True)
    oracle.value_and_grad(x)
    torch.testing.assert_close(oracle.hessian(x), torch.diag(6 * x))
    torch.testing.assert_close(oracle.hvp(x, x), 6 * x**2)
    assert (len(calls), oracle.nfev, oracle.nhess, oracle.nhvp) == (1, 1, 1, 1)
    oracle.forget()
    oracle.hvp(x, x)
    assert (len(calls), oracle.nfev, oracle.nhvp) == (2, 2, 2)
    with pytest.raises(TypeError, match=r"^Oracle: fun must be a function"):
        Oracle(3)


def test_methods_are_values():
    assert isinstance(GD, Method)
    with pytest.raises(AttributeError):
        GD.name = "other"
