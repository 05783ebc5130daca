"""The methods by their names: pairs of a direction and a step size."""

from steepest.methods.first_order import (
    conjugate_gradient,
    coordinate_descent,
    from_torch,
    gradient_descent,
    heavy_ball,
    nesterov,
    preconditioned,
    steepest_descent,
)
from steepest.methods.method import Method
from steepest.methods.second_order import bfgs, damped_newton, lbfgs, newton, newton_cg

__all__ = [
    "Method",
    "bfgs",
    "conjugate_gradient",
    "coordinate_descent",
    "damped_newton",
    "from_torch",
    "gradient_descent",
    "heavy_ball",
    "lbfgs",
    "nesterov",
    "newton",
    "newton_cg",
    "preconditioned",
    "steepest_descent",
]
