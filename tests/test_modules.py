"""Modules as functions of one vector: the same numbers, and nothing changed."""

import copy

import pytest
import torch
from torch import nn

from steepest import methods, minimize, modules


def _network(dtype: torch.dtype = torch.float64) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).to(dtype)


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Linear(3, 3, bias=False)
        self.decode = nn.Linear(3, 3)
        self.decode.weight = self.encode.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.decode(torch.tanh(self.encode(x)))
        return y


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_value_and_gradient_are_the_modules_own(dtype: torch.dtype) -> None:
    network = _network(dtype)
    data = torch.linspace(-1, 1, 15, dtype=dtype).reshape(5, 3)
    fun, x0 = modules.flatten(network, lambda model: (model(data) ** 2).mean())
    loss = (network(data) ** 2).mean()
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    assert x0.dtype == dtype
    assert x0.shape == (4 * 3 + 4 + 2 * 4 + 2,)
    torch.testing.assert_close(fun(x0), loss)
    expected = torch.cat([g.reshape(-1) for g in gradients])
    torch.testing.assert_close(torch.func.grad(fun)(x0), expected)
    assert all(parameter.grad is None for parameter in network.parameters())


def test_it_batches_and_takes_second_derivatives() -> None:
    data = torch.linspace(-1, 1, 15, dtype=torch.float64).reshape(5, 3)
    fun, x0 = modules.flatten(_network(), lambda model: (model(data) ** 2).mean())
    starts = torch.stack([x0, 2 * x0, torch.zeros_like(x0)])
    expected = torch.stack([fun(x) for x in starts])
    torch.testing.assert_close(torch.func.vmap(fun)(starts), expected)
    hessian = torch.func.hessian(fun)(x0)
    torch.testing.assert_close(hessian, hessian.T)
    v = torch.ones_like(x0)
    product = torch.autograd.functional.hvp(fun, x0, v)[1]
    torch.testing.assert_close(product, hessian @ v)


def test_data_can_be_passed_on() -> None:
    fun, x0 = modules.flatten(_network(), lambda model, a, power: (model(a) ** power).sum())
    one, two = torch.ones(1, 3, dtype=torch.float64), torch.ones(2, 3, dtype=torch.float64)
    torch.testing.assert_close(2 * fun(x0, one, 2), fun(x0, two, 2))


def test_the_module_stays_as_it_is() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).double()
    before = copy.deepcopy(network.state_dict())
    data = torch.randn(8, 3, dtype=torch.float64)
    fun, x0 = modules.flatten(network, lambda model: (model(data) ** 2).mean())
    first = fun(x0)
    minimize(fun, x0, methods.gradient_descent(0.1), max_iter=3)
    assert fun(x0) == first
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert network.training


def test_later_changes_of_the_module_do_not_change_the_function() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).double().eval()
    network[0].bias.requires_grad_(False)
    data = torch.ones(4, 2, dtype=torch.float64)
    fun, x0 = modules.flatten(network, lambda model: (model(data) ** 2).sum())
    first = fun(x0)
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            tensor.add_(1)
    assert fun(x0) == first


def test_buffers_follow_the_dtype_of_x() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).eval()
    data = torch.ones(4, 2, dtype=torch.float64)
    fun, x0 = modules.flatten(network, lambda model: (model(data) ** 2).sum())
    assert fun(x0.double()).dtype == torch.float64


def test_a_shared_parameter_appears_once_and_collects_both_gradients() -> None:
    torch.manual_seed(0)
    tied = Tied().double()
    data = torch.randn(5, 3, dtype=torch.float64)
    fun, x0 = modules.flatten(tied, lambda model: (model(data) ** 2).mean())
    assert x0.shape == (9 + 3,)
    (tied(data) ** 2).mean().backward()
    weight, bias = tied.encode.weight.grad, tied.decode.bias.grad
    assert weight is not None
    assert bias is not None
    expected = torch.cat([weight.reshape(-1), bias])
    torch.testing.assert_close(torch.func.grad(fun)(x0), expected)
    pieces = modules.unflatten(tied, 2 * x0)
    assert not tied.load_state_dict(pieces, strict=False).unexpected_keys
    torch.testing.assert_close(tied.decode.weight.detach(), 2 * x0[:9].view(3, 3))


def test_frozen_parameters_are_kept_out() -> None:
    network = _network()
    network[0].requires_grad_(False)
    fun, x0 = modules.flatten(network, lambda model: model(torch.ones(3).double()).sum())
    assert x0.shape == (2 * 4 + 2,)
    torch.testing.assert_close(fun(x0), network(torch.ones(3).double()).sum())


def test_unflatten_is_the_inverse() -> None:
    network = _network()
    _, x0 = modules.flatten(network, lambda model: model(torch.ones(3)).sum())
    pieces = modules.unflatten(network, x0)
    assert list(pieces) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(pieces[name], parameter.detach(), rtol=0, atol=0)


def _mixed() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2).double())


def _frozen() -> nn.Module:
    return nn.Linear(2, 2).requires_grad_(False)


def _complex() -> nn.Module:
    return nn.Linear(2, 2, dtype=torch.complex64)


def _loss(model: nn.Module) -> torch.Tensor:
    value: torch.Tensor = model(torch.ones(2)).sum()
    return value


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: modules.flatten(_loss, _loss), TypeError, r"flatten: module .* got function"),
        (lambda: modules.flatten(nn.Linear(2, 1), 3), TypeError, r"flatten: loss .* got int"),
        (lambda: modules.flatten(nn.Tanh(), _loss), ValueError, r"Tanh has no parameters"),
        (lambda: modules.flatten(_frozen(), _loss), ValueError, r"Linear has no parameters"),
        (
            lambda: modules.flatten(_mixed(), _loss),
            ValueError,
            r"one dtype, got torch.float32 and torch.float64; call module.double\(\)",
        ),
        (lambda: modules.flatten(_complex(), _loss), ValueError, r"must be real, got .*complex64"),
        (
            lambda: modules.flatten(nn.Linear(2, 1), _loss)[0](torch.ones(2)),
            ValueError,
            r"flatten: in fun: x must have shape \(3,\), got \(2,\)",
        ),
        (
            lambda: modules.unflatten(nn.Linear(2, 1), torch.ones(4)),
            ValueError,
            r"unflatten: x must have shape \(3,\), got \(4,\)",
        ),
        (lambda: modules.unflatten(None, torch.ones(4)), TypeError, r"unflatten: .* got NoneType"),
    ],
)
def test_messages(call: object, error: type[Exception], message: str) -> None:
    assert callable(call)
    with pytest.raises(error, match=message):
        call()
