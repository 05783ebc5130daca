"""What the bilevel calls refuse, with their messages."""

import math
import warnings

import pytest
import torch

from steepest import bilevel
from steepest.bilevel import cross_gradient, hypergradient, two_player_step


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


THETA, PHI = tensor([0.0, 0.0]), tensor([1.0])


def good(theta, phi):
    return ((theta - phi.sum() + 1) ** 2).sum()


def bad_inner(mode):
    options = {"implicit": {}, "unrolled": {"steps": 2, "lr": 0.1}}[mode]
    return lambda fun, t, p: hypergradient(good, fun, t, p, mode=mode, **options)


def bad_outer(mode):
    options = {"implicit": {}, "unrolled": {"steps": 2, "lr": 0.1}}[mode]
    return lambda fun, t, p: hypergradient(fun, good, t, p, mode=mode, **options)


# label: (the call, how messages name it, how they name the function)
CALLS = {
    "cross_gradient": (cross_gradient, "cross_gradient", "fun"),
    "two_player_step": (
        lambda fun, t, p: two_player_step(fun, t, p, alpha=0.1, beta=0.1),
        "two_player_step",
        "fun",
    ),
    "implicit, inner": (bad_inner("implicit"), "hypergradient", "inner"),
    "implicit, outer": (bad_outer("implicit"), "hypergradient", "outer"),
    "unrolled, inner": (bad_inner("unrolled"), "hypergradient", "inner"),
    "unrolled, outer": (bad_outer("unrolled"), "hypergradient", "outer"),
}


def test_every_call_is_in_the_table():
    assert {name for _, name, _ in CALLS.values()} == set(bilevel.__all__)


def writes_without_a_graph(theta, phi):
    with torch.no_grad():
        phi.mul_(1)
    return good(theta, phi)


def writes_into_theta(theta, phi):
    theta += 1
    return good(theta, phi)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("fun", "error", "message"),
    [
        ("f", TypeError, "{0} must be a function of theta and phi, got str; write lambda theta"),
        (lambda t, p: 3.0, TypeError, "{0} must return a tensor, got float; compute with torch"),
        (
            lambda t, p: t + p,
            ValueError,
            r"{0} must return a scalar of shape \(\), got \(2,\); sum or average it",
        ),
        (writes_into_theta, ValueError, r"{0} changes its argument in place; write theta = theta"),
        (
            lambda t, p: good(t, p.mul_(1)),
            ValueError,
            r"{0} changes its argument in place; write theta = theta",
        ),
        (writes_without_a_graph, ValueError, r"{0} changes its argument in place; write"),
    ],
)
def test_bad_functions(name, fun, error, message):
    call, caller, function = CALLS[name]
    with pytest.raises(error, match=f"^{caller}: " + message.format(function)):
        call(fun, THETA.clone(), PHI.clone())


def cut(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's word on the conversion
        return torch.tensor([float(entry) for entry in x], dtype=x.dtype)


CUTS = {
    "theta": [
        lambda t, p: good(t.detach(), p),
        lambda t, p: good(cut(t), p),
        lambda t, p: (p**2).sum(),
        lambda t, p: good(t.detach(), p.detach()),
    ],
    "phi": [
        lambda t, p: good(t, p.detach()),
        lambda t, p: good(t, cut(p)),
        lambda t, p: (t**2).sum(),
        lambda t, p: t.sum(),
    ],
}


@pytest.mark.parametrize(
    ("name", "leaf", "fun"),
    [
        (name, leaf, fun)
        for name in CALLS
        for leaf, functions in CUTS.items()
        for fun in functions
        if not (leaf == "phi" and "outer" in name)  # which need not depend on it
    ],
)
def test_a_cut_graph_is_an_error_and_not_a_zero(name, leaf, fun):
    call, caller, function = CALLS[name]
    message = rf"^{caller}: no graph connects the result of {function} to {leaf}. Usual causes: "
    with pytest.raises(ValueError, match=message + r"torch.tensor\(\[...\]\) of tensors"):
        call(fun, THETA, PHI)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("theta", "phi", "error", "message"),
    [
        ([0.0], PHI, TypeError, "theta must be a tensor, got list; write torch.tensor"),
        (THETA, 1.0, TypeError, "phi must be a tensor, got float; write torch.tensor"),
        (
            torch.tensor([1, 2]),
            PHI,
            TypeError,
            r"theta must be of floating point, got torch.int64; write theta.to\(torch.float64\)",
        ),
        (
            THETA,
            torch.tensor(1),
            TypeError,
            r"phi must be of floating point, got torch.int64; write phi.to\(torch.float64\)",
        ),
        (
            THETA,
            PHI.float(),
            ValueError,
            "phi must have the dtype of theta, torch.float64; got torch.float32; write phi.to",
        ),
        (
            THETA,
            PHI.to("meta"),
            ValueError,
            r"phi must have the device of theta, cpu; got meta; write phi.to\(theta.device\)",
        ),
    ],
)
def test_bad_points(name, theta, phi, error, message):
    call, caller, _ = CALLS[name]
    with pytest.raises(error, match=f"^{caller}: {message}"):
        call(good, theta, phi)


