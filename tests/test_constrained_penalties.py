"""Proximal maps: against brute force, and by the laws that every convex penalty obeys."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from steepest import constrained
from steepest.convexity import Box, NormBall, Simplex


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


class Circle:
    def project(self, x):
        return x / torch.linalg.vector_norm(x)


# Each with a shape that it serves.
PENALTIES = {
    "l1": (constrained.l1(0.7), (4,)),
    "squared l2": (constrained.squared_l2(0.7), (4,)),
    "group l2": (constrained.group_l2(0.7), (3, 2)),
    "nuclear": (constrained.nuclear(0.7), (3, 2)),
    "box": (constrained.indicator(Box(-torch.ones(4).double(), torch.ones(4).double())), (4,)),
    "simplex": (constrained.indicator(Simplex(4)), (4,)),
}
SEEDS = st.integers(0, 2**32 - 1)
STEPS = st.floats(0.05, 5.0)


def draw(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("weight", [0.3, 2.0])
@pytest.mark.parametrize("t", [0.5, 1.0])
@pytest.mark.parametrize("x", [-4.0, -1.0, -0.1, 0.0, 0.15, 0.8, 3.0])
def test_soft_thresholding_is_the_proximal_map_of_l1(x, t, weight):
    z = torch.linspace(-5, 5, 100001, dtype=torch.float64)
    best = z[(weight * z.abs() + (z - x) ** 2 / (2 * t)).argmin()]
    found = constrained.l1(weight).prox(tensor(x), t)
    assert abs(float(found - best)) <= 0.5001e-4
    expected = math.copysign(max(abs(x) - t * weight, 0.0), x)
    assert float(found) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("name", PENALTIES)
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, t=STEPS)
def test_the_proximal_map_minimizes(name, seed, t):
    # g + |· - x|²/2t is strongly convex: it grows at least by |z - p|²/2t away from its minimum.
    penalty, shape = PENALTIES[name]
    x, z = draw(seed, 2, *shape)
    p = penalty.prox(x, t)

    def total(z):
        return penalty.value(z) + ((z - x) ** 2).sum() / (2 * t)

    z = penalty.prox(z, t) if name in ("box", "simplex") else z
    lower = total(p) + ((z - p) ** 2).sum() / (2 * t)
    assert torch.isfinite(total(z))
    assert float(total(z)) >= float(lower) - 1e-9 * (1 + float(lower))


@pytest.mark.parametrize("name", PENALTIES)
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, t=STEPS)
def test_proximal_maps_are_firmly_nonexpansive(name, seed, t):
    penalty, shape = PENALTIES[name]
    x, y = draw(seed, 2, *shape)
    moved = penalty.prox(x, t) - penalty.prox(y, t)
    assert float((moved**2).sum()) <= float((moved * (x - y)).sum()) + 1e-9


def test_a_projection_onto_a_set_that_is_not_convex_is_not_nonexpansive():
    prox = constrained.indicator(Circle()).prox
    x, y = tensor([0.1, 0.0]), tensor([-0.1, 0.0])
    moved = prox(x, 1.0) - prox(y, 1.0)
    assert float((moved**2).sum()) == 4.0
    assert float((moved * (x - y)).sum()) == pytest.approx(0.4)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, t=STEPS, weight=st.floats(0.1, 3.0))
def test_moreau_decomposition(seed, t, weight):
    # The conjugate of w|·|₁ is the indicator of the ball of radius w in the maximum norm.
    x = draw(seed, 5)
    ball = constrained.indicator(NormBall(torch.zeros(5).double(), weight, math.inf))
    parts = constrained.l1(weight).prox(x, t), t * ball.prox(x / t, 1 / t)
    torch.testing.assert_close(parts[0] + parts[1], x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (0,)])
@pytest.mark.parametrize(
    "penalty", [constrained.l1(0.5), constrained.squared_l2(0.5), constrained.group_l2(0.5)]
)
def test_shape_and_dtype_stay(penalty, shape, dtype):
    x = torch.linspace(-1, 2, math.prod(shape), dtype=dtype).reshape(shape)
    before = x.clone()
    z, value = penalty.prox(x, 1.0), penalty.value(x)
    assert (z.shape, z.dtype) == (x.shape, dtype)
    assert (value.shape, value.dtype) == ((), dtype)
    assert torch.equal(x, before)


@pytest.mark.parametrize(
    ("penalty", "x", "value"),
    [
        (constrained.l1(2.0), [3.0, -1.0], 8.0),
        (constrained.squared_l2(2.0), [3.0, -1.0], 10.0),
        (constrained.group_l2(2.0), [[3.0, 4.0], [0.0, 1.0]], 12.0),
        (constrained.nuclear(2.0), [[3.0, 0.0], [0.0, -4.0]], 14.0),
        (constrained.indicator(Simplex(2)), [0.25, 0.75], 0.0),
        (constrained.indicator(Simplex(2)), [0.25, 0.76], math.inf),
    ],
)
def test_values(penalty, x, value):
    assert float(penalty.value(tensor(x))) == pytest.approx(value)


def test_groups_vanish_whole():
    x = tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    z = constrained.group_l2(1.0).prox(x, 1.0)
    torch.testing.assert_close(z, tensor([[2.4, 3.2], [0.0, 0.0], [0.0, 0.0]]))
    assert (z[1:] == 0).all()


def test_the_nuclear_norm_lowers_ranks():
    x = draw(0, 5, 3)
    s = torch.linalg.svdvals(x)
    t = float(s[1] + s[2]) / 2
    z = constrained.nuclear(1.0).prox(x, t)
    assert int(torch.linalg.matrix_rank(x)) == 3
    assert int(torch.linalg.matrix_rank(z, atol=1e-12)) == 2
    torch.testing.assert_close(torch.linalg.svdvals(z), (s - t).clamp(min=0), rtol=0, atol=1e-12)
