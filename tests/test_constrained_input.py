"""Constraints on bad input: each argument by type, shape, dtype, range and graph."""

import math

import pytest
import torch

from steepest import constrained, minimize
from steepest.constrained import Penalty, augmented_lagrangian, kkt_residuals
from steepest.convexity import Box


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


X = tensor([1.0, 2.0])
BOX = Box(tensor([0.0, 0.0, 0.0]), tensor([1.0, 1.0, 1.0]))


def square(x):
    return (x**2).sum()


def total(x):
    return x.sum() - 1


MAKING = [
    (
        lambda: Penalty("mine", square, None),
        TypeError,
        "Penalty: prox must be a function of x and t, got None",
    ),
    (lambda: Penalty("mine", 3, square), TypeError, "Penalty: value must be a function of x, got"),
    (lambda: constrained.l1(-1.0), ValueError, "l1: weight must be positive and finite, got -1.0"),
    (lambda: constrained.l1("1"), TypeError, "l1: weight must be a number, got '1'"),
    (lambda: constrained.squared_l2(0), ValueError, "squared_l2: weight must be positive"),
    (lambda: constrained.group_l2(math.nan), ValueError, "group_l2: weight must be positive"),
    (lambda: constrained.nuclear(math.inf), ValueError, "nuclear: weight must be positive"),
    (
        lambda: constrained.nuclear(1.0).prox(X, 1.0),
        ValueError,
        r"nuclear: x must be a matrix, got shape \(2,\)",
    ),
    (
        lambda: constrained.indicator(square),
        TypeError,
        r"indicator: set must have a method project\(x\), got function",
    ),
    (
        lambda: constrained.projected_gradient(0.1, [0, 1]),
        TypeError,
        r"projected_gradient: set must have a method project\(x\), got list",
    ),
    (
        lambda: constrained.projected_gradient(-0.1, BOX),
        ValueError,
        "projected_gradient: lr must be positive and finite, got -0.1",
    ),
    (
        lambda: constrained.proximal_gradient(0.0, constrained.l1(1.0)),
        ValueError,
        "proximal_gradient: lr must be positive and finite, got 0.0",
    ),
    (
        lambda: constrained.fista("fast", constrained.l1(1.0)),
        TypeError,
        "fista: lr must be a number, got 'fast'",
    ),
    (
        lambda: constrained.fista(0.1, square),
        TypeError,
        r"fista: penalty must be a Penalty, got function; write constrained.l1\(0.1\)",
    ),
    (
        lambda: constrained.proximal_gradient(0.1, BOX),
        TypeError,
        r"proximal_gradient: penalty must be a Penalty, got Box; write indicator\(set\)",
    ),
    (
        lambda: constrained.reparametrize(3, constrained.circle),
        TypeError,
        "reparametrize: fun must be a function of one tensor, got int",
    ),
    (
        lambda: constrained.reparametrize(square, X),
        TypeError,
        "reparametrize: map must be a function of one tensor, got Tensor",
    ),
    (
        lambda: constrained.circle(X),
        ValueError,
        r"circle: t must be one angle, of shape \(\), got \(2,\)",
    ),
    (
        lambda: constrained.simplex(tensor(1.0)),
        ValueError,
        r"simplex: t must have shape \(n,\), n at least 1, got \(\)",
    ),
    (lambda: constrained.simplex(X[:0]), ValueError, r"simplex: t must have .* got \(0,\)"),
    (
        lambda: constrained.reparametrize(square, lambda t: 1.0)(X),
        TypeError,
        "reparametrize: map must return a tensor, got float",
    ),
    (
        lambda: constrained.reparametrize(square, lambda t: t.detach())(X.clone().requires_grad_()),
        ValueError,
        r"reparametrize: no graph connects map\(t\) to t. Usual causes: torch.tensor",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), MAKING)
