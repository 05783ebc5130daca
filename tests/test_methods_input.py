"""Methods on bad input: each argument by type, shape, dtype, range and finiteness."""

import math

import pytest
import torch

from steepest import directions, methods, minimize, step_sizes
from steepest.methods import Method


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


BAD = [
    (
        lambda: methods.gradient_descent(-0.1),
        ValueError,
        "gradient_descent: lr must be positive and finite, got -0.1",
    ),
    (
        lambda: methods.gradient_descent(0),
        ValueError,
        "gradient_descent: lr must be positive and finite, got 0",
    ),
    (
        lambda: methods.gradient_descent(math.nan),
        ValueError,
        "gradient_descent: lr must be positive and finite",
    ),
    (
        lambda: methods.gradient_descent(math.inf),
        ValueError,
        "gradient_descent: lr must be positive and finite",
    ),
    (
        lambda: methods.gradient_descent("fast"),
        TypeError,
        "gradient_descent: lr must be a number, got 'fast'",
    ),
    (
        lambda: methods.gradient_descent(True),
        TypeError,
        "gradient_descent: lr must be a number, got True",
    ),
    (
        lambda: methods.heavy_ball(0.1, 1),
        ValueError,
        r"heavy_ball: momentum must be in \[0, 1\), got 1",
    ),
    (
        lambda: methods.heavy_ball(0.1, -0.5),
        ValueError,
        r"heavy_ball: momentum must be in \[0, 1\)",
    ),
    (lambda: methods.heavy_ball(0.1, None), TypeError, "heavy_ball: momentum must be a number"),
    (lambda: methods.nesterov(0.1, 1.5), ValueError, r"nesterov: momentum must be in \[0, 1\)"),
    (lambda: methods.nesterov(0.1, "t"), TypeError, "nesterov: momentum must be a number, got 't'"),
    (lambda: methods.lbfgs(0), ValueError, "lbfgs: memory must be at least 1, got 0"),
    (lambda: methods.lbfgs(2.5), TypeError, "lbfgs: memory must be an int, got 2.5"),
    (
        lambda: methods.preconditioned([[1.0]], 1.0),
        TypeError,
        "preconditioned: P must be a floating-point tensor or a function, got list",
    ),
    (
        lambda: methods.preconditioned(torch.eye(2, dtype=torch.int64), 1.0),
        TypeError,
        "preconditioned: P must be a floating-point tensor or a function, got torch.int64",
    ),
    (
        lambda: methods.preconditioned(torch.ones(2, 3), 1.0),
        ValueError,
        r"preconditioned: P must be a square matrix, got shape \(2, 3\)",
    ),
    (
        lambda: methods.preconditioned(tensor([[1.0, 1.0], [0.0, 1.0]]), 1.0),
        ValueError,
        r"preconditioned: P must be symmetric; pass \(P \+ P.T\) / 2",
    ),
    (
        lambda: methods.preconditioned(torch.diag(tensor([1.0, -2.0])), 1.0),
        ValueError,
        "preconditioned: P must be positive definite, got a smallest eigenvalue of -2",
    ),
    (
        lambda: methods.preconditioned(torch.diag(tensor([1.0, math.nan])), 1.0),
        ValueError,
        "preconditioned: P must be finite",
    ),
    (
        lambda: methods.from_torch("Adam"),
        TypeError,
        "from_torch: optimizer_class must be a class from torch.optim, got 'Adam'",
    ),
    (
        lambda: methods.from_torch(torch.optim.Adam, lr=-1.0),
        ValueError,
        "from_torch: Adam says: Invalid learning rate",
    ),
    (
        lambda: methods.from_torch(torch.optim.Adam, speed=1.0),
        TypeError,
        "from_torch: Adam says: .*unexpected keyword argument 'speed'",
    ),
    (
        lambda: Method(directions.heavy_ball(0.5), step_sizes.wolfe(), "mine"),
        ValueError,
        r"Method: heavy ball is defined for a fixed step size only, got Wolfe search; use",
    ),
    (
        lambda: Method(directions.nesterov(), step_sizes.exact(), "mine"),
        ValueError,
        "Method: Nesterov is defined for a fixed step size only, got exact line search",
    ),
    (
        lambda: Method("down", step_sizes.exact(), "mine"),
        TypeError,
        "Method: .* got str for the Direction",
    ),
    (
        lambda: Method(directions.steepest(), 0.1, "mine"),
        TypeError,
        "Method: .* got float for the StepSize",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()


@pytest.mark.parametrize(
    ("P", "message"),
    [
        (torch.eye(2), "P must have the dtype of x, torch.float64; got torch.float32"),
        (torch.eye(3, dtype=torch.float64), r"P must have shape \(n, n\) with n = 2"),
        (
            lambda g: g[:1],
            r"P must map a gradient of shape \(2,\) to one of that shape, got \(1,\)",
        ),
        (lambda g: 1.0, r"P must map a gradient of shape \(2,\) to one of that shape, got float"),
    ],
)
def test_preconditioners_that_do_not_fit(P, message):
    with pytest.raises(ValueError, match=f"^preconditioned: {message}"):
        minimize(lambda x: x @ x, tensor([1.0, 2.0]), methods.preconditioned(P, 1.0))
