"""A network as data: what computes what from what, in the order in which it runs. No torch, no behaviour.

Shapes are those of one example: (1, C, *space). ``Node.batch`` tells the axis along which a batch grows, so that the
same graph runs any number of examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.cards import card, grid
from convscope.errors import ConfigError, nearest

if TYPE_CHECKING:
    from convscope.graph.run import Gradients, Values

Shape = tuple[int, ...]
SHOWN = 100  # nodes in a notebook

# What a node can be beside a primitive of ``ops``.
INPUT = "input"  # given by the caller
PART = "part"  # one of several results of the node before: ``index`` says which
UNKNOWN = "unknown"  # an operation that has no primitive: ``operation`` is its name in PyTorch
STRUCTURE = (INPUT, PART, UNKNOWN)
# The ``operation`` of an unknown node whose numbers came from where no call of PyTorch was seen.
OUTSIDE = "outside PyTorch"


@dataclass(frozen=True)
class Parameter:
    """A learned array or a buffer of the network: its shape and type, and whether training changes it."""

    shape: Shape
    dtype: str
    trainable: bool


@dataclass(frozen=True)
class Node:
    """One operation: a primitive's name, where its arrays come from, its other arguments, and what comes out.

    ``name`` is the path of the module that ran it; where a module runs several, the operation is added
    (``layer1.0.add``), and ``#2`` from the second time on. ``inputs`` and ``weights`` name the node, or the parameter,
    buffer or constant of the graph, for each array input of the primitive that is given. ``arguments`` are strict, for
    one example; ``scaled`` are the paths to the numbers in them that grow with the batch, as ``batch`` is the axis of
    ``shape`` that does (None: it does not depend on the batch).
    """

    name: str
    op: str
    path: str
    inputs: Mapping[str, str]
    weights: Mapping[str, str]
    arguments: Mapping[str, Any]
    shape: Shape
    dtype: str
    batch: int | None = 0
    scaled: tuple[tuple[str | int, ...], ...] = ()

    def arguments_for(self, examples: int) -> dict[str, Any]:
        """Return the arguments for a batch of so many examples."""
        found = dict(self.arguments)
        for first, *rest in self.scaled if examples != 1 else ():
            found[str(first)] = _scaled(found[str(first)], rest, examples)
        return found

    def shape_for(self, examples: int) -> Shape:
        """Return the shape for a batch of so many examples."""
        return tuple(n * examples if axis == self.batch else n for axis, n in enumerate(self.shape))


@dataclass(frozen=True)
class Read:
    """What the network's own Python code took out of PyTorch: the numbers of a node or weight, by a call, in a module.

    ``decides``: it only chose a way, or a size, by them. Else nothing is known of what it made of them.
    """

    source: str
    call: str
    path: str
    decides: bool


def _scaled(value: Any, path: list[str | int], factor: int) -> Any:
    if not path:
        return value * factor
    at, *rest = path
    return tuple(_scaled(one, rest, factor) if i == at else one for i, one in enumerate(value))


@dataclass(frozen=True, repr=False)
class Graph:
    """A network: its nodes in the order in which they run, the inputs first.

    ``outputs`` name the nodes whose values are returned. ``modules`` gives the class of every module path, "" the
    network itself. ``parameters`` and ``buffers`` are all that the network has, used or not, each once; ``shared`` maps
    further names of the same array to the first one. ``constants`` are arrays that the network made by itself.
    ``notes`` say what the recording could not promise. ``batched`` is False where it holds for one example only.
    ``weights`` are the network's own arrays, as they are now: not a copy. ``reads``: what Python took out of PyTorch.
    """

    model: str
    nodes: tuple[Node, ...]
    outputs: Mapping[str, str]
    modules: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    buffers: Mapping[str, Parameter] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    notes: tuple[str, ...] = ()
    batched: bool = True
    weights: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    reads: tuple[Read, ...] = ()

    def __getitem__(self, name: str) -> Node:
        """Return a node; ``ConfigError`` with the nearest names where there is none of that name."""
        if name not in self.by_name:
            known = ", ".join(list(self.by_name)[:8])
            raise ConfigError(f"there is no node {name!r}{nearest(name, self.by_name)}; the nodes begin with {known}")
        return self.by_name[name]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{node.name} {node.shape}" for node in self.inputs)
        return f"<graph of {self.model}: {len(self.nodes)} nodes from {sizes} to {', '.join(self.outputs)}>"

    def _repr_html_(self) -> str:
        rows = [(node.name, node.op, ", ".join(node.inputs.values()), node.shape) for node in self.nodes[:SHOWN]]
        more = f"<p>… {len(self.nodes):,} nodes in all</p>" if len(self.nodes) > SHOWN else ""
        return card(self.model, {}, grid(("node", "operation", "of", "shape"), rows), more)

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """The nodes by name."""
        return {node.name: node for node in self.nodes}

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes that the caller gives."""
        return tuple(node for node in self.nodes if node.op == INPUT)

    @property
    def unknown(self) -> tuple[Node, ...]:
        """The nodes whose operation has no primitive: nothing is known of their arithmetic."""
        return tuple(node for node in self.nodes if node.op == UNKNOWN)

    @property
    def all_seen(self) -> bool:
        """Whether all that the network can do was seen, so that what nothing uses here is used nowhere.

        It was not where numbers came from outside PyTorch, or where its code reads them and may take another way.
        """
        return not self.reads and all(node.arguments["operation"] != OUTSIDE for node in self.unknown)

    def run(self, *inputs: Any, weights: Mapping[str, np.ndarray] | None = None) -> Values:
        """Run the network in NumPy and return every intermediate value; see ``graph.run.run``."""
        from convscope.graph.run import run

        return run(self, *inputs, weights=weights)

    def backward(self, values: Values, grad: Any) -> Gradients:
        """Return the gradients of inputs and weights after a run; see ``graph.run.backward``."""
        from convscope.graph.run import backward

        return backward(self, values, grad)
