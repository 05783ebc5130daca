"""Every method on every problem it is meant for, in both precisions; and what all keep to."""

import math

import pytest
import torch
from torch import Tensor

from steepest import directions, methods, minimize, problems, step_sizes
from steepest.methods import Method
from steepest.result import Status

DTYPES = [torch.float64, torch.float32]
log2 = math.log(2)


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


STIFF = tensor([[2.0, 1.0], [1.0, 3.0]])
STIFF_PROBLEM = problems.quadratic(STIFF, tensor([1.0, -1.0]))
TARGET = tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])


def on_matrices(X: Tensor) -> Tensor:
    """Return a strictly convex, not quadratic function of a 2 × 3 matrix, minimal at TARGET."""
    distance = X - TARGET.to(X)
    return (distance**2).sum() + (distance**4).sum() / 10 + distance.sum() ** 2 / 5


# name: (function, start, minimiser)
PROBLEMS = {
    "quadratic": (STIFF_PROBLEM.fun, STIFF_PROBLEM.x0, STIFF_PROBLEM.minimisers[0]),
    "scalar": (lambda x: torch.exp(x) - 2 * x, tensor(0.5), tensor(log2)),
    "one entry": (lambda x: (torch.exp(x) - 2 * x).sum(), tensor([0.5]), tensor([log2])),
    "matrix": (on_matrices, torch.zeros(2, 3, dtype=torch.float64), TARGET),
    "Rosenbrock": (problems.rosenbrock(2).fun, problems.rosenbrock(2).x0, tensor([1.0, 1.0])),
}
EASY = ["quadratic", "scalar", "one entry", "matrix"]

# name: (method for a start, the problems it is meant for)
METHODS = {
    "gradient_descent": (lambda x: methods.gradient_descent(0.2), EASY),
    "steepest_descent": (lambda x: methods.steepest_descent(), EASY),
    "heavy_ball": (lambda x: methods.heavy_ball(0.1, 0.5), EASY),
    "nesterov": (lambda x: methods.nesterov(0.1), EASY),
    "nesterov, constant": (lambda x: methods.nesterov(0.1, 0.5), EASY),
    "coordinate_descent": (lambda x: methods.coordinate_descent(), EASY),
    "preconditioned": (
        lambda x: methods.preconditioned(2 * torch.eye(x.numel(), dtype=x.dtype), 0.4),
        EASY,
    ),
    "preconditioned, applied": (lambda x: methods.preconditioned(lambda g: g / 2, 0.4), EASY),
    "conjugate_gradient": (lambda x: methods.conjugate_gradient(), list(PROBLEMS)),
    "newton": (lambda x: methods.newton(), list(PROBLEMS)),
    "damped_newton": (lambda x: methods.damped_newton(), list(PROBLEMS)),
    "newton_cg": (lambda x: methods.newton_cg(), list(PROBLEMS)),
    "bfgs": (lambda x: methods.bfgs(), list(PROBLEMS)),
    "lbfgs": (lambda x: methods.lbfgs(5), list(PROBLEMS)),
    "from_torch, SGD": (lambda x: methods.from_torch(torch.optim.SGD, lr=0.1, momentum=0.5), EASY),
    "from_torch, Adam": (lambda x: methods.from_torch(torch.optim.Adam, lr=0.05), EASY),
    "from_torch, LBFGS": (
        lambda x: methods.from_torch(
            torch.optim.LBFGS,
            line_search_fn="strong_wolfe",
            tolerance_grad=1e-12,
            tolerance_change=1e-16,
        ),
        list(PROBLEMS),
    ),
    "Armijo": (lambda x: Method(directions.steepest(), step_sizes.armijo(), "Armijo"), EASY),
    "Wolfe": (lambda x: Method(directions.steepest(), step_sizes.wolfe(), "Wolfe"), EASY),
    "1/t": (
        lambda x: Method(directions.steepest(), step_sizes.inverse_time(2.0), "1/t"),
        ["scalar"],
    ),
    "conjugate, exact": (
        lambda x: Method(directions.conjugate(), step_sizes.exact(), "exact"),
        list(PROBLEMS),
    ),
}
# PyTorch's LBFGS compares values, which rounding levels before gradients are that small.
LIMITS = {"from_torch, LBFGS": 1e-6}
CASES = [(name, problem) for name, (_, meant) in METHODS.items() for problem in meant]


