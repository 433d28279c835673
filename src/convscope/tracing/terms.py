"""One number as what it is made of: the operands under its window, the kernel, each product, the bias, the sum.

What an operation's sum consists of is told by its primitive (``Primitive.terms``); here it is tied to one place of one
network. Where the output is no sum of products (a sigmoid, a recurrence) ``rule`` names the function of the operands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from convscope.errors import ConfigError
from convscope.graph.node import INPUT, PART, UNKNOWN, Node
from convscope.ops import PRIMITIVES, Terms
from convscope.tracing.facts import facts_of
from convscope.tracing.forward import NUMPY, Forward, Place, without_example

PIXEL, WEIGHT = "pixel", "weight"
CLOSED = (INPUT, WEIGHT, PIXEL, UNKNOWN)  # what has no products of its own


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
    total: float
    value: float
    engine: str
    rule: str
    bias: float
    facts: Mapping[str, Any]
    remark: str
    forward: Forward = field(repr=False, compare=False)
    parts: Terms | None = field(default=None, repr=False, compare=False)
    passed: tuple[str, ...] = ()
    gain: float | None = 1.0

    @property
    def gap(self) -> float:
        """The sum here minus the engine's number."""
        return self.total - self.value

    def __len__(self) -> int:
        """Return the number of terms."""
        return 0 if self.parts is None else len(self.parts.operand)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """All products, in the order in which the operation goes through them."""
        return tuple(self.term(i) for i in range(len(self)))

    @property
    def products(self) -> np.ndarray:
        """The products (m,) in double precision, in which those of single precision are exact."""
        if self.parts is None:
            return np.zeros(0)
        return self.parts.operand.astype(np.float64) * self.parts.factor.astype(np.float64)

    def term(self, number: int) -> Term:
        """Return one term by its position; ``ConfigError`` where there is none."""
        if self.parts is None or not 0 <= number < len(self):
            raise ConfigError(f"{self.node} {self.at} has {len(self)} terms; there is no term {number}")
        parts, node = self.parts, self.forward.graph.by_name.get(self.node)
        role = parts.source if isinstance(parts.source, str) else parts.source[number]
        source, at = self._origin(node, role, parts.index[number])
        factor_source, factor_at = None, ()
        if parts.factor_index is not None:
            factor_source, factor_at = self._origin(node, parts.factor_source, parts.factor_index[number])
        operand, factor = float(parts.operand[number]), float(parts.factor[number])
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
        from convscope.tracing.follow import follow

        return follow(self, term, factor=factor)

    def chain(self, depth: int | None = None) -> tuple[Trace, ...]:
        """Return this trace and those of the largest product, and of its largest, ... down to a pixel or a weight."""
        from convscope.tracing.follow import chain

        return chain(self, depth)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        plain = ("node", "op", "rule", "total", "value", "engine", "gap", "bias", "remark", "gain")
        return {
            **{name: getattr(self, name) for name in plain},
            "at": list(self.at),
            "passed": list(self.passed),
            "facts": dict(self.facts),
            "terms": [term.to_dict() for term in self.terms],
        }

    def __repr__(self) -> str:
        from convscope.tracing.table import head

        return f"<trace {head(self)}, {len(self):,} terms>"

    def __str__(self) -> str:
        from convscope.tracing.table import text

        return text(self)

    def _repr_html_(self) -> str:
        from convscope.tracing.table import html

        return html(self)


