"""Directions alone: what a single update gives, and what it carries."""

import math

import pytest
import torch

from steepest import directions, methods, minimize, problems
from steepest.directions import DirectionError
from steepest.state import Oracle, State


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def state_of(fun, x, **others):
    oracle = Oracle(fun)
    return State(x, *oracle.value_and_grad(x), oracle, **others)


def bowl(x):
    weights = torch.arange(1, x.numel() + 1, dtype=x.dtype).reshape(x.shape)
    return (weights * x**2).sum() / 2 + x.sum() ** 2 / 2


# For bowl, whose Hessian is positive definite, each of these leads downhill.
DOWNHILL = {
    "steepest": directions.steepest(),
    "heavy_ball": directions.heavy_ball(0.5),
    "nesterov": directions.nesterov(),
    "preconditioned": directions.preconditioned(lambda g: g / 3),
    "conjugate": directions.conjugate(),
    "newton": directions.newton(),
    "modified_newton": directions.modified_newton(),
    "newton_cg": directions.newton_cg(),
    "bfgs": directions.bfgs(),
    "lbfgs": directions.lbfgs(3),
    "from_torch": directions.from_torch(torch.optim.Adam, lr=0.1),
}


def test_every_direction_is_in_the_table():
    others = {"Direction", "DirectionError", "coordinate"}
    assert set(DOWNHILL) == set(directions.__all__) - others


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3)])
@pytest.mark.parametrize("name", DOWNHILL)
def test_directions_have_the_shape_of_x_and_lead_downhill(name, shape, dtype):
    x = torch.linspace(1, 2, math.prod(shape), dtype=dtype).reshape(shape)
    state = state_of(bowl, x)
    d, _ = DOWNHILL[name].update(state, None)
    assert d.shape == x.shape
    assert d.dtype == dtype
    assert float((d * state.grad).sum()) < 0


@pytest.mark.parametrize("name", DOWNHILL)
def test_an_update_leaves_its_arguments_as_they_are(name):
    direction = DOWNHILL[name]
    first = state_of(bowl, tensor([1.0, 2.0]))
    d, carry = direction.update(first, None)
    x, g = first.x.clone(), first.grad.clone()
    second = state_of(bowl, tensor([0.5, 1.0]), nit=1)
    once, _ = direction.update(second, carry)
    twice, _ = direction.update(second, carry)
    assert torch.equal(once, twice)
    assert torch.equal(first.x, x)
    assert torch.equal(first.grad, g)
    assert torch.equal(d, direction.update(first, None)[0])


def test_bfgs_satisfies_the_secant_equation_and_matches_the_formula():
    direction = directions.bfgs()
    xs = [tensor([1.0, 2.0]), tensor([0.5, 1.5]), tensor([0.2, 0.9])]
    states = [state_of(lambda x: bowl(x) + (x**4).sum(), x) for x in xs]
    carry = None
    for state in states:
        d, carry = direction.update(state, carry)
    H = carry[0]
    s, y = xs[2] - xs[1], states[2].grad - states[1].grad
    torch.testing.assert_close(H @ y, s)
    torch.testing.assert_close(H, H.T)
    torch.testing.assert_close(d, -H @ states[2].grad)
    s, y = xs[1] - xs[0], states[1].grad - states[0].grad
    eye, before = (
        torch.eye(2, dtype=torch.float64),
        torch.eye(2, dtype=torch.float64) * (y @ s) / (y @ y),
    )
    for k in (1, 2):
        s, y = xs[k] - xs[k - 1], states[k].grad - states[k - 1].grad
        left = eye - torch.outer(s, y) / (y @ s)
        before = left @ before @ left.T + torch.outer(s, s) / (y @ s)
    torch.testing.assert_close(H, before)


