"""The first half of a method: where to go from here.

A direction maps a :class:`~steepest.state.State` and what it remembers (its *carry*, None at first)
to a step direction d of the shape of x and a new carry. It keeps nothing in itself, so a run can
be repeated, stopped and resumed.
"""

from steepest.directions.direction import Direction, DirectionError
from steepest.directions.first_order import (
    conjugate,
    coordinate,
    heavy_ball,
    nesterov,
    preconditioned,
    steepest,
)
from steepest.directions.newton_type import modified_newton, newton, newton_cg
from steepest.directions.quasi_newton import bfgs, lbfgs
from steepest.directions.torch_optimizer import from_torch

__all__ = [
    "Direction",
    "DirectionError",
    "bfgs",
    "conjugate",
    "coordinate",
    "from_torch",
    "heavy_ball",
    "lbfgs",
    "modified_newton",
    "nesterov",
    "newton",
    "newton_cg",
    "preconditioned",
    "steepest",
]
