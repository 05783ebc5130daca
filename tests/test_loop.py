"""The loop: how runs end, what they record, and what they refuse."""

import math

import pytest
import torch
from torch import Tensor

from steepest import directions, methods, minimize, problems, step_sizes
from steepest.methods import Method
from steepest.result import Status
from steepest.state import State

KINKED = problems.abs_quadratic().fun
WAVY = problems.seven_minima().fun


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def descend(fun, x0, lr, n=150, dtype=torch.float64, tol=None):
    return minimize(fun, tensor(x0, dtype), methods.gradient_descent(lr), max_iter=n, tol=tol)


# --- the errata's values ----------------------------------------------------------------------


@pytest.mark.parametrize("start", [0.0, 10.0])
def test_erratum_33_float32_stalls(start):
    single = descend(KINKED, start, 0.05, dtype=torch.float32)
    assert f"{float(single.x):.6f}" == {0.0: "4.499998", 10.0: "4.500002"}[start]
    assert single.status is Status.STALLED
    assert abs(float(single.x) - 4.5) == pytest.approx(1.9e-6, rel=0.02)
    stopped = descend(KINKED, start, 0.05, dtype=torch.float32, tol=1e-9, n=1000)
    assert stopped.status is Status.STALLED
    assert stopped.nit < 200
    assert torch.equal(stopped.x, single.x)
    assert "float64" in stopped.message


def test_erratum_33_float64_does_not():
    run = descend(KINKED, 0.0, 0.05)
    # The first step crosses the kink; from there the error shrinks by 0.9 a step.
    assert float(run.x) == pytest.approx(4.5 - 4 * 0.9**149, abs=1e-14)
    assert f"{float(run.x):.9f}" == "4.499999392"
    assert run.status is Status.ITERATIONS_DONE


def test_erratum_34_a_large_step_ends_far_away():
    assert f"{float(descend(KINKED, 0.0, 0.999).x):.1f}" == "-127.5"


def test_erratum_38_the_two_cycle():
    run = descend(WAVY, -3.5, 0.05, n=3000)
    cycle = sorted(run.history.x[-2:].tolist())
    assert cycle == pytest.approx([-3.295959, -2.855074], abs=1e-6)
    torch.testing.assert_close(run.history.x[-1], run.history.x[-3], rtol=0, atol=1e-12)


def test_erratum_38_the_threshold():
    minimiser = problems.seven_minima().minimisers[1]
    curvature = torch.autograd.functional.hessian(WAVY, minimiser)
    assert float(2 / curvature) == pytest.approx(0.040700, abs=1e-6)
    near = float(minimiser) + 1e-3
    assert abs(float(descend(WAVY, near, 0.0406, n=3000).x - minimiser)) < 1e-6
    assert abs(float(descend(WAVY, near, 0.0408, n=3000).x - minimiser)) > 1e-3


@pytest.mark.parametrize(
    ("start", "end"),
    [(-3.5, -3.121674), (-2.5, -3.118293), (-2.0, -1.540482), (-1.0, -1.208370), (-0.5, -0.121152)],
)
def test_erratum_39_after_150_small_steps(start, end):
    run = descend(WAVY, start, 0.001)
    # to the last digit printed; from -1 it is -1.2083705
    assert float(run.x) == pytest.approx(end, abs=1e-6)
    gradients = {-1.0: 2.92, -0.5: -1.34}
    if start in gradients:
        assert float(run.grad) == pytest.approx(gradients[start], abs=5e-3)
        assert not run.success


def test_notebook_descent():
    def fun(x: Tensor) -> Tensor:
        return (x[0] - 2) ** 2 + (x[1] - 3) ** 2

    run = minimize(fun, tensor([0.0, 0.0]), methods.gradient_descent(0.1), max_iter=50)
    # the source prints x after the update
    table = run.history.x[[1, 11, 21, 31, 41]]
    expected = [[0.4, 0.6], [1.8282, 2.7423], [1.9816, 2.9723], [1.998, 2.997], [1.9998, 2.9997]]
    torch.testing.assert_close(table, tensor(expected), rtol=0, atol=5e-5)
    torch.testing.assert_close(run.x, tensor([1.9999715, 2.9999572]), rtol=0, atol=5e-8)


# --- how runs end -----------------------------------------------------------------------------


def test_converged():
    run = descend(lambda x: x**2, 1.0, 0.25, tol=1e-3)
    assert (run.status, run.success, run.nit) == (Status.CONVERGED, True, 11)
    assert run.history.grad_norm[-1] <= 1e-3 < run.history.grad_norm[-2]


