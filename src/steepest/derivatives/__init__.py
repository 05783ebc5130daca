"""Derivatives of functions of one tensor of any shape, by PyTorch's automatic differentiation."""

from steepest.derivatives.differences import check_gradient
from steepest.derivatives.first import (
    directional_derivative,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from steepest.derivatives.second import hessian, hvp, hvp_operator

__all__ = [
    "check_gradient",
    "directional_derivative",
    "hessian",
    "hvp",
    "hvp_operator",
    "jacobian",
    "jvp",
    "value_and_grad",
    "vjp",
]