def test_lbfgs_with_all_pairs_is_bfgs_with_its_scale():
    # On two pairs in the plane: the recursion against the formula, begun with the newest scale.
    xs = [tensor([1.0, 2.0]), tensor([0.5, 1.5]), tensor([0.2, 0.9])]
    states = [state_of(lambda x: bowl(x) + (x**4).sum(), x) for x in xs]
    carry = None
    for state in states:
        d, carry = directions.lbfgs(5).update(state, carry)
    s, y = xs[2] - xs[1], states[2].grad - states[1].grad
    eye = torch.eye(2, dtype=torch.float64)
    H = eye * (y @ s) / (y @ y)
    for k in (1, 2):
        s, y = xs[k] - xs[k - 1], states[k].grad - states[k - 1].grad
        left = eye - torch.outer(s, y) / (y @ s)
        H = left @ H @ left.T + torch.outer(s, s) / (y @ s)
    torch.testing.assert_close(d, -H @ states[2].grad)


def test_lbfgs_forgets_all_but_its_memory():
    run = minimize(
        problems.rosenbrock(5).fun, problems.rosenbrock(5).x0, methods.lbfgs(3), max_iter=9
    )
    assert len(run.state.carry[0]) == 3


@pytest.mark.parametrize("make", [directions.bfgs, directions.lbfgs])
def test_negative_curvature_teaches_nothing(make):
    fun = lambda x: -(x**2).sum()  # noqa: E731
    _, carry = make().update(state_of(fun, tensor([1.0, 1.0])), None)
    d, carry = make().update(state_of(fun, tensor([2.0, 2.0])), carry)
    assert not carry[0]
    assert (d > 0).all()


def test_coordinates_take_turns():
    direction, carry, seen = directions.coordinate(), None, []
    for _ in range(5):
        d, carry = direction.update(state_of(bowl, torch.ones(2, 2)), carry)
        seen.append(int(d.reshape(-1).argmax()))
        assert float(d.sum()) == 1
    assert seen == [0, 1, 2, 3, 0]
    assert direction.cycle(torch.ones(2, 2)) == 4


@pytest.mark.parametrize(
    ("fun", "message"),
    [
        (lambda x: x.sum(), "newton: the Hessian is singular .eigenvalues from 0 to 0."),
        (lambda x: (x[0] + x[1]) ** 2 + x[0], "newton: the Hessian is singular"),
        (lambda x: x[0] ** 2 + x[1] ** 4 - x[0], "newton: the Hessian is singular"),
    ],
)
def test_newton_without_a_solution(fun, message):
    with pytest.raises(DirectionError, match=f"^{message}.*Try damped_newton"):
        directions.newton().update(state_of(fun, tensor([1.0, 0.0])), None)


def test_hessians_that_are_not_finite():
    fun = lambda x: (x**1.5).sum()  # noqa: E731
    for direction in (directions.newton(), directions.modified_newton()):
        with pytest.raises(DirectionError, match="The Hessian is not finite here"):
            direction.update(state_of(fun, tensor([0.0, 1.0])), None)


def test_the_modified_hessian_is_the_absolute_value():
    state = state_of(lambda x: x[0] ** 2 - x[1] ** 2, tensor([1.0, 0.5]))
    d, _ = directions.modified_newton().update(state, None)
    torch.testing.assert_close(d, tensor([-1.0, 0.5]))
    d, _ = directions.modified_newton().update(state_of(lambda x: 2 * x.sum(), tensor([1.0])), None)
    torch.testing.assert_close(d, tensor([-2.0]))


def test_newton_cg_is_newton_near_the_minimum():
    state = state_of(bowl, tensor([1e-6, 2e-6, -1e-6]))
    d, _ = directions.newton_cg().update(state, None)
    torch.testing.assert_close(d, -state.x, rtol=1e-3, atol=0)


def test_cycles():
    x = torch.ones((), dtype=torch.float64)
    assert directions.steepest().cycle(x) == 1
    assert directions.heavy_ball(0.0).cycle(x) == 1
    cycle = directions.heavy_ball(0.9).cycle(x)
    assert 0.9**cycle < torch.finfo(x.dtype).eps <= 0.9 ** (cycle - 2)
    assert directions.heavy_ball(0.9).cycle(x.float()) < cycle
    assert directions.from_torch(torch.optim.SGD, lr=1.0, momentum=0.9).cycle(x) == cycle
    assert directions.from_torch(torch.optim.SGD, lr=1.0).cycle(x) == 1