@pytest.mark.parametrize("name", ["alpha", "beta"])
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (-0.1, ValueError, "must be positive and finite, got -0.1"),
        (0, ValueError, "must be positive and finite, got 0"),
        (math.nan, ValueError, "must be positive and finite, got nan"),
        (math.inf, ValueError, "must be positive and finite, got inf"),
        ("0.1", TypeError, "must be a number, got '0.1'"),
        (True, TypeError, "must be a number, got True"),
    ],
)
def test_bad_step_sizes(name, value, error, message):
    with pytest.raises(error, match=f"^two_player_step: {name} {message}"):
        two_player_step(good, THETA, PHI, **{"alpha": 0.1, "beta": 0.1, name: value})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"mode": "neumann"},
            ValueError,
            """mode must be "unrolled" or "implicit", got 'neumann'""",
        ),
        ({"mode": None}, ValueError, 'mode must be "unrolled" or "implicit", got None'),
        (
            {"mode": "implicit", "steps": 5},
            TypeError,
            'steps belongs to mode="unrolled", and mode="implicit" does not look at it; leave it '
            "out, got steps=5",
        ),
        ({"mode": "implicit", "lr": 0.1}, TypeError, 'lr belongs to mode="unrolled"'),
        (
            {"mode": "unrolled", "steps": 5, "lr": 0.1, "tol": 1e-3},
            TypeError,
            'tol belongs to mode="implicit"',
        ),
        ({"mode": "unrolled"}, TypeError, 'mode="unrolled" needs steps and lr; for example steps='),
        ({"mode": "unrolled", "steps": 5}, TypeError, 'mode="unrolled" needs lr; for example'),
        ({"mode": "unrolled", "lr": 0.1}, TypeError, 'mode="unrolled" needs steps; for example'),
        (
            {"mode": "unrolled", "steps": 0, "lr": 0.1},
            ValueError,
            "steps must be at least 1, got 0",
        ),
        ({"mode": "unrolled", "steps": 2.0, "lr": 0.1}, TypeError, "steps must be an int, got 2.0"),
        ({"mode": "unrolled", "steps": 2, "lr": -1}, ValueError, "lr must be positive and finite"),
        ({"mode": "unrolled", "steps": 2, "lr": "1"}, TypeError, "lr must be a number, got '1'"),
        ({"mode": "implicit", "tol": 0}, ValueError, "tol must be positive and finite, got 0"),
        ({"mode": "implicit", "tol": "fine"}, TypeError, "tol must be a number, got 'fine'"),
    ],
)
def test_bad_options(options, error, message):
    with pytest.raises(error, match=f"^hypergradient: {message}"):
        hypergradient(good, good, THETA, PHI, **options)


# --- where the mathematics ends ---------------------------------------------------------------