def test_diverged_keeps_the_last_finite_iterate():
    run = descend(lambda x: x**4, 3.0, 0.1)
    assert run.status is Status.DIVERGED
    assert not run.success
    for kept in (run.x, run.fun, run.grad, run.history.x, run.history.fun, run.history.grad_norm):
        assert torch.isfinite(kept).all()
    assert "smaller step size" in run.message


def test_a_gradient_whose_squares_overflow_is_still_finite():
    run = descend(lambda x: 1e30 * (x**2).sum(), [1.0, 1.0], 1e-31, dtype=torch.float32, n=3)
    assert run.status is Status.ITERATIONS_DONE
    assert run.history.grad_norm[0] == pytest.approx(2e30 * math.sqrt(2), rel=1e-6)


def test_a_gradient_whose_squares_vanish_is_not_zero():
    run = descend(lambda x: (x * 1e-30).sum(), [1.0], 1e29, dtype=torch.float32, n=3)
    assert run.status is Status.ITERATIONS_DONE
    assert run.history.grad_norm.tolist() == pytest.approx([1e-30] * 4)


def test_an_iterate_whose_sum_overflows_is_still_finite():
    run = descend(lambda x: (x * 1e-30).sum(), [2e38, 2e38], 1.0, dtype=torch.float32, n=1)
    assert run.status is Status.STALLED


def test_nothing_is_stalled_that_still_turns():
    # Coordinates that are at their minimum are a standstill of one step, not of a cycle.
    x0 = tensor([0.0, 0.0, 5.0])
    run = minimize(lambda x: (x**2).sum(), x0, methods.coordinate_descent(), tol=1e-9)
    assert run.success
    assert run.nit == 3


def test_stopped_by_the_callback():
    seen = []

    def callback(state: State) -> bool:
        seen.append(float(state.x))
        return state.nit == 3

    run = minimize(WAVY, tensor(-3.5), methods.gradient_descent(0.001), callback=callback)
    assert run.status is Status.STOPPED
    assert run.nit == 3
    assert seen == run.history.x[1:].tolist()
    assert "state=result.state" in run.message


@pytest.mark.parametrize("status", Status)
def test_every_status_is_a_sentence(status):
    assert status.value.endswith(".")
    assert status.value[0].isupper()


def test_no_tolerance_means_all_iterations():
    assert descend(lambda x: x**2, 1.0, 0.5, n=7).nit == 7


def test_without_history():
    run = minimize(WAVY, tensor(1.0), methods.gradient_descent(0.01), history=False, max_iter=3)
    assert run.history is None
    assert run.nit == 3


def test_the_result_holds_no_graph():
    run = minimize(lambda x: (x**4).sum(), tensor([1.0]), methods.newton_cg(), max_iter=3)
    assert run.state.oracle._graph is None
    for kept in (run.x, run.fun, run.grad, run.history.x, run.state.grad):
        assert not kept.requires_grad


def test_parallel_runs_do_not_meet():
    method = methods.bfgs()
    outer = []

    def callback(state: State) -> bool:
        inner = minimize(KINKED, tensor(0.0), method, max_iter=2)
        outer.append(float(inner.x))
        return False

    problem = problems.rosenbrock(2)
    run = minimize(problem.fun, problem.x0, method, max_iter=5, callback=callback)
    alone = minimize(problem.fun, problem.x0, method, max_iter=5)
    assert torch.equal(run.history.x, alone.history.x)
    assert len(set(outer)) == 1


def test_a_state_from_the_callback_can_be_resumed_too():
    x0, fun = tensor([1.0, 2.0]), lambda x: (x**4).sum()
    method = methods.from_torch(torch.optim.Adam, lr=0.1)
    states = []
    whole = minimize(fun, x0, method, max_iter=6, callback=lambda state: states.append(state))
    rest = minimize(fun, None, method, max_iter=4, state=states[1])
    assert torch.equal(rest.history.x, whole.history.x[2:])


def test_a_direction_may_say_what_takes_the_place_of_the_gradient():
    # Where x - 3 vanishes the gradient of x² does not.
    def toward(state: State, carry: None) -> tuple[Tensor, None]:
        return (3 - state.x) / 2, None

    direction = directions.Direction("toward 3", toward, stationarity=lambda state: state.x - 3)
    method = Method(direction, step_sizes.fixed(1.0), "toward 3")
    run = minimize(lambda x: x**2, tensor(7.0), method, tol=0.5)
    assert run.status is Status.CONVERGED
    assert run.history.grad_norm.tolist() == [4.0, 2.0, 1.0, 0.5]
    assert float(run.grad) == 7.0
