"""Numerical optimization and automatic differentiation that you can run."""

from steepest import (
    derivatives,
    directions,
    methods,
    modules,
    multistart,
    problems,
    result,
    state,
    step_sizes,
)
from steepest.claims import claim
from steepest.loop import minimize
from steepest.multistart import minimize_many

__version__ = "0.1.0"

__all__ = [
    "claim",
    "derivatives",
    "directions",
    "methods",
    "minimize",
    "minimize_many",
    "modules",
    "multistart",
    "problems",
    "result",
    "state",
    "step_sizes",
]
