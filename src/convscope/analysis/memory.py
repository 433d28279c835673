"""Memory for one example: what parameters and activations take, and the most that is held at once.

Convention: an array lives from the node that makes it to the last one that reads it; rearranging without copying
(reshape, permute, a slice, expand) takes nothing and keeps its source alive; nothing is computed in place; what a
single operation needs inside is not counted. Training keeps what the gradients of each operation are made of, then
adds the gradients of the parameters; an optimiser's own state comes on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convscope.analysis.parameters import Parameters
from convscope.analysis.shapes import Array
from convscope.graph import Graph
from convscope.graph.node import GETITEM, INPUT, Node
from convscope.ops import activation

VIEWS = ("reshape", "permute", "strided_slice", "expand", "detach")
# What the gradient of an operation is made of: nothing but the incoming gradient, or the output; all others the inputs.
FORGETS = {*VIEWS, GETITEM, "add", "subtract", "concatenate", "pad", "avg_pool", "adaptive_avg_pool", "global_avg_pool",
           "reduce_sum", "reduce_mean", "resample_cubic", "resample_linear", "resample_nearest", "compare",
           "round_off", "argmax", "argsort"}  # fmt: skip
FROM_OUTPUT = {"relu", "sigmoid", "tanh", "softmax", "log_softmax", "exp"}
# Only of those of its inputs.
OF_SOME = {"where": ("condition",), "embedding": ("indices",), "gather": ("indices",), "scatter": ("indices",)}
assert FROM_OUTPUT - {"softmax", "log_softmax", "exp"} <= {one.name for one in activation.PRIMITIVES}


@dataclass(frozen=True)
class Memory:
    """Bytes for one example.

    ``activations``: by node, what its output takes (0 for a mere view). ``activations_total``: their sum without the
    inputs. ``inference`` and ``training``: the most that is held at once, parameters and buffers included.
    """

    activations: Mapping[str, int]
    activations_total: int
    parameters: int
    buffers: int
    inference: int
    inference_at: str
    training: int


def memory(graph: Graph, counted: Parameters) -> Memory:
    """Follow the arrays of one example through inference, and through a forward and backward pass."""
    sizes = {node.name: 0 if _is_view(node) else Array(node.shape, node.dtype).bytes for node in graph.nodes}
    owner = _owners(graph)
    last = _last_uses(graph, owner)
    weights = counted.bytes + counted.buffer_bytes
    held, most, where = 0, 0, ""
    for at, node in enumerate(graph.nodes):
        held += sizes[node.name]
        if held > most:
            most, where = held, node.name
        held -= sum(sizes[name] for name in last.get(at, ()))
    total = sum(size for node, size in zip(graph.nodes, sizes.values(), strict=True) if node.op != INPUT)
    training = weights + counted.bytes + _training(graph, sizes, owner)
    return Memory(sizes, total, counted.bytes, counted.buffer_bytes, weights + most, where, training)


def _is_view(node: Node) -> bool:
    return node.op in VIEWS


def _owners(graph: Graph) -> dict[str, str]:
    """Return for each node the one whose memory its output lies in."""
    owner: dict[str, str] = {}
    for node in graph.nodes:
        owner[node.name] = owner[node.inputs["x"]] if _is_view(node) and "x" in node.inputs else node.name
    return owner


def _last_uses(graph: Graph, owner: Mapping[str, str]) -> dict[int, list[str]]:
    """Return for each node (by number) whose arrays nobody needs after it; what is returned stays to the end."""
    at = {name: number for number, name in enumerate(owner)}
    for number, node in enumerate(graph.nodes):
        for source in node.inputs.values():
            at[owner[source]] = number
    for name in graph.outputs.values():
        at[owner[name]] = len(graph.nodes)
    last_uses: dict[int, list[str]] = {}
    for name, number in at.items():
        if owner[name] == name:
            last_uses.setdefault(number, []).append(name)
    return last_uses


def kept(graph: Graph) -> set[str]:
    """Return the nodes whose outputs a backward pass needs: what some operation's gradient is made of."""
    kept_arrays: set[str] = set()
    owner = _owners(graph)
    for node in graph.nodes:
        if node.op in FROM_OUTPUT:
            kept_arrays.add(owner[node.name])
        elif node.op not in FORGETS:
            needed = OF_SOME.get(node.op, tuple(node.inputs))
            kept_arrays.update(owner[source] for name, source in node.inputs.items() if name in needed)
    return kept_arrays


def _training(graph: Graph, sizes: Mapping[str, int], owner: Mapping[str, str]) -> int:
    """Return the most that activations and their gradients take in a forward and backward pass."""
    needed, last = kept(graph), _last_uses(graph, owner)
    held = most = 0
    alive: set[str] = set()
    for at, node in enumerate(graph.nodes):
        held, alive = held + sizes[node.name], alive | {node.name}
        most = max(most, held)
        gone = [name for name in last.get(at, ()) if name not in needed]
        held, alive = held - sum(sizes[name] for name in gone), alive - set(gone)
    gradients: dict[str, int] = {owner[name]: sizes[owner[name]] for name in graph.outputs.values()}
    for node in reversed(graph.nodes):
        if node.op == INPUT:
            continue
        for source in node.inputs.values():
            gradients.setdefault(owner[source], sizes[owner[source]])
        most = max(most, held + sum(gradients.values()))
        if owner[node.name] == node.name:
            gradients.pop(node.name, None)
            held -= sizes[node.name] if node.name in alive else 0
    return most
