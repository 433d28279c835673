"""One number as what it is made of: the operands under its window, the kernel, each product, the bias, the sum.

What an operation's sum consists of, its primitive says (``Primitive.terms``); here it is tied to one place of one
network. Where the output is no sum of products (a sigmoid, a recurrence) ``rule`` names the function of the operands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from convscope.errors import ConfigError
from convscope.graph.node import Node
from convscope.ops import Terms
from convscope.tracing import follow, table
from convscope.tracing.forward import NUMPY, PIXEL, WEIGHT, Forward, Place, largest, without_example
from convscope.tracing.opening import opened


@dataclass(frozen=True)
class Term:
    """One product: the number ``operand`` at the place ``at`` of ``source``, times ``factor``.

    ``source`` is the node, the weight or the raw image (``"pixel"``) that the operand stands in, None where it stands
    nowhere (a GRU's candidate); ``factor_source`` and ``factor_at`` say the same of the factor (None: a constant such
    as 1 / area). ``number`` is its position in the trace's terms.
    """

    number: int
    source: str | None
    at: Place
    operand: float
    factor: float
    product: float
    factor_source: str | None = None
    factor_at: Place = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {**self.__dict__, "at": list(self.at), "factor_at": list(self.factor_at)}


@dataclass(frozen=True, repr=False)
class Trace:
    """One number of a network: ``total = bias + Σ operand · factor``, by NumPy, beside what the ``engine`` computed.

    ``node`` and ``at`` say where it stands, ``op`` what computed it, ``rule`` whether it is a ``"sum"`` or which
    function of its operands. ``value`` is the number of the engine named in ``engine``. ``facts`` tell what the
    products do not: a pool's window, the statistics of a normalisation, what a ReLU cut; ``remark`` says it in words.
    ``passed`` are the nodes that were passed on the way here because they only move numbers, and ``gain`` says how much
    a small change here changes the number where the way began, along this way: the product of all factors, and slopes
    of functions (None past a function of several numbers).
    """

    node: str
    op: str
    at: Place
    forward: Forward = field(compare=False)
    total: float
    value: float
    engine: str
    rule: str = "sum"
    bias: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    remark: str = ""
    arrays: Terms | None = field(default=None, compare=False)
    passed: tuple[str, ...] = ()
    gain: float | None = 1.0

    @property
    def gap(self) -> float:
        """The sum here minus the engine's number."""
        return self.total - self.value

    def __len__(self) -> int:
        """Return the number of terms."""
        return 0 if self.arrays is None else len(self.arrays.operand)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """All products, in the order in which the operation goes through them."""
        return tuple(self.term(i) for i in range(len(self)))

    @property
    def products(self) -> np.ndarray:
        """The products (m,) in double precision, in which those of single precision are exact."""
        if self.arrays is None:
            return np.zeros(0)
        return self.arrays.operand.astype(np.float64) * self.arrays.factor.astype(np.float64)

    def term(self, number: int) -> Term:
        """Return one term by its position; ``ConfigError`` where there is none."""
        arrays, node = self.arrays, self.forward.graph.by_name.get(self.node)
        if arrays is None or not 0 <= number < len(self):
            raise ConfigError(f"{self.node} {self.at} has {len(self)} terms; there is no term {number}")
        role = arrays.source if isinstance(arrays.source, str) else arrays.source[number]
        source, at = self._origin(node, role, arrays.index[number])
        factor_source, factor_at = None, ()
        if arrays.factor_index is not None:
            factor_source, factor_at = self._origin(node, arrays.factor_source, arrays.factor_index[number])
        operand, factor = float(arrays.operand[number]), float(arrays.factor[number])
        return Term(number, source, at, operand, factor, operand * factor, factor_source, factor_at)

    def _origin(self, node: Node | None, role: str | None, index: np.ndarray) -> tuple[str | None, Place]:
        """Return the name and the place of a number that stands at ``index`` of the array input ``role``."""
        place = tuple(int(i) for i in index)
        if role == PIXEL or role is None or node is None:
            return role, place
        if role in node.inputs:
            shape = self.forward.graph[node.inputs[role]].shape
            return node.inputs[role], without_example(place[len(place) - len(shape) :], shape)
        name = node.weights[role]
        axes = self.forward.values.arrays[name].ndim
        return name, place[len(place) - axes :]

    def largest(self, count: int | None = None) -> tuple[Term, ...]:
        """Return the terms with the largest products, in size; all of them without ``count``."""
        order = np.argsort(-np.abs(self.products), kind="stable")
        return tuple(self.term(int(i)) for i in order[:count])

    def follow(self, term: Term | int | None = None, *, factor: bool = False) -> Trace:
        """Return the trace of a term's operand (or of its factor), by default of the largest product's.

        Nodes that only move numbers (a reshape, a slice, a concatenation) are passed; see ``passed``. A weight or a
        raw pixel is where a way ends: its trace has no terms. Raises ``ConfigError`` where there is nothing to follow.
        """
        return follow.follow(self, term, factor=factor)

    def elsewhere(self, source: str, at: Place) -> Trace:
        """Return the trace of another number of the same example: of the raw image, a node, a weight or a constant."""
        forward = self.forward
        if source in forward.graph.by_name:
            return open_number(forward, source, forward.full(source, at))
        if source == PIXEL:
            assert forward.scaling is not None
            value = float(forward.scaling.raw[at])
            noun = forward.scaling.noun
            engine = "the image" if noun == PIXEL else "the signal"
            return Trace(PIXEL, PIXEL, at, forward, value, value, engine, remark=f"a raw {noun}")
        value = float(forward.values.arrays[source][at])
        parameter = forward.graph.parameters.get(source)
        kind = "a learned weight" if parameter and parameter.trainable else "a constant of the network"
        return Trace(source, WEIGHT, at, forward, value, value, NUMPY, remark=kind)

    def chain(self, depth: int | None = None) -> tuple[Trace, ...]:
        """Return this trace and those of the largest product, and of its largest, ... down to a pixel or a weight."""
        return follow.chain(self, depth)

    def to_dict(self, top: int | None = None) -> dict[str, Any]:
        """Return plain values, fit for JSON, with all terms in their order, or the ``top`` largest in size."""
        plain = ("node", "op", "rule", "total", "value", "engine", "gap", "bias", "remark", "gain")
        return {
            **{name: getattr(self, name) for name in plain},
            "at": list(self.at),
            "passed": list(self.passed),
            "facts": dict(self.facts),
            "terms": [term.to_dict() for term in (self.terms if top is None else self.largest(top))],
        }

    def __repr__(self) -> str:
        return f"<trace {table.head(self)}, {len(self):,} terms>"

    def __str__(self) -> str:
        return table.text(self)

    def _repr_html_(self) -> str:
        return table.html(self)


def trace_number(forward: Forward, node: str | None = None, at: Sequence[int] | None = None) -> Trace:
    """Return the trace of one number: by default of the largest of a node, by default of the output.

    Raises ``ConfigError`` for a node and ``ShapeError`` for a place that is not there.
    """
    name = forward.graph[forward.output if node is None else node].name
    return open_number(forward, name, largest(forward, name) if at is None else forward.full(name, at))


def open_number(forward: Forward, node: str, at: Place) -> Trace:
    """Return the trace of the number at a full place of a node."""
    value, engine = forward.engine_value(node, at)
    op, here = forward.graph[node].op, without_example(at, forward.graph[node].shape)
    return opened(Trace(node, op, here, forward, value, value, engine), at)
