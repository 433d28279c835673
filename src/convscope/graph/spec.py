"""What a valid graph is: checked where one is read from a file, and by the tests wherever one is made."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.errors import ConfigError, Error
from convscope.graph.graph import Graph
from convscope.graph.node import INPUT, STRUCTURE, UNKNOWN, Node, Shape
from convscope.ops import PRIMITIVES


def check(graph: Graph) -> None:
    """Raise ``ConfigError`` naming the first thing that cannot be in a graph."""
    fault = next(faults(graph), None)
    if fault is not None:
        raise ConfigError(f"this is no valid graph: {fault}")


def faults(graph: Graph) -> Iterator[str]:
    """Yield what is wrong with a graph, in the order of its nodes."""
    shapes: dict[str, Shape] = {}
    arrays = (graph.parameters, graph.buffers, graph.constants)
    known: dict[str, Shape] = {name: array.shape for named in arrays for name, array in named.items()}
    for at, node in enumerate(graph.nodes):
        if node.name in shapes:
            yield f"two nodes are called {node.name!r}"
        if node.op == INPUT and any(other.op != INPUT for other in graph.nodes[:at]):
            yield f"the input {node.name!r} comes after another node"
        yield from _references(node, shapes, known)
        yield from _primitive(node, shapes | known)
        shapes[node.name] = node.shape
    for name, node in graph.outputs.items():
        if node not in shapes:
            yield f"the output {name!r} is to be {node!r}, which is no node"


def _references(node: Node, shapes: dict[str, Shape], known: dict[str, Shape]) -> Iterator[str]:
    if node.path and node.op == INPUT:
        yield f"the input {node.name!r} belongs to no module, found {node.path!r}"
    for name in node.inputs.values():
        if name not in shapes:
            yield f"{node.name!r} takes {name!r}, which is no node before it"
    for name in node.weights.values():
        if name not in known:
            yield f"{node.name!r} takes {name!r}, which is no parameter, buffer or constant"


def _primitive(node: Node, known: dict[str, Shape]) -> Iterator[str]:
    """Yield what is wrong with a node's operation: name, inputs, or a shape that does not follow from them."""
    if node.op in STRUCTURE:
        argument = {UNKNOWN: "operation", INPUT: None}.get(node.op, "index")
        if argument and argument not in node.arguments:
            yield f"{node.name!r} lacks the argument {argument!r}"
        return
    if node.op not in PRIMITIVES:
        yield f"{node.name!r} is to be {node.op!r}, which is no primitive"
        return
    primitive = PRIMITIVES[node.op]
    sources = {**node.inputs, **node.weights}
    names = primitive.names(len(sources))
    if not sources.keys() <= set(names):
        yield f"{node.name!r} has arrays for {', '.join(sources.keys() - set(names))}, which {node.op} does not take"
        return
    if not all(source in known for source in sources.values()):
        return
    shapes = (known[sources[name]] if name in sources else None for name in names)
    try:
        shape = primitive.shape(*shapes, **node.arguments)
    except (Error, TypeError) as error:
        yield f"{node.name!r}: {error}"
        return
    if tuple(shape) != node.shape:
        yield f"{node.name!r} is to be {node.shape}, but {node.op} makes {tuple(shape)}"
