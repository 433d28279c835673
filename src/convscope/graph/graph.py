"""A network as data: its nodes in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from convscope.cards import card, grid
from convscope.errors import ConfigError, nearest
from convscope.graph.gradients import Gradients, gradients
from convscope.graph.node import INPUT, OUTSIDE, UNKNOWN, Node, Parameter, Read
from convscope.graph.run import Values, run

SHOWN = 100  # nodes in a notebook


@dataclass(frozen=True, repr=False)
class Graph:
    """A network: its nodes in the order in which they run, the inputs first.

    ``outputs`` name the nodes whose values are returned. ``modules`` gives the class of every module path, "" the
    network itself. ``parameters`` and ``buffers`` are all that the network has, used or not, each once; ``shared`` maps
    further names of the same array to the first one. ``constants`` are arrays that the network made by itself.
    ``notes`` say what the recording could not promise. ``batched`` is False where it is valid for one example only.
    ``weights`` are the network's own arrays, as they are now: not a copy. ``reads``: what Python took out of PyTorch.
    """

    model: str
    nodes: tuple[Node, ...]
    outputs: Mapping[str, str]
    modules: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    buffers: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])
    shared: Mapping[str, str] = field(default_factory=dict[str, str])
    constants: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray], compare=False)
    notes: tuple[str, ...] = ()
    batched: bool = True
    weights: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray], compare=False)
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

        It was not where numbers came from outside PyTorch, or where its code reads them and may branch otherwise.
        """
        return not self.reads and all(node.arguments["operation"] != OUTSIDE for node in self.unknown)

    def run(self, *inputs: Any, weights: Mapping[str, np.ndarray] | None = None) -> Values:
        """Run the network in NumPy and return every intermediate value; see ``graph.run.run``."""
        return run(self, *inputs, weights=weights)

    def backward(self, values: Values, grad: Any) -> Gradients:
        """Return the gradients of inputs and weights after a run; see ``graph.gradients.gradients``."""
        return gradients(self, values, grad)
