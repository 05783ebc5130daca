"""Traces as tables and drawings."""

import pytest
import torch

from steepest.render import drawing, table
from steepest.trace import record


def lecture(x1, x2):
    a = torch.log(x1)
    b = x1 * x2
    c = torch.sin(x2)
    return a + b - c


@pytest.fixture
def trace():
    return record(lecture, *torch.tensor([2.0, 5.0], dtype=torch.float64))


@pytest.mark.parametrize(
    "rule",
    [
        "v₁ = ln v₋₁ ",
        "v₅ = v₄ − v₃ ",
        "v̇₁ = v̇₋₁ / v₋₁ ",
        "v̇₂ = v̇₋₁ v₀ + v̇₀ v₋₁ ",
        "v̄₋₁ = v̄₁ / v₋₁ + v̄₂ v₀ ",
        "v̄₀ = v̄₂ v₋₁ + v̄₃ cos v₀ ",
        "v̄₃ = −v̄₅ ",
    ],
)
def test_the_lectures_rules(trace, rule):
    assert rule in table(trace, tangents=(1, 0), cotangent=1)


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_a_drawing_is_the_same_twice(trace, direction):
    first = drawing(trace, direction=direction, cotangent=1.0)
    assert first == drawing(trace, direction=direction, cotangent=1.0)
    assert 'role="img"' in first
    assert "currentColor" in first
