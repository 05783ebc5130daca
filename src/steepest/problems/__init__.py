"""Objectives with known answers, shared by lectures, gallery, tests and benchmarks."""

from steepest.problems.fits import least_squares, logistic_regression, two_layer_network
from steepest.problems.kinks import abs_quadratic, seven_minima
from steepest.problems.lines import (
    abs_power,
    decaying_exponential,
    exponential_minus_line,
    hyperbola,
    hyperbolic_tangent,
    piecewise_quadratic,
    quartic,
)
from steepest.problems.problem import Problem
from steepest.problems.spaces import (
    himmelblau,
    ill_conditioned,
    quadratic,
    quadratic_from_spectrum,
    rosenbrock,
)

__all__ = [
    "Problem",
    "abs_power",
    "abs_quadratic",
    "decaying_exponential",
    "exponential_minus_line",
    "himmelblau",
    "hyperbola",
    "hyperbolic_tangent",
    "ill_conditioned",
    "least_squares",
    "logistic_regression",
    "piecewise_quadratic",
    "quadratic",
    "quadratic_from_spectrum",
    "quartic",
    "rosenbrock",
    "seven_minima",
    "two_layer_network",
]
