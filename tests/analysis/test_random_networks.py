"""What is said of a network is what is found by trying, on thousands of random networks.

Chains and branches of every kind of layer in one to three dimensions. Each is recorded once and then held against
PyTorch (values, gradients, shapes, parameters), against its own inputs changed one by one (fields), and against the
products that a plain loop counts (costs).
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from analysis.networks import Shape, moved, network
from catalogue import ENTRIES
from convscope.analysis.inspection import Inspection
from convscope.analysis.receptive_fields import Reach, fraction_seen
from convscope.analysis.shapes import arrays_of
from convscope.graph.node import Node
from graph.equal import assert_equal_to_torch

NETWORKS = 2500
PARTS = 10
UNITS = 12  # of each output, whose fields are compared


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Beside other work, threads would wait for each other longer than these networks take."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_said_is_what_is_found(part: int):
    for number in range(part, NETWORKS, PARTS):
        made, shape = network(number)
        try:
            hold(made, shape)
        except Exception as error:  # whatever it was, it names the network it was found on
            error.add_note(f"network({number}) on {shape}: {made}")
            raise


def hold(made: nn.Module, shape: Shape) -> None:
    """Check everything that is said of one network."""
    found = cs.inspect(assert_equal_to_torch(made, shape))
    counted(found, made)
    fields(found, moved(made, shape))
    for node in found.graph.nodes[1:]:
        if 0 not in node.shape:
            spans(found, node)


def counted(found: Inspection, made: nn.Module) -> None:
    """Parameters are the framework's, products those of the loops, and the columns add up to the totals."""
    assert found.totals.parameters == sum(one.numel() for one in made.parameters())
    assert found.totals.parameter_bytes == 8 * found.totals.parameters
    for column in ("parameters", "multiplications", "additions", "bytes"):
        total = {"bytes": "activation_bytes"}.get(column, column)
        assert sum(getattr(layer, column) for layer in found.layers) == getattr(found.totals, total)
    for node in found.graph.nodes:
        loop = ENTRIES[node.op].products if node.op in ENTRIES else None
        if loop:
            shapes = [None if one is None else one.shape for one in arrays_of(found.graph, node)]
            cost = found.costs.nodes[node.name]
            assert cost is not None
            assert (cost.multiplications, cost.additions) == loop(*shapes, **node.arguments), node.name


def fields(found: Inspection, table: np.ndarray) -> None:
    """A unit's field is the set of inputs that move it; dropped are the lines that move nothing."""
    graph = found.graph
    shape, (name,) = graph.inputs[0].shape[1:], graph.outputs.values()
    places = list(np.ndindex(graph[name].shape[1:]))
    for number in Random(0).sample(range(len(places)), min(UNITS, len(places))):
        seen = found.field(name, places[number])
        assert np.array_equal(seen.places.mask().ravel(), table[:, number]), places[number]
    used = table.any(1).reshape(shape)
    lines = [used.any(tuple(i for i in range(used.ndim) if i != axis)) for axis in range(used.ndim)]
    expected = {axis: tuple(np.flatnonzero(~line).tolist()) for axis, line in enumerate(lines, 1) if not line.all()}
    assert {one.axis: one.positions for one in found.dropped.inputs} == expected


def spans(found: Inspection, node: Node) -> None:
    """The spans told of all units at once, and size, stride and start, are those of their exact fields."""
    reaches = found.reaches[node.name]
    assert reaches is not None
    if "input" not in reaches:
        return
    wrapped = any(one.arguments.get("mode", "zeros") != "zeros" for one in found.graph.nodes if one.op == "pad")
    seen, middle = reaches["input"], [n // 2 for n in node.shape[1:]]
    for at in (middle, [0 for _ in middle], [n - 1 for n in node.shape[1:]]):
        exact = found.field(node.name, at)
        if not exact.places.count:  # a window that lies in the padding of one axis sees nothing along the others
            continue
        for axis, reach in enumerate(seen.axes):
            if reach is None:
                continue
            unit = at[reach.along - 1] if reach.along else 0
            low, high = reach.seen(unit)
            positions = exact.places.along(axis - 1)
            first, last = positions[0], positions[-1]
            assert low <= first and last <= high, (node.name, at, axis)
            if seen.exact and seen.mixed is None:
                assert (low, high) == (first, last), (node.name, at, axis)
            if not wrapped:
                told(reach, unit, first, last)
    quick = fraction_seen(found.graph, node, reaches)
    if quick is not None and (there := found.field(node.name, middle)).places.count:
        assert quick == pytest.approx(there.share)


def told(reach: Reach, unit: int, first: int, last: int) -> None:
    """No unit sees more than start + stride · unit and size say, where units do not take turns."""
    field = reach.field
    if field.start is not None and reach.periodic is not None and len(reach.periodic.first) == 1:
        begin = field.start + field.stride * unit
        assert begin <= first and last <= begin + field.size - 1, (field, unit, first, last)
