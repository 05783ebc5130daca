"""Many starts at once: one method, a batch of points, and the basins they end in."""

from steepest.multistart.compiled import CompilationError
from steepest.multistart.ends import Basins, End, ManyResult, Statuses
from steepest.multistart.run import minimize_many

__all__ = ["Basins", "CompilationError", "End", "ManyResult", "Statuses", "minimize_many"]
