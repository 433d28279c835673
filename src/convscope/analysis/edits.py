"""A network with one window changed: the shapes of all nodes computed again, and which of them no longer fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from convscope.errors import ConfigError, Error
from convscope.graph import Graph
from convscope.graph.node import STRUCTURE, Node, Parameter, Shape
from convscope.ops import PRIMITIVES
from convscope.ops.arguments import Padding, Whole, each_axis
from convscope.ops.primitive import count
from convscope.text import listed

KERNELS = ("correlate", "convolve", "correlate_transpose")  # their window is the shape of a weight
POOLS = ("max_pool", "avg_pool", "lp_pool")  # their window is an argument
EDITABLE = (*KERNELS, *POOLS)


@dataclass(frozen=True)
class Edited:
    """``graph`` holds the nodes that can still be computed; ``faults`` says of the first others why they cannot.

    ``lost`` names the nodes behind those, and ``refitted`` the weights that would have to be learned anew.
    """

    graph: Graph
    faults: Mapping[str, str]
    lost: tuple[str, ...]
    refitted: tuple[str, ...]


def edited(
    graph: Graph,
    node: str,
    *,
    kernel: Whole | None = None,
    stride: Whole | None = None,
    padding: Padding | None = None,
    fit: bool = False,
) -> Edited:
    """Return what becomes of a network where the window of one convolution or pooling is another.

    Each is one number or one per spatial axis, None as it is; ``fit`` lets fully connected layers take what arrives.
    What the network's own code does by the sizes that it sees, such as cropping a shortcut, is taken as it ran. Raises
    ``ConfigError`` for a node without a window, ``ShapeError`` for numbers that are none of a window.

    >>> import convscope as cs
    >>> result = edited(cs.inspect("lenet").graph, "3", kernel=3)
    >>> result.faults
    {'7': 'linear: weight must be (O, 1152) for x (1, 1152), found (256, 800)'}
    """
    asked = graph[node]
    if asked.op not in EDITABLE:
        windows = [each.name for each in graph.nodes if each.op in EDITABLE]
        raise ConfigError(
            f"{node} is {asked.op}, which has no window to change; those with one: {listed(windows) or 'none'}"
        )
    sizes = _sizes(graph)
    shapes = dict(sizes)
    changed = _changed(asked, shapes, kernel, stride, padding)
    if kernel is not None and asked.op in KERNELS and asked.weights.get("kernel") not in graph.parameters:
        raise ConfigError(f"the kernel of {node} is no parameter of the network, which makes it by itself")
    kept: dict[str, Node] = {}
    faults: dict[str, str] = {}
    lost: list[str] = []
    for each in graph.nodes:
        if any(source not in kept for source in each.inputs.values()):
            lost.append(each.name)
            continue
        now = changed if each.name == node else each
        arrive = [kept[source].shape for source in each.inputs.values()]
        alike = arrive == [graph[source].shape for source in each.inputs.values()]
        if now == each and alike and all(shapes[weight] == sizes[weight] for weight in each.weights.values()):
            kept[each.name] = each
            continue
        try:
            kept[each.name] = _again(now, kept, shapes, fit)
        except (Error, TypeError, ValueError, IndexError) as error:
            faults[each.name] = str(error)
    refitted = tuple(name for name, shape in sizes.items() if shapes[name] != shape)
    parameters = {name: _resized(each, shapes[name]) for name, each in graph.parameters.items()}
    outputs = {name: source for name, source in graph.outputs.items() if source in kept}
    part = replace(graph, nodes=tuple(kept.values()), parameters=parameters, outputs=outputs)
    return Edited(part, faults, tuple(lost), refitted)


def window_of(graph: Graph, node: Node) -> dict[str, Any] | None:
    """Return kernel, stride and padding (before, after) of each spatial axis, None for a node without a window."""
    if node.op not in EDITABLE:
        return None
    weight = node.weights.get("kernel", "")  # none where the network computes it
    held = (graph.parameters, graph.buffers, graph.constants)
    kernel: Shape = next((each[weight].shape[2:] for each in held if weight in each), ())
    size: Shape = tuple(node.arguments["size"]) if node.op in POOLS else kernel
    return {"kernel": size, "stride": node.arguments["stride"], "padding": node.arguments["padding"]}


def _sizes(graph: Graph) -> dict[str, Shape]:
    """Return the shapes of parameters, buffers and constants."""
    held = {name: each.shape for name, each in {**graph.parameters, **graph.buffers}.items()}
    return {**held, **{name: each.shape for name, each in graph.constants.items()}}


def _changed(
    node: Node,
    shapes: dict[str, Shape],
    kernel: Whole | None,
    stride: Whole | None,
    padding: Padding | None,
) -> Node:
    """Return the node with another window; a kernel of another size is written into ``shapes``."""
    rank = len(node.shape) - 2
    arguments = dict(node.arguments)
    if stride is not None:
        arguments["stride"] = each_axis(node.op, "stride", stride, rank)
    if padding is not None:
        arguments["padding"] = padding if isinstance(padding, str) else _pairs(node.op, padding, rank)
    if kernel is not None:
        size = each_axis(node.op, "kernel", kernel, rank)
        if node.op in POOLS:
            arguments["size"] = size
        elif (weight := node.weights.get("kernel")) is not None:
            shapes[weight] = (*shapes[weight][:2], *size)
    return replace(node, arguments=arguments)


def _pairs(operation: str, padding: Any, rank: int) -> tuple[tuple[int, int], ...]:
    return tuple((each, each) for each in each_axis(operation, "padding", padding, rank, least=0))


def _again(node: Node, kept: Mapping[str, Node], shapes: dict[str, Shape], fit: bool) -> Node:
    """Return the node with the shape that follows from those before it; errors as of its primitive."""
    if node.op in STRUCTURE:
        name = node.arguments.get("operation", "a part of several results")
        raise ConfigError(f"what becomes of {name} is not known")
    arrives = [kept[source].shape for source in node.inputs.values()]
    arguments = dict(node.arguments)
    if node.op == "reshape" and len(node.shape) == 2 and node.shape[0] == arrives[0][0]:
        arguments["shape"] = (node.shape[0], count(arrives[0][1:]))  # a flattened map, of whatever size
    primitive = PRIMITIVES[node.op]
    sources = {name: kept[source].shape for name, source in node.inputs.items()}
    sources |= {name: shapes[weight] for name, weight in node.weights.items()}
    if fit and node.op == "linear" and "weight" in node.weights and sources["x"][-1] != sources["weight"][1]:
        shapes[node.weights["weight"]] = sources["weight"] = (sources["weight"][0], sources["x"][-1])
    arrays = (sources.get(name) for name in primitive.names(len(sources)))
    return replace(node, arguments=arguments, shape=tuple(primitive.shape(*arrays, **arguments)))


def _resized(parameter: Parameter, shape: Shape) -> Parameter:
    return parameter if parameter.shape == shape else replace(parameter, shape=shape)
