"""What derivatives refuse, and what only differences find."""

import math
import warnings

import pytest
import torch

from steepest import derivatives
from steepest.derivatives import (
    check_gradient,
    directional_derivative,
    hessian,
    hvp,
    hvp_operator,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def griewank(x):
    return torch.log(x[0]) + x[0] * x[1] - torch.sin(x[1])


def vector(x):
    return torch.stack([x[0] ** 2 + x[1], x[0] * x[1]])


def quadratic(x):
    return x @ x.new_tensor([[1.0, 2.0], [3.0, 4.0]]) @ x


# --- differences ------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-10), (torch.float32, 1e-4)])
def test_check_gradient_passes_what_is_right(dtype, bound):
    assert check_gradient(griewank, tensor([2.0, 5.0], dtype)) < bound


def test_check_gradient_near_the_end_of_the_domain_and_near_a_kink():
    assert check_gradient(torch.log, tensor(1e-3)) < 1e-8
    assert check_gradient(lambda x: x * torch.cos(4 * x) + 2 * x.abs(), tensor(1e-4)) < 1e-9


@pytest.mark.parametrize(
    ("gradient", "error"),
    [
        (tensor([2.0, -4.0]), 0.0),
        (tensor([2.0, -3.0]), 1.0),
        (lambda x: 2 * x, 0.0),
        (lambda x: x, 2.0),
    ],
)
def test_check_gradient_measures_what_is_given(gradient, error):
    got = check_gradient(lambda x: (x**2).sum(), tensor([1.0, -2.0]), gradient)
    assert got == pytest.approx(error, abs=1e-9)


@pytest.mark.parametrize(
    "partly_cut",
    [
        lambda x: x[0] ** 2 * x[1].detach(),
        lambda x: x[0] ** 2 + x[1].detach() ** 2,
        lambda x: x[0] ** 2 + torch.tensor(x[1].item(), dtype=x.dtype) ** 2,
    ],
)
def test_a_partial_cut_is_found_and_explained(partly_cut):
    x = tensor([1.0, 2.0])
    with pytest.warns(
        UserWarning, match=r"check_gradient: at entry \(1,\) .* part of the graph is"
    ):
        assert check_gradient(partly_cut, x) > 0.9


def test_a_kink_is_told_apart_from_nothing():
    with pytest.warns(UserWarning, match="gives 0 and differences give 1: .* not smooth here"):
        assert check_gradient(lambda x: torch.relu(x) - torch.relu(-x), tensor(0.0)) == 1


def test_check_gradient_of_nothing():
    assert check_gradient(lambda x: x.sum(), torch.zeros(0)) == 0


# --- bad input --------------------------------------------------------------------------------

X = tensor([1.0, 2.0])


def cut(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's word on the conversion
        return torch.tensor([float(x[0]), float(x[1])], dtype=x.dtype)


CALLS = {
    "value_and_grad": lambda fun, x: value_and_grad(fun, x),
    "jvp": lambda fun, x: jvp(fun, x, x),
    "vjp": lambda fun, x: vjp(fun, x, X),
    "hvp": lambda fun, x: hvp(fun, x, x),
    "hvp_operator": lambda fun, x: hvp_operator(fun, x),
    "jacobian": lambda fun, x: jacobian(fun, x),
    "hessian": lambda fun, x: hessian(fun, x),
    "directional_derivative": lambda fun, x: directional_derivative(fun, x, tensor([1.0, 0.0])),
    "check_gradient": lambda fun, x: check_gradient(fun, x),
}
SCALAR = ["value_and_grad", "hvp", "hvp_operator", "hessian", "check_gradient"]


def test_every_derivative_is_in_the_table():
    assert set(CALLS) == set(derivatives.__all__)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("fun", "x", "error", "message"),
    [
        (lambda x: (x**2).sum(), [1.0, 2.0], TypeError, "x must be a tensor, got list"),
        (
            lambda x: (x**2).sum(),
            torch.tensor([1, 2]),
            TypeError,
            r"x must be of floating point, got torch.int64; write x.to\(torch.float64\)",
        ),
        ("x**2", X, TypeError, "fun must be a function of one tensor, got str"),
        (lambda x: 3.0, X, TypeError, "fun must return a tensor, got float"),
        (
            lambda x: x.add_(1).sum(),
            X.clone(),
            ValueError,
            r"fun changes its argument in place; write x = x \+ 1",
        ),
    ],
)
def test_bad_functions_and_points(name, fun, x, error, message):
    with pytest.raises(error, match=f"^{name}: {message}"):
        CALLS[name](fun, x)


@pytest.mark.parametrize("name", CALLS)
def test_a_cut_graph_is_an_error_and_not_a_zero(name):
    fun = (lambda x: cut(x).sum()) if name in SCALAR else cut
    causes = r"torch.tensor\(\[...\]\) of tensors \(use torch.stack\), .detach\(\), .item\(\)"
    with pytest.raises(ValueError, match=f"^{name}: no graph connects .* {causes}"):
        CALLS[name](fun, X)


@pytest.mark.parametrize("name", SCALAR)
def test_only_scalars_have_gradients(name):
    with pytest.raises(ValueError, match=rf"^{name}: fun must return a scalar .* got \(2,\)"):
        CALLS[name](vector, X)


def test_a_function_that_writes_without_a_graph():
    def writes(x):
        with torch.no_grad():
            x.mul_(2)
        return (x**2).sum()

    with pytest.raises(ValueError, match=r"^value_and_grad: fun changes its argument in place"):
        value_and_grad(writes, X.clone())


VECTORS = {
    "jvp": (lambda v: jvp(vector, X, v), "v", "x"),
    "vjp": (lambda u: vjp(vector, X, u), "u", r"fun\(x\)"),
    "hvp": (lambda v: hvp(quadratic, X, v), "v", "x"),
    "hvp_operator": (lambda v: hvp_operator(quadratic, X)(v), "v", "x"),
    "directional_derivative": (lambda v: directional_derivative(vector, X, v), "v", "x"),
    "check_gradient": (lambda g: check_gradient(quadratic, X, g), "gradient", "x"),
}


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (torch.ones(3, dtype=torch.float64), ValueError, r"the shape of {1}, \(2,\); got \(3,\)"),
        (torch.ones(2), ValueError, "the dtype of {1}, torch.float64; got torch.float32"),
        (
            torch.ones(2, dtype=torch.float64, device="meta"),
            ValueError,
            "the device of {1}, cpu; got meta",
        ),
        ([1.0, 0.0], TypeError, "a tensor.*, got list"),
    ],
)
def test_bad_vectors(name, given, error, message):
    call, mine, model = VECTORS[name]
    with pytest.raises(error, match=f"^{name}: {mine} must (have|be) " + message.format(0, model)):
        call(given)


@pytest.mark.parametrize("v", [[1.0, 1.0], [0.0, 0.0], [math.nan, 0.0], [0.7071, 0.7071]])
def test_directions_have_length_one(v):
    message = r"^directional_derivative: v must have norm 1, got .*; pass v / torch.linalg"
    with pytest.raises(ValueError, match=message):
        directional_derivative(lambda x: (x**2).sum(), X, tensor(v))


@pytest.mark.parametrize(
    ("chunk_size", "error", "message"),
    [
        (0, ValueError, "hessian: chunk_size must be at least 1, got 0"),
        (-1, ValueError, "hessian: chunk_size must be at least 1, got -1"),
        (2.0, TypeError, "hessian: chunk_size must be an int or None, got 2.0"),
        (True, TypeError, "hessian: chunk_size must be an int or None, got True"),
    ],
)
def test_bad_chunks(chunk_size, error, message):
    with pytest.raises(error, match=f"^{message}"):
        hessian(quadratic, X, chunk_size=chunk_size)


def test_differences_need_a_domain_around_x():
    with pytest.raises(ValueError, match=r"^check_gradient: fun is not finite around entry 0 of x"):
        check_gradient(lambda x: torch.log(x).sum(), tensor([-1.0]))
