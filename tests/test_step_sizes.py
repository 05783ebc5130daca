"""Step sizes: what each promises, checked on the step that it took."""

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from steepest import directions, minimize, problems, step_sizes
from steepest.methods import Method
from steepest.result import Status
from steepest.state import Oracle, State


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def state_of(fun, x, keep_graph=False):
    oracle = Oracle(fun, keep_graph=keep_graph)
    return State(x, *oracle.value_and_grad(x), oracle)


def wavy(x):
    return x * torch.cos(4 * x) + 2 * x.abs()


SMOOTH = {  # but for the kink of the last one, at 0
    "parabola": lambda x: (x - 1) ** 2,
    "exp": lambda x: torch.exp(x) - 2 * x,
    "quartic": lambda x: x**4 + x,
    "cosh": torch.cosh,
    "log": lambda x: torch.log1p((x - 2) ** 2),
    "wavy": wavy,
}


# --- exact ------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [1.0, -1.0, 7.0, -0.01])
@pytest.mark.parametrize("name", SMOOTH)
def test_exact_ends_in_a_minimum_of_the_line(name, d):
    fun = SMOOTH[name]
    state = state_of(fun, tensor(0.6))
    step = step_sizes.exact(1e-10).search(state, tensor(d))
    assert step.ok
    assert abs(float(step.grad)) <= 1e-9 * abs(float(state.grad))
    assert float(step.fun) < float(state.fun)
    around = torch.stack([fun(step.x - 1e-3), fun(step.x + 1e-3)])
    assert (around > step.fun).all()
    assert math.copysign(1, step.step_size) == math.copysign(1, -float(state.grad) * d)
    torch.testing.assert_close(step.x, state.x + step.step_size * tensor(d))


def test_exact_is_the_closed_form_on_quadratics():
    problem = problems.ill_conditioned(10, 1e4, seed=0)
    state = state_of(problem.fun, problem.x0, keep_graph=True)
    for d in (-state.grad, torch.eye(10, dtype=torch.float64)[3], torch.ones_like(state.x)):
        before = state.oracle.nfev
        step = step_sizes.exact().search(state, d)
        H = torch.autograd.functional.hessian(problem.fun, problem.x0)
        alpha = -float(state.grad @ d) / float(d @ H @ d)
        assert step.step_size == pytest.approx(alpha, rel=1e-9)
        assert state.oracle.nfev - before <= 2


def test_exact_finds_the_kink():
    problem = problems.abs_quadratic()
    state = state_of(lambda x: x.abs() + 0.1 * (x - 0.5) ** 2, tensor(2.0))
    step = step_sizes.exact(1e-12).search(state, -state.grad)
    assert float(step.x) == pytest.approx(0, abs=1e-10)
    assert step.ok
    state = state_of(problem.fun, tensor(-2.0))
    step = step_sizes.exact().search(state, tensor(1.0))
    assert float(step.x) == pytest.approx(4.5, abs=1e-7)


def test_exact_says_where_there_is_no_minimum():
    method = Method(directions.steepest(), step_sizes.exact(), "exact")
    run = minimize(lambda x: -x, tensor(1.0), method)
    assert run.status is Status.LINE_SEARCH_FAILED
    assert "still falls" in run.message
    assert run.history.x.tolist() == [1]


def test_exact_stays_where_the_slope_is_zero():
    state = state_of(lambda x: (x**2).sum(), tensor([0.0, 1.0]))
    step = step_sizes.exact().search(state, tensor([1.0, 0.0]))
    assert (step.ok, step.step_size) == (True, 0)
    assert step.x is state.x
    assert state.oracle.nfev == 1


def test_exact_backs_off_from_where_the_function_ends():
    state = state_of(lambda x: -torch.log(1 - x) - 3 * x, tensor(0.0))
    step = step_sizes.exact().search(state, tensor(1.0))
    assert float(step.x) == pytest.approx(2 / 3, rel=1e-7)


@settings(max_examples=60, deadline=None)
@given(st.floats(-4, 4), st.floats(-3, 3))
def test_exact_never_climbs(x, d):
    state = state_of(wavy, tensor(x))
    assume(abs(d) > 1e-3 and abs(x) > 1e-3 and abs(float(state.grad)) > 1e-6)
    step = step_sizes.exact().search(state, tensor(d))
    assert step.ok
    assert float(step.fun) <= float(state.fun)


# --- Armijo and Wolfe -------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SMOOTH)), st.floats(-4, 4), st.floats(-2, 2))
def test_wolfe_and_armijo_keep_their_conditions(name, x, scale):
    state = state_of(SMOOTH[name], tensor(x))
    d = -state.grad * 10**scale
    slope = float(state.grad * d)
    assume(abs(slope) > 1e-6 and abs(x) > 1e-3)
    for search, c2 in ((step_sizes.armijo(), None), (step_sizes.wolfe(), 0.9), (TIGHT, 0.1)):
        step = search.search(state, d)
        assert step.ok
        promised = 1e-4 * step.step_size * slope
        rounding = 10 * torch.finfo(torch.float64).eps * abs(float(state.fun))
        assert float(step.fun) - float(state.fun) <= max(promised, rounding)
        if abs(promised) > 2 * rounding:
            assert float(step.fun) - float(state.fun) <= promised
        if c2 is not None and name != "wavy":
            assert abs(float(step.grad * d)) <= c2 * abs(slope)


