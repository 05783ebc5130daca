"""Two groups of variables: derivatives of a gradient, and derivatives through a minimisation."""

from steepest.bilevel.cross import cross_gradient, two_player_step
from steepest.bilevel.hypergradients import hypergradient

__all__ = ["cross_gradient", "hypergradient", "two_player_step"]
