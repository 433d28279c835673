"""One operation of a network as data: what it computes, from what, in which module.

Shapes are those of one example: (1, C, *space). ``Node.batch`` tells the axis along which a batch grows, so that the
same graph runs any number of examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]

# What a node can be beside a primitive of ``ops``.
INPUT = "input"  # given by the caller
GETITEM = "getitem"  # one of several results of the node before: ``index`` says which
UNKNOWN = "unknown"  # an operation that has no primitive: ``operation`` is its name in PyTorch
STRUCTURE = (INPUT, GETITEM, UNKNOWN)
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
    one example; ``batch_scaled`` are the paths to the numbers in them that grow with the batch, as ``batch`` is the
    axis of ``shape`` that does (None: it does not depend on the batch).
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
    batch_scaled: tuple[tuple[str | int, ...], ...] = ()

    def arguments_for(self, examples: int) -> dict[str, Any]:
        """Return the arguments for a batch of so many examples."""
        arguments = dict(self.arguments)
        for name, *path in self.batch_scaled if examples != 1 else ():
            arguments[str(name)] = _scaled(arguments[str(name)], path, examples)
        return arguments

    def shape_for(self, examples: int) -> Shape:
        """Return the shape for a batch of so many examples."""
        return tuple(n * examples if axis == self.batch else n for axis, n in enumerate(self.shape))


@dataclass(frozen=True)
class Read:
    """What the network's own Python code took out of PyTorch: the numbers of a node or weight, by a call, in a module.

    ``decides``: it only chose a branch, or a size, by them. Else what it made of them is unknown.
    """

    source: str
    call: str
    path: str
    decides: bool


def _scaled(value: Any, path: list[str | int], factor: int) -> Any:
    if not path:
        return value * factor
    at, *deeper = path
    return tuple(_scaled(item, deeper, factor) if i == at else item for i, item in enumerate(value))
