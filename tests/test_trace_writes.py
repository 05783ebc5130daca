"""In-place writes, hidden operations, and what a recorder must refuse."""

import pytest
import torch
from torch.nn import functional

from steepest.trace import record, reverse_checkpointed

DOUBLE = torch.float64
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def tensor(*numbers):
    return torch.tensor(numbers, dtype=DOUBLE)


S = torch.tensor(0.7, dtype=DOUBLE)
X = tensor(0.3, -0.2, 0.9)


def augmented(x):
    y = x.clone()
    y *= 2
    y[0] = x[1] * y[2]
    y.sin_()
    return (y * x).sum()


def built(x):
    b = torch.zeros(3, dtype=DOUBLE)
    b[0] = x[1]
    b[1] = b[0] * x[2]
    return b


def accumulated(x):
    total = torch.zeros((), dtype=DOUBLE)
    for part in x:
        total += part**2
    return total


def saved_and_written(x):
    y = x * 1
    z = y**2
    y += 1
    return z * y


def counter(x):
    b = torch.ones(3, dtype=DOUBLE)
    for _ in range(3):
        x = x * b
        b += 1
    return x


def one_entry(x):
    y = x * 1
    y[0] += 3
    return y**2


def by_itself(x):
    y = x * 1
    return y.mul_(y)


@pytest.mark.parametrize(
    ("fun", "same"),
    [
        (augmented, lambda x: (torch.stack([x[1] * 2 * x[2], *(2 * x[1:])]).sin() * x).sum()),
        (built, lambda x: torch.stack([x[1], x[1] * x[2], 0 * x[0]])),
        (accumulated, lambda x: (x**2).sum()),
        (saved_and_written, lambda x: x**2 * (x + 1)),
        (counter, lambda x: x * 6),
        (one_entry, lambda x: (x + tensor(3.0, 0.0, 0.0)) ** 2),
        (by_itself, lambda x: x**2),
        (lambda x: x.add_(1).mul_(x), lambda x: (x + 1) ** 2),
        (lambda x: functional.relu(x * 2, inplace=True), lambda x: functional.relu(x * 2)),
    ],
    ids=lambda fun: fun.__name__,
)
def test_writing_in_place_is_followed(fun, same):
    written, plain = record(fun, X), record(same, X)
    weights = torch.ones_like(plain.rows[plain.outputs[0]].value)
    torch.testing.assert_close(
        written.rows[written.outputs[0]].value, plain.rows[plain.outputs[0]].value, **EXACT
    )
    torch.testing.assert_close(written.reverse(weights)[0], plain.reverse(weights)[0], **EXACT)
    moved, expected = written.forward(X), plain.forward(X)
    torch.testing.assert_close(moved[written.outputs[0]], expected[plain.outputs[0]], **EXACT)
    again = reverse_checkpointed(written, 2, weights).adjoints[0]
    torch.testing.assert_close(again, plain.reverse(weights)[0], **EXACT)


class Scaled(torch.autograd.Function):
    """a²b, with a rule of its own."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        square = a * a
        return square * b

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return 2 * a * b * grad, a * a * grad


def test_a_custom_function_is_one_operation():
    trace = record(lambda x: Scaled.apply(x, x.sin()), S)
    last = trace.rows[trace.outputs[0]]
    assert (last.operation, last.parents) == ("Scaled", (0, 1))
    partials = trace.partials(last.number)
    expected = torch.stack([2 * S * S.sin(), S**2])
    torch.testing.assert_close(torch.stack(list(partials.values())), expected, **EXACT)
    expected = 2 * S * S.sin() + S**2 * S.cos()
    torch.testing.assert_close(trace.reverse()[0], expected, **EXACT)
    with pytest.raises(ValueError, match=r"Scaled.*cannot be done again"):
        reverse_checkpointed(trace, 1)


OUTSIDE = torch.zeros(3, dtype=DOUBLE)


def to_outside(x):
    OUTSIDE[0] = x[0]
    return OUTSIDE


def through_view(x):
    y = x * 1
    part = y[0]
    y[1] = 5.0
    return part + y.sum()


def constant_view(x):
    b = torch.zeros(3, dtype=DOUBLE)
    part = b[0]
    part.copy_(x[0])
    return b.sum()


def custom_after_write(x):
    y = x * 1
    y += 1
    return Scaled.apply(y, y)


def custom_on_built(x):
    b = torch.zeros(3, dtype=DOUBLE)
    b[0] = x[0]
    return Scaled.apply(b, x)


@pytest.mark.parametrize(
    ("fun", "message"),
    [
        (to_outside, r"OUTSIDE\[0\] = x\[0\] writes a value .* made outside of fun; make"),
        (through_view, r"return part \+ y.sum\(\) uses a view .* y\[1\] = 5.0 wrote into; take"),
        (constant_view, r"return b.sum\(\) uses a view .* part.copy_\(x\[0\]\) wrote into"),
        (custom_after_write, "Scaled uses a tensor that was written in place.*instead of x [+]= 1"),
        (custom_on_built, "Scaled uses a tensor that was written in place"),
        (lambda x: torch.sin(x, out=torch.empty(3, dtype=DOUBLE)), "writes into out=; use what"),
        (lambda x: torch.autograd.grad(x.sum(), x), "takes a derivative while"),
        (lambda x: x.sum().backward(), "takes a derivative while"),
        (lambda x: torch.func.grad(torch.sum)(x), "inside a transform of torch.func"),
        (lambda x: torch.vmap(torch.sin)(x), "inside a transform of torch.func"),
    ],
)
def test_what_cannot_be_followed_says_where_and_what_to_write(fun, message):
    with pytest.raises(ValueError, match=message):
        record(fun, X)
