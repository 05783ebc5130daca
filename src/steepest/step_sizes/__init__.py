"""The second half of a method: how far to go.

A step size maps a :class:`~steepest.state.State` and a direction d to an evaluated
:class:`~steepest.state.Step`, so that an accepted point is never evaluated twice.
"""

from steepest.step_sizes.exact_search import exact
from steepest.step_sizes.inexact import armijo, curvature_first, unit_first, wolfe
from steepest.step_sizes.schedules import StepSize, fixed, inverse_time

__all__ = [
    "StepSize",
    "armijo",
    "curvature_first",
    "exact",
    "fixed",
    "inverse_time",
    "unit_first",
    "wolfe",
]