def open_number(forward: Forward, node: str, at: Place) -> Trace:
    """Return the trace of the number at a full place of a node."""
    found = forward.graph[node]
    value, engine = forward.engine_value(node, at)
    here = without_example(at, found.shape)
    closed = Trace(node, found.op, here, value, value, engine, "sum", 0.0, {}, "", forward)
    if found.op == INPUT:
        return _opened_input(closed, at)
    if found.op == UNKNOWN:
        what = f"cannot be opened: convscope has no primitive for PyTorch's {found.arguments['operation']!r}"
        return replace(closed, rule="unknown", remark=what)
    if found.op == PART:
        return _opened_part(closed, found, at)
    primitive, arrays = PRIMITIVES[found.op], given(forward, found)
    arguments = found.arguments_for(1)
    terms = _turned(primitive.terms(at, *arrays.values(), **arguments), found)
    products = terms.operand.astype(np.float64) * terms.factor.astype(np.float64)
    total = terms.bias + float(products.sum()) if terms.rule == "sum" else terms.total
    facts, remark = facts_of(found, at, arrays, terms)
    return replace(
        closed, total=total, rule=terms.rule, bias=float(terms.bias), facts=facts, remark=remark, parts=terms
    )


def _turned(terms: Terms, node: Node) -> Terms:
    """Return products whose operand is a weight and whose factor is none the other way round: weights are factors."""
    if terms.factor_source not in node.inputs or terms.source not in node.weights or terms.factor_index is None:
        return terms
    return replace(
        terms,
        source=terms.factor_source,
        index=terms.factor_index,
        operand=terms.factor,
        factor=terms.operand,
        factor_source=terms.source,
        factor_index=terms.index,
    )


def given(forward: Forward, node: Node) -> dict[str, np.ndarray | None]:
    """Return the arrays of a node's primitive by the names of its inputs, None for an absent one."""
    values, found = forward.values, {}
    for name in PRIMITIVES[node.op].names(len(node.inputs) + len(node.weights)):
        if name in node.inputs:
            found[name] = values[node.inputs[name]]
        else:
            found[name] = values.arrays[node.weights[name]] if name in node.weights else None
    return found


def open_weight(forward: Forward, name: str, at: Place) -> Trace:
    """Return the trace of a weight, buffer or constant of the network: it is made of nothing else."""
    value = float(forward.values.arrays[name][at])
    known = forward.graph.parameters.get(name)
    kind = "a learned weight" if known and known.trainable else "a constant of the network"
    return Trace(name, WEIGHT, at, value, value, NUMPY, "sum", 0.0, {}, kind, forward)


def open_pixel(forward: Forward, at: Place) -> Trace:
    """Return the trace of a raw pixel (channel, row, column): where every way ends."""
    assert forward.scaling is not None
    value = float(forward.scaling.raw[at])
    return Trace(PIXEL, PIXEL, at, value, value, "the image", "sum", 0.0, {}, "a raw pixel", forward)


def _opened_input(closed: Trace, at: Place) -> Trace:
    """Return the trace of a number that the network was given: (raw - mean) / std, where that is known."""
    forward = closed.forward
    scaling = forward.scaling
    if scaling is None or closed.node != forward.graph.inputs[0].name:
        return replace(closed, remark="given to the network")
    channel = at[1]
    mean, std = scaling.mean[channel], scaling.std[channel]
    raw = np.array([scaling.raw[at[1:]]], np.float64)
    parts = Terms(float((raw[0] - mean) / std), PIXEL, np.array([at[1:]]), raw, np.array([1 / std]), -mean / std)
    facts = {"mean": mean, "std": std}
    said = f"(pixel - mean) / deviation = ({raw[0]:g} - {mean:.6g}) / {std:.6g}"
    return replace(closed, op="normalise", total=parts.total, bias=parts.bias, facts=facts, remark=said, parts=parts)


def _opened_part(closed: Trace, node: Node, at: Place) -> Trace:
    """Return the trace of one of several results: the first is the operation's output, of others no terms are known."""
    index, whole = node.arguments["index"], node.inputs["x"]
    if index:
        what = f"cannot be opened: it is result {index} of {whole}, and only the first one's terms are known"
        return replace(closed, rule="unknown", remark=what)
    operand = np.array([closed.forward.numpy_value(closed.node, at)])
    parts = Terms(float(operand[0]), "x", np.array([at]), operand, np.ones(1))
    return replace(closed, total=parts.total, parts=parts, remark=f"the output of {whole}")
