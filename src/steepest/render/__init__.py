"""A trace as a table and as a drawing; PyTorch's own graph through the same renderer."""

from steepest.render.autograd import autograd_graph
from steepest.render.drawing import drawing
from steepest.render.markup import Markup
from steepest.render.table import table

__all__ = ["Markup", "autograd_graph", "drawing", "table"]
