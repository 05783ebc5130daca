"""Numerical optimization and automatic differentiation that you can run."""

from steepest import (
    bilevel,
    claims,
    constrained,
    convexity,
    derivatives,
    directions,
    distributed,
    identities,
    methods,
    modules,
    multistart,
    problems,
    render,
    result,
    state,
    step_sizes,
)
from steepest.claims import claim
from steepest.loop import minimize
from steepest.multistart import minimize_many
from steepest.trace import record

__version__ = "0.1.0"

__all__ = [
    "bilevel",
    "claim",
    "claims",
    "constrained",
    "convexity",
    "derivatives",
    "directions",
    "distributed",
    "identities",
    "methods",
    "minimize",
    "minimize_many",
    "modules",
    "multistart",
    "problems",
    "record",
    "render",
    "result",
    "state",
    "step_sizes",
]
