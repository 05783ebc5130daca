"""Numerical optimization and automatic differentiation that you can run."""

from steepest import derivatives, directions, methods, modules, problems, result, state, step_sizes
from steepest.claims import claim
from steepest.loop import minimize

__version__ = "0.1.0"

__all__ = [
    "claim",
    "derivatives",
    "directions",
    "methods",
    "minimize",
    "modules",
    "problems",
    "result",
    "state",
    "step_sizes",
]
