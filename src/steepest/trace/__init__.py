"""Record any PyTorch function as it runs, and sweep derivatives over the record.

``record(fun, *inputs)`` gives a `Trace`: the evaluation written out in three parts, v₁₋ₙ … v₀ for
the inputs and v₁, v₂, … for the operations. Its `Trace.forward` and `Trace.reverse` carry tangents
and adjoints along, by PyTorch's own derivative rules.
"""

from steepest.trace.checkpoint import Checkpointed, reverse_checkpointed
from steepest.trace.costs import Cost
from steepest.trace.recorder import record
from steepest.trace.rows import Constant, Ref, Row, Source
from steepest.trace.sweeps import Trace

__all__ = [
    "Checkpointed",
    "Constant",
    "Cost",
    "Ref",
    "Row",
    "Source",
    "Trace",
    "record",
    "reverse_checkpointed",
]