def test_what_cannot_be_made(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()


@pytest.mark.parametrize(
    ("prox", "error", "message"),
    [
        (
            lambda x, t: x[:1],
            ValueError,
            r"must return a tensor of the shape of x, \(2,\); got \(1,\)",
        ),
        (
            lambda x, t: x.float(),
            ValueError,
            "must return a tensor of the dtype of x, torch.float64; got torch.float32",
        ),
        (lambda x, t: 0.0, TypeError, "must return a tensor, got float"),
    ],
)
@pytest.mark.parametrize("make", [constrained.proximal_gradient, constrained.fista])
def test_proximal_maps_that_do_not_fit(make, prox, error, message):
    method = make(0.1, Penalty("mine", square, prox))
    with pytest.raises(error, match=f"^{make.__name__}: prox of the mine {message}"):
        minimize(square, X, method)


def test_sets_of_another_shape():
    class Short:
        def project(self, x):
            return x[:1]

    message = r"^projected_gradient: prox of the indicator of Short must return a tensor of the sh"
    with pytest.raises(ValueError, match=message):
        minimize(square, X, constrained.projected_gradient(0.1, Short()))
    with pytest.raises(ValueError, match=r"\(2,\)"):
        minimize(square, X, constrained.projected_gradient(0.1, BOX))


# Shared by both calls that take constraints.
CONSTRAINTS = [
    ({"equalities": 3}, TypeError, ": equalities must be a function of one tensor or None, got"),
    (
        {"equalities": lambda x: 1.0},
        TypeError,
        ", equalities: fun must return a tensor, got float",
    ),
    (
        {"inequalities": lambda x: torch.outer(x, x)},
        ValueError,
        r": inequalities must return a tensor of shape \(\) or \(m,\), m at least 1, got \(2, 2\)",
    ),
    ({"inequalities": lambda x: x[:0]}, ValueError, r": inequalities must .* got \(0,\)"),
    (
        {"inequalities": lambda x: torch.tensor(x.tolist(), dtype=x.dtype)},
        ValueError,
        r", inequalities: no graph connects the result to x. Usual causes: torch.tensor",
    ),
    ({"equalities": lambda x: x.detach()}, ValueError, ", equalities: no graph connects"),
    (
        {"equalities": lambda x: x.sum().float()},
        ValueError,
        ": equalities must return the dtype of x, torch.float64; got torch.float32",
    ),
    ({"equalities": lambda x: x.add_(1)}, ValueError, ", equalities: fun changes its argument"),
]


@pytest.mark.parametrize(("constraints", "error", "message"), CONSTRAINTS)
@pytest.mark.parametrize("call", [kkt_residuals, augmented_lagrangian])
def test_constraints_that_are_none(call, constraints, error, message):
    with pytest.raises(error, match=f"^{call.__name__}{message}"):
        call(square, X, **constraints)


@pytest.mark.parametrize(
    ("arguments", "others", "message"),
    [
        ((3, X), {}, "fun must be a function of one tensor, got int"),
        ((square, [1.0]), {}, "x must be a tensor, got list"),
        ((square, torch.ones(2, dtype=torch.int64)), {}, "x must be of floating point"),
        ((lambda x: x, X), {}, r"fun must return a scalar of shape \(\), got \(2,\)"),
        ((square, X), {"lam": tensor(1.0)}, "lam belongs to equalities, and none are given"),
        ((square, X), {"mu": tensor(1.0)}, "mu belongs to inequalities, and none are given"),
        (
            (square, X),
            {"equalities": total, "lam": tensor([1.0])},
            r"lam must have the shape of equalities\(x\), \(\); got \(1,\)",
        ),
        (
            (square, X),
            {"inequalities": lambda x: -x, "mu": tensor([1.0, 1.0, 1.0])},
            r"mu must have the shape of inequalities\(x\), \(2,\); got \(3,\)",
        ),
        (
            (square, X),
            {"equalities": total, "lam": torch.tensor(1.0)},
            r"lam must have the dtype of equalities\(x\), torch.float64; got torch.float32",
        ),
        ((square, X), {"equalities": total, "lam": 1.0}, "lam must be a tensor, got float"),
        (
            (square, X),
            {"equalities": total, "inequalities": lambda x: -x, "lam": tensor(1.0)},
            "give both lam and mu, or neither to have them estimated, got only lam",
        ),
        (
            (square, X),
            {"equalities": total, "inequalities": lambda x: -x, "mu": X},
            "give both lam and mu, or neither to have them estimated, got only mu",
        ),
        (
            (square, X),
            {"equalities": total, "active_tol": -1},
            "active_tol must be positive and finite",
        ),
        (
            (square, X),
            {"equalities": lambda x: torch.stack([x.sum(), 2 * x.sum()])},
            "the gradients of the 2 active constraints have rank 1, so LICQ fails at x",
        ),
        (
            (square, X),
            {"equalities": lambda x: torch.stack([x[0], x[1], x[0] + x[1]])},
            "the gradients of the 3 active constraints have rank 2, so LICQ fails at x",
        ),
    ],
)
def test_kkt_residuals(arguments, others, message):
    with pytest.raises((TypeError, ValueError), match=f"^kkt_residuals: {message}"):
        kkt_residuals(*arguments, **others)


@pytest.mark.parametrize(
    ("fun", "x0", "others", "message"),
    [
        (3, X, {"equalities": total}, "fun must be a function of one tensor, got int"),
        (square, [1.0], {"equalities": total}, "x0 must be a floating-point tensor, got list"),
        (
            square,
            torch.ones(2, dtype=torch.int64),
            {"equalities": total},
            "x0 must be a floating-point tensor, got torch.int64",
        ),
        (square, tensor([math.nan]), {"equalities": total}, "x0 must be finite"),
        (square, X, {}, "give equalities, inequalities or both; for neither, minimize"),
        (square, X, {"equalities": total, "method": "bfgs"}, "method must be a Method or None"),
        (square, X, {"equalities": total, "penalty": 0}, "penalty must be positive and finite"),
        (square, X, {"equalities": total, "tol": None}, "tol must be a number, got None"),
        (square, X, {"equalities": total, "max_iter": 0}, "max_iter must be at least 1, got 0"),
        (square, X, {"equalities": total, "max_inner": 1.5}, "max_inner must be an int, got 1.5"),
        (lambda x: x, X, {"equalities": total}, r"fun must return a scalar of shape \(\)"),
        (lambda x: 1.0, X, {"equalities": total}, "fun must return a tensor, got float"),
        (
            lambda x: torch.tensor(sum(x.tolist()), dtype=x.dtype),
            X,
            {"equalities": total},
            "no graph connects the result to x",
        ),
        (
            lambda x: x.sum(),
            -X,
            {"inequalities": lambda x: x.log()},
            "fun, its gradient or a constraint is not finite at x0",
        ),
    ],
)
def test_augmented_lagrangian(fun, x0, others, message):
    with pytest.raises((TypeError, ValueError), match=f"^augmented_lagrangian: {message}"):
        augmented_lagrangian(fun, x0, **others)