def implicit(inner, theta, phi=1.0, outer=lambda t, p: t.sum(), **options):
    return hypergradient(outer, inner, tensor(theta), tensor(phi), mode="implicit", **options)


def test_implicit_needs_a_stationary_point_and_tells_how_far_it_is():
    def inner(theta, phi):
        return ((theta - phi) ** 2).sum() / 2

    message = (
        r"implicit.* needs theta at a minimum of inner.* norm 5 there, more than tol = 1.49e-08"
    )
    with pytest.raises(ValueError, match=message):
        implicit(inner, [4.0, 5.0])
    with pytest.raises(ValueError, match=r"norm 0.01 there, more than tol = 0.001"):
        implicit(inner, [1.01, 1.0], tol=1e-3)
    assert float(implicit(inner, [1.01, 1.0], tol=0.02)) == pytest.approx(2)
    with pytest.raises(ValueError, match="norm nan there"):
        implicit(inner, [math.nan, 1.0])


@pytest.mark.parametrize(
    ("inner", "curvature"),
    [
        (lambda t, p: -p * (t**2).sum() / 2, "-1"),
        (lambda t, p: p * (t[0] ** 2 - 3 * t[1] ** 2) / 2, "-1"),  # a saddle
        (lambda t, p: (t**4).sum() + p, "0"),  # a minimum without curvature
        (lambda t, p: p * (t[0] - t[1]) ** 2, "0"),  # many minima
        (lambda t, p: 0 * t.sum() + p, "0"),
    ],
)
def test_implicit_needs_positive_curvature(inner, curvature):
    message = (
        r"^hypergradient: the Hessian of inner in theta is not positive definite, as far as "
        rf"torch.float64 can tell: conjugate gradients met the curvature {curvature},"
    )
    with pytest.raises(ValueError, match=message):
        implicit(inner, [0.0, 0.0])


def test_a_singular_hessian_is_found_behind_rounding():
    # Rank 3 of 6, and a right-hand side outside of its range: what is left of it has no solution.
    torch.manual_seed(0)
    A = torch.randn(3, 6, dtype=torch.float64)
    b = torch.randn(6, dtype=torch.float64)
    with pytest.raises(ValueError, match="the Hessian of inner in theta is not positive definite"):
        implicit(lambda t, p: p * ((A @ t) ** 2).sum(), [0.0] * 6, outer=lambda t, p: b @ t)


def test_negative_curvature_that_no_direction_meets_stays_unseen():
    # The documented limit: only the directions that conjugate gradients take are looked at.
    got = implicit(
        lambda t, p: (t[0] - p) ** 2 - t[1] ** 2, [1.0, 0.0], outer=lambda t, p: 3 * t[0] + 0 * t[1]
    )
    assert float(got) == 3


def test_what_the_dtype_cannot_resolve_is_said():
    n = 9
    i = torch.arange(n, dtype=torch.float64)
    hilbert = 1 / (i[:, None] + i + 1)  # condition number 4.9e11

    def inner(theta, phi):
        return theta @ hilbert @ theta / 2 + phi * theta.sum() - theta.sum()

    message = r"^hypergradient: conjugate gradients reached a residual of .* not tol = 1e-14: the "
    with pytest.raises(ArithmeticError, match=message + "Hessian of inner is too ill-conditioned"):
        implicit(inner, [0.0] * n, outer=lambda t, p: torch.cos(i) @ t, tol=1e-14)


def test_a_kink_in_outer_or_inner_is_not_finite():
    with pytest.raises(ValueError, match="the gradient of outer, is not finite at theta"):
        implicit(lambda t, p: (t**2).sum() + p, [0.0, 0.0], outer=lambda t, p: t.abs().sqrt().sum())


@pytest.mark.parametrize("start", [1.0, math.nan])
def test_steps_that_run_off_are_not_differentiated(start):
    message = r"^hypergradient: theta is not finite after steps=3000 of lr=2; gradient descent"
    with pytest.raises(ValueError, match=message):
        hypergradient(good, good, tensor(start), tensor(1.0), mode="unrolled", steps=3000, lr=2.0)
