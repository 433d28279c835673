"""All that is true of a network whatever its weights, put together: one row per node, the totals, what to look into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from html import escape
from typing import Any

from convscope.analysis import costs as costing
from convscope.analysis.costs import Costs
from convscope.analysis.dropped import Dropped, dropped
from convscope.analysis.exact_fields import Field, field, links_of
from convscope.analysis.memory import Memory, memory
from convscope.analysis.parameters import Parameters, parameters
from convscope.analysis.receptive_fields import AxisField, Reaches, fraction_seen, reaches
from convscope.analysis.shapes import example_shape
from convscope.analysis.table import as_text, lines_below, rows_of
from convscope.analysis.warnings import DesignWarning, check
from convscope.cards import grid
from convscope.graph import Graph
from convscope.graph.node import GETITEM, INPUT, UNKNOWN, Node


@dataclass(frozen=True)
class Layer:
    """One operation of the network, for one example.

    ``parameters``: those that it is the first to use. ``multiplications``, ``additions``: None where the operation is
    unknown. ``fields``: by the network's input, the receptive field along each of its axes, the first the channels of
    an image; empty behind an unknown operation. ``share``: the part of all inputs that the unit in the middle sees;
    ``share_at_most``: or less, as the exact part would take too long to find.
    """

    name: str
    op: str
    path: str
    shape: tuple[int, ...]
    parameters: int
    multiplications: int | None
    additions: int | None
    bytes: int
    fields: Mapping[str, tuple[AxisField, ...]]
    share: float | None
    share_at_most: bool = False


@dataclass(frozen=True)
class Totals:
    """The sums over all layers; ``at_least`` where an operation is unknown. Bytes are those of one example.

    ``unused_parameters``: None where it is unknown; see ``Graph.all_seen``.
    """

    parameters: int
    trainable: int
    unused_parameters: int | None
    buffers: int
    multiplications: int
    additions: int
    at_least: bool
    parameter_bytes: int
    activation_bytes: int
    inference_bytes: int
    training_bytes: int


@dataclass(frozen=True, repr=False)
class Inspection:
    """A network's arithmetic; every part is computed when it is first asked for."""

    graph: Graph
    silenced: tuple[str, ...] = ()

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Every operation, in the order in which they run; the inputs are none."""
        return tuple(self._layer(node) for node in self.graph.nodes if node.op not in (INPUT, GETITEM))

    @cached_property
    def totals(self) -> Totals:
        """The sums."""
        counted, cost, held = self.parameters, self.costs, self.memory
        return Totals(
            counted.total,
            counted.trainable,
            None if counted.unseen else counted.unused_total,
            counted.buffers,
            cost.multiplications,
            cost.additions,
            bool(cost.unknown) or not all(one.decides for one in self.graph.reads),
            counted.bytes,
            held.activations_total,
            held.inference,
            held.training,
        )

    @cached_property
    def warnings(self) -> tuple[DesignWarning, ...]:
        """What in the design is probably not meant."""
        return check(self.graph, silenced=self.silenced)

    @cached_property
    def parameters(self) -> Parameters:
        """The parameters in detail: shared, unused, first used where."""
        return parameters(self.graph)

    @cached_property
    def costs(self) -> Costs:
        """Multiplications, additions and traffic of each node."""
        return costing.costs(self.graph)

    @cached_property
    def memory(self) -> Memory:
        """Bytes held."""
        return memory(self.graph, self.parameters)

    @cached_property
    def dropped(self) -> Dropped:
        """Input rows and columns that no output uses."""
        return dropped(self.graph)

    @cached_property
    def reaches(self) -> Reaches:
        """How each node sees each input: spans of every unit."""
        return reaches(self.graph)

    def field(self, node: str, at: Sequence[int] | None = None) -> Field:
        """Return the set of inputs that unit ``at`` (channel, y, x) of a node sees; see ``exact_fields.field``."""
        return field(self.graph, node, at)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "model": self.graph.model,
            "convention": costing.CONVENTION,
            "inputs": {node.name: list(example_shape(node)) for node in self.graph.inputs},
            "outputs": {name: list(example_shape(self.graph[node])) for name, node in self.graph.outputs.items()},
            "totals": asdict(self.totals),
            "layers": [_plain(layer) for layer in self.layers],
            "unused_parameters": list(self.parameters.unused),
            "parameters_of_unknown_use": list(self.parameters.unseen),
            "shared_parameters": dict(self.parameters.shared),
            "dropped": [_unseen(one) for one in self.dropped.inputs],
            "left_out": [_unseen(one) for one in self.dropped.nodes],
            "unknown": {node.name: str(node.arguments["operation"]) for node in self.graph.unknown},
            "reads": [asdict(one) for one in self.graph.reads],
            "notes": list(self.graph.notes),
            "warnings": [asdict(one) for one in self.warnings],
        }

    def __repr__(self) -> str:
        return f"<inspection of {self.graph.model}: {len(self.layers)} layers, {self.totals.parameters:,} parameters>"

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        columns, rows = rows_of(self)
        return grid(columns, rows) + f"<p>{'<br>'.join(map(escape, lines_below(self)))}</p>"

    @cached_property
    def _shares(self) -> dict[str, tuple[float | None, bool]]:
        return {}

    def _layer(self, node: Node) -> Layer:
        cost, seen = self.costs.nodes[node.name], self.reaches[node.name]
        return Layer(
            node.name,
            str(node.arguments["operation"]) if node.op == UNKNOWN else node.op,
            node.path,
            example_shape(node),
            self.parameters.first_used[node.name],
            None if cost is None else cost.multiplications,
            None if cost is None else cost.additions,
            self.memory.activations[node.name],
            {} if seen is None else {name: one.fields for name, one in seen.items()},
            *((None, False) if seen is None else self._share(node)),
        )

    def _share(self, node: Node) -> tuple[float | None, bool]:
        before = self._shares.get(next(iter(node.inputs.values()), ""))
        alike = len(node.inputs) == 1 and self._alike(node)  # as after a rectifier
        self._shares[node.name] = before if before is not None and alike else self._measured(node)
        return self._shares[node.name]

    def _alike(self, node: Node) -> bool:
        links = [link for axes in links_of(self.graph, node).values() for link in axes]
        return bool(links) and all(link.same and link.axis == axis for axis, link in enumerate(links))

    def _measured(self, node: Node) -> tuple[float | None, bool]:
        """Return the share of the inputs that the unit in the middle sees, and whether it is an upper bound."""
        if 0 in node.shape:  # there is no unit
            return 0.0, False
        simple = fraction_seen(self.graph, node, self.reaches[node.name] or {})
        if simple is not None:
            return simple, False
        whole = {name for name, one in self._shares.items() if one == (1.0, False)}
        seen = field(self.graph, node.name, [n // 2 for n in example_shape(node)], whole=whole)
        return seen.share, seen.at_most


def _plain(layer: Layer) -> dict[str, Any]:
    values = {name: getattr(layer, name) for name in layer.__dataclass_fields__}
    fields = {
        source: [{"size": one.size, "stride": _number(one.stride), "start": one.start} for one in axes]
        for source, axes in layer.fields.items()
    }
    return {**values, "shape": list(layer.shape), "fields": fields}


def _number(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else float(value)


def _unseen(dropped: Any) -> dict[str, Any]:
    return {"node": dropped.node, "axis": dropped.axis, "size": dropped.size, "positions": list(dropped.positions)}
