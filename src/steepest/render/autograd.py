"""PyTorch's own graph, as torchviz describes it, through our renderer."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from torch import Tensor

from steepest.render.layout import Arrow, Box, graphviz, svg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steepest.render.markup import Markup

_KINDS = {
    "lightblue": "input",
    "orange": "saved",
    "darkolivegreen1": "output",
    "darkolivegreen3": "output",
}


def autograd_graph(
    output: Any,
    params: Mapping[str, Tensor] | None = None,
    *,
    title: str = "PyTorch's graph",
    description: str | None = None,
    prefix: str | None = None,
) -> Markup:
    """Draw the graph that PyTorch keeps for its backward pass, without the ``dot`` program.

    Parameters
    ----------
    output
        From a tensor, torchviz makes the graph; it must be installed.
    params
        Names for leaves, and for intermediate tensors, which are shown with the function that made
        them. Only with a tensor.
    title, description
        What a screen reader says.
    prefix
        What the ids start with, as in `drawing`.

    Returns
    -------
    Markup
        One ``<svg>`` element: leaves are tinted as inputs, the result as an output. A notebook
        shows it.

    Raises
    ------
    TypeError, ValueError
        For something that is not a graph, a tensor that no graph was kept for, names beside a
        finished graph.
    ImportError
        If torchviz or pygraphviz is missing.

    Examples
    --------
    >>> picture = autograd_graph('digraph { 7 [label="x"]; 8 [label=SinBackward0]; 7 -> 8 }')
    >>> "x goes into SinBackward0." in picture
    True
    """
    if isinstance(output, Tensor):
        source = _describe(output, dict(params or {}))
    elif params is not None:
        raise ValueError("autograd_graph: params name the tensors of a tensor's graph, not of a "
                         "finished one; give them to make_dot")  # fmt: skip
    else:
        source = str(output) if isinstance(output, str) else getattr(output, "source", "")
    if not source:
        raise TypeError(
            "autograd_graph: needs a tensor, or what torchviz.make_dot returned, and got a "
            f"{type(output).__name__}"
        )
    graph = graphviz().AGraph(string=source)
    names = {node: f"n{place}" for place, node in enumerate(graph.nodes())}
    boxes = []
    for node, key in names.items():
        lines = node.attr["label"] or str(node)
        lines = [line.strip() for line in lines.replace("\\n", "\n").splitlines()]
        kind = _KINDS.get(node.attr["fillcolor"] or "", "")
        boxes.append(Box(key, tuple(line for line in lines if line), kind))
    arrows = [Arrow(names[tail], names[head]) for tail, head in graph.edges()]
    said = {box.key: " ".join(box.lines) for box in boxes}
    told = "; ".join(f"{said[arrow.tail]} goes into {said[arrow.head]}" for arrow in arrows)
    told = description or (told or "; ".join(said.values())) + "."
    return svg(boxes, arrows, title=title, description=told, rankdir="TB", prefix=prefix)


def _describe(output: Tensor, params: dict[str, Tensor]) -> str:
    """Let torchviz write the graph, and add the names of intermediate tensors."""
    for name, tensor in params.items():
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"autograd_graph: params[{name!r}] must be a tensor, and was a "
                f"{type(tensor).__name__}"
            )
    if not output.requires_grad:
        raise ValueError(
            "autograd_graph: PyTorch kept no graph for this tensor; compute it from tensors with "
            "requires_grad=True, outside of torch.no_grad()"
        )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # torchviz compares versions by distutils
        try:
            from torchviz import make_dot
        except ImportError as missing:
            raise ImportError(
                "autograd_graph: needs torchviz to read PyTorch's graph: pip install torchviz "
                "setuptools; or use drawing(record(fun, ...)), which needs neither"
            ) from missing
        inner = {name: tensor.grad_fn for name, tensor in params.items() if tensor is not output}
        source = str(make_dot(output, params=params).source)
    for name, node in inner.items():
        if node is not None:
            made = type(node).__name__
            source = source.replace(
                f"\t{id(node)} [label={made}]", f'\t{id(node)} [label="{made}\\n{_quoted(name)}"]'
            )
    return source


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