def test_every_method_is_in_the_table():
    assert {name.split(",")[0] for name in METHODS} >= set(methods.__all__) - {"Method"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "problem"), CASES)
def test_methods_reach_the_answer(name, problem, dtype):
    fun, start, minimiser = PROBLEMS[problem]
    x0 = start.to(dtype)
    before = x0.clone()
    tol = LIMITS.get(name, 1e-8) if dtype == torch.float64 else 1e-3
    run = minimize(fun, x0, METHODS[name][0](x0), max_iter=2000, tol=tol)
    assert run.success, run.message
    # All problems curve by at least 1 near their minima, Rosenbrock's by 0.4.
    torch.testing.assert_close(run.x, minimiser.to(dtype), rtol=0, atol=3 * tol)
    assert run.x.shape == run.grad.shape == x0.shape
    assert run.x.dtype == run.fun.dtype == run.grad.dtype == dtype
    assert run.history.x.shape == (run.nit + 1, *x0.shape)
    assert run.history.fun.shape == run.history.grad_norm.shape == (run.nit + 1,)
    assert run.history.step_size.shape == (run.nit,)
    assert run.history.x.dtype == run.history.fun.dtype == dtype
    assert torch.equal(x0, before)


@pytest.mark.parametrize("name", METHODS)
def test_a_stopped_run_goes_on_as_if_it_had_not(name):
    make, meant = METHODS[name]
    fun, x0, _ = PROBLEMS[meant[-1]]
    method = make(x0)
    whole = minimize(fun, x0, method, max_iter=12)
    first = minimize(fun, x0, method, max_iter=5)
    second = minimize(fun, None, method, max_iter=7, state=first.state)
    again = minimize(fun, first.x, make(x0), max_iter=7, state=first.state)
    joined = torch.cat([first.history.x, second.history.x[1:]])
    assert torch.equal(joined, whole.history.x)
    assert torch.equal(again.history.x, second.history.x)
    assert torch.equal(second.x, whole.x)
    # Only a graph of the gradient that was not kept has to be made anew.
    extra = method.direction.second_order or method.step_size.second_order
    assert whole.nfev <= first.nfev + second.nfev <= whole.nfev + extra


@pytest.mark.parametrize("name", METHODS)
def test_a_method_runs_twice_alike(name):
    make, meant = METHODS[name]
    fun, x0, _ = PROBLEMS[meant[0]]
    method = make(x0)
    runs = [minimize(fun, x0, method, max_iter=6).history.x for _ in range(2)]
    assert torch.equal(*runs)


@pytest.mark.parametrize("name", METHODS)
def test_evaluations_are_counted_and_none_is_repeated(name):
    make, meant = METHODS[name]
    fun, x0, _ = PROBLEMS["matrix" if "matrix" in meant else meant[0]]
    seen = []

    def counted(x: Tensor) -> Tensor:
        seen.append(tuple(x.detach().reshape(-1).tolist()))
        return fun(x)

    run = minimize(counted, x0, make(x0), max_iter=8, tol=1e-6)
    assert run.nfev == len(seen)
    if name == "from_torch, LBFGS":
        return  # its last closure may stand a rounding away from where x arrives
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("name", METHODS)
def test_an_empty_x_is_a_minimum_at_once(name):
    x0 = torch.zeros(0, dtype=torch.float64)
    if name != "preconditioned":
        x0 = x0.reshape(0, 3)
    run = minimize(lambda x: (x**2).sum(), x0, METHODS[name][0](x0), tol=1e-8)
    assert run.success
    assert run.nit == 0


@pytest.mark.parametrize("name", METHODS)
def test_the_minimum_itself_is_a_good_start(name):
    x0 = tensor([0.0, 0.0])
    for tol in (None, 0.0):
        run = minimize(lambda x: (x**2).sum(), x0, METHODS[name][0](x0), max_iter=3, tol=tol)
        assert run.status is Status.CONVERGED
        assert torch.equal(run.x, x0)
