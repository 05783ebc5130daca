"""Convex sets, and the search for points that show that something is not convex."""

from steepest.convexity.balls import NormBall
from steepest.convexity.base import ProjectionError, Set
from steepest.convexity.boxes import Box, Orthant, Simplex
from steepest.convexity.combined import Intersection, Union
from steepest.convexity.cones import PSDCone
from steepest.convexity.linear import Affine, Polyhedron
from steepest.convexity.search import find_violation, search
from steepest.convexity.witness import Search, Witness

__all__ = [
    "Affine",
    "Box",
    "Intersection",
    "NormBall",
    "Orthant",
    "PSDCone",
    "Polyhedron",
    "ProjectionError",
    "Search",
    "Set",
    "Simplex",
    "Union",
    "Witness",
    "find_violation",
    "search",
]