TIGHT = step_sizes.wolfe(c2=0.1)


def test_armijo_halves_and_wolfe_takes_the_whole_step_where_it_may():
    state = state_of(lambda x: x**2, tensor(1.0))
    assert step_sizes.armijo().search(state, -state.grad).step_size == 0.5
    assert step_sizes.armijo(shrink=0.25).search(state, -state.grad).step_size == 0.25
    assert step_sizes.armijo(first=0.125).search(state, -state.grad).step_size == 0.125
    assert step_sizes.wolfe().search(state, tensor(-1.0)).step_size == 1


def test_searches_shorten_the_step_where_the_function_is_not_finite():
    for search in (step_sizes.armijo(), step_sizes.wolfe(), step_sizes.exact()):
        state = state_of(lambda x: x - torch.log(x), tensor(5.0))
        step = search.search(state, tensor(-100.0))
        assert step.ok
        assert 0 < float(step.x) < 5


@pytest.mark.parametrize("search", [step_sizes.armijo(), step_sizes.wolfe()])
def test_a_direction_uphill_is_refused(search):
    state = state_of(lambda x: x**2, tensor(1.0))
    step = search.search(state, tensor(1.0))
    assert not step.ok
    assert "does not lead downhill: its slope is 2" in step.message


def test_a_wrong_gradient_is_a_failed_search():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x**2 + 1

        @staticmethod
        def backward(ctx, g):
            return -g

    method = Method(directions.steepest(), step_sizes.armijo(), "Armijo")
    run = minimize(Wrong.apply, tensor(1.0), method, max_iter=10)
    assert run.status is Status.LINE_SEARCH_FAILED
    assert "check_gradient" in run.message
    assert run.nit == 0


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("make", [step_sizes.armijo, step_sizes.wolfe, step_sizes.exact])
def test_searches_go_on_below_the_rounding_of_the_function(make, dtype):
    # Values near 1 tell x from 0 to half of the digits only; slopes tell all of them.
    method = Method(directions.steepest(), make(), "search")
    fun = lambda x: 1 + (x**2).sum() + x[0] * x[1]  # noqa: E731
    x0 = tensor([1.0, -2.0], dtype)
    run = minimize(fun, x0, method, max_iter=200, tol=torch.finfo(dtype).eps)
    assert run.success, run.message


def test_the_schedule_is_a_harmonic_one():
    method = Method(directions.steepest(), step_sizes.inverse_time(0.5), "1/t")
    run = minimize(lambda x: x**2, tensor(1.0), method, max_iter=4)
    assert run.history.step_size.tolist() == pytest.approx([0.5, 0.25, 0.5 / 3, 0.125])
    rest = minimize(lambda x: x**2, None, method, max_iter=1, state=run.state)
    assert rest.history.step_size.tolist() == pytest.approx([0.1])


BAD = [
    (lambda: step_sizes.fixed(-1.0), ValueError, "fixed: lr must be positive and finite, got -1.0"),
    (lambda: step_sizes.fixed(None), TypeError, "fixed: lr must be a number, got None"),
    (lambda: step_sizes.inverse_time(0), ValueError, "inverse_time: lr must be positive"),
    (lambda: step_sizes.inverse_time("1"), TypeError, "inverse_time: lr must be a number"),
    (lambda: step_sizes.exact(0.0), ValueError, "exact: tol must be positive and finite, got 0.0"),
    (lambda: step_sizes.exact("tight"), TypeError, "exact: tol must be a number, got 'tight'"),
    (lambda: step_sizes.armijo(c1=0), ValueError, r"armijo: c1 must be in \(0, 1\), got 0"),
    (lambda: step_sizes.armijo(shrink=1), ValueError, r"armijo: shrink must be in \(0, 1\), got 1"),
    (lambda: step_sizes.armijo(first=-1), ValueError, "armijo: first must be positive and finite"),
    (lambda: step_sizes.armijo(c1="c"), TypeError, "armijo: c1 must be a number, got 'c'"),
    (lambda: step_sizes.wolfe(c1=math.nan), ValueError, r"wolfe: c1 must be in \(0, 1\), got nan"),
    (lambda: step_sizes.wolfe(c2=1.5), ValueError, r"wolfe: c2 must be in \(0, 1\), got 1.5"),
    (
        lambda: step_sizes.wolfe(c1=0.9, c2=0.1),
        ValueError,
        "wolfe: c1 must be below c2, got c1=0.9, c2=0.1",
    ),
    (lambda: step_sizes.wolfe(first=1.0), TypeError, "wolfe: first must be a function, got float"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()
