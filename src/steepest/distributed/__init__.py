r"""Data on several processes: the gradient of a sum is the sum of the gradients.

A loss over data is a sum, and so is its gradient: each process sums over its own rows, and one
all-reduce adds the parts. A script of one process needs three lines more::

    with distributed.processes() as group:                      # joins what torchrun started
        rows = read(distributed.local_rows(count))              # reads its own rows only
        fun = distributed.data_sum(loss, rows.to(group.device))
        path = "run.pt"
        state = distributed.resume(path)                        # None at the first start
        run = minimize(fun, x0 if state is None else None, methods.lbfgs(), state=state,
                       callback=distributed.checkpoint(path, every=10))

and is started by ``torchrun --nproc-per-node 4 script.py``. Every process runs all of it and has
the result; ``if group.rank == 0`` guards what is to happen once, such as printing.

**When not to.** An evaluation with gradient costs two all-reduces, thus about
:math:`4(p-1)\,\alpha + 2\,\frac{p-1}{p}\,\frac{bn}{\beta}` seconds on a ring of p processes, with
:math:`\alpha` seconds for a message, :math:`\beta` bytes a second and n numbers of b bytes; it
saves the share :math:`1 - 1/p` of the time that the loss and its gradient take on all the data. One
process is faster where that time is the shorter one: where the data are few, and where x is as
large as the data, such as a network with more parameters than a batch has numbers. And it is as
fast where one process keeps all cores of the machine busy already, as PyTorch's threads do with
large matrix products: more processes then only share the same cores. What remains are data that do
not fit one machine, several machines or GPUs, and losses that keep one core busy of many.

References: Patarasuk and Yuan (2009), on rings, for the cost above; Thakur, Rabenseifner and Gropp
(2005) and Chan, Heimlich, Purkayastha and van de Geijn (2007) on all-reduces in general.
"""

from steepest.distributed.checkpoints import checkpoint, resume
from steepest.distributed.group import Group, local_rows, processes
from steepest.distributed.sums import DataSum, data_sum
from steepest.distributed.wire import ProcessLostError

__all__ = [
    "DataSum",
    "Group",
    "ProcessLostError",
    "checkpoint",
    "data_sum",
    "local_rows",
    "processes",
    "resume",
]
