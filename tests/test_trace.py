"""The recorder and its sweeps."""

import pytest
import torch

from steepest.trace import record


def lecture(x1, x2):
    a = torch.log(x1)
    b = x1 * x2
    c = torch.sin(x2)
    return a + b - c


@pytest.fixture
def trace():
    return record(lecture, *torch.tensor([2.0, 5.0], dtype=torch.float64))


def numbers(tensors):
    return [round(tensor.item(), 6) for tensor in tensors]


def test_the_lectures_function_in_the_lectures_order(trace):
    assert [row.symbol for row in trace.rows] == ["v₋₁", "v₀", "v₁", "v₂", "v₃", "v₄", "v₅"]
    assert [row.latex for row in trace.rows[:2]] == ["v_{-1}", "v_{0}"]
    operations = [row.operation for row in trace.rows]
    assert operations == ["input", "input", "ln", "mul", "sin", "add", "sub"]
    parents = [row.parents for row in trace.rows]
    assert parents == [(), (), (0,), (0, 1), (1,), (2, 3), (5, 4)]
    values = [2.0, 5.0, 0.693147, 10.0, -0.958924, 10.693147, 11.652071]
    assert numbers(row.value for row in trace.rows) == values
    assert (trace.inputs, trace.outputs) == ((0, 1), (6,))
    assert [row.name for row in trace.rows[:2]] == ["x1", "x2"]
    assert trace.rows[2].source.text == "a = torch.log(x1)"
    assert trace.rows[2].source.file == __file__


@pytest.mark.parametrize(
    ("tangents", "expected"),
    [
        ((1, 0), [1.0, 0.0, 0.5, 5.0, 0.0, 5.5, 5.5]),
        ((0, 1), [0.0, 1.0, 0.0, 2.0, 0.283662, 2.0, 1.716338]),
    ],
)
def test_forward_sweeps_of_the_lecture(trace, tangents, expected):
    assert numbers(trace.forward(*tangents)) == expected


def test_the_reverse_sweep_of_the_lecture(trace):
    assert numbers(trace.reverse()) == [5.5, 1.716338, 1.0, 1.0, -1.0, 1.0, 1.0]
    assert numbers(trace.reverse(2.0))[:2] == [11.0, 3.432676]
