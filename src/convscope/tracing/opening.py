"""One number opened: what its primitive says of it, tied to the values of one example."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from convscope.graph.node import GETITEM, INPUT, UNKNOWN, Node
from convscope.ops import PRIMITIVES, Terms
from convscope.tracing.details import details_of
from convscope.tracing.forward import PIXEL, Place

if TYPE_CHECKING:
    from convscope.tracing.terms import Trace


def opened(closed: Trace, at: Place) -> Trace:
    """Return the trace of a node's number at a full place, with its terms."""
    node = closed.forward.graph[closed.node]
    if node.op == INPUT:
        return _input(closed, at)
    if node.op == UNKNOWN:
        remark = f"cannot be opened: convscope has no primitive for PyTorch's {node.arguments['operation']!r}"
        return replace(closed, rule="unknown", remark=remark)
    if node.op == GETITEM:
        return _one_result(closed, node, at)
    inputs = closed.forward.values.inputs_of(node)
    terms = _weights_as_factors(PRIMITIVES[node.op].terms(at, *inputs.values(), **node.arguments_for(1)), node)
    products = terms.operand.astype(np.float64) * terms.factor.astype(np.float64)
    total = terms.bias + float(products.sum()) if terms.rule == "sum" else terms.total
    facts, remark = details_of(node, at, inputs, terms)
    return replace(
        closed, total=total, rule=terms.rule, bias=float(terms.bias), facts=facts, remark=remark, arrays=terms
    )


def _weights_as_factors(terms: Terms, node: Node) -> Terms:
    """Return terms whose operands are weights and whose factors are not, the other way round."""
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


def _input(closed: Trace, at: Place) -> Trace:
    """Return the trace of a number that the network was given: (raw - mean) / std, where that is known."""
    forward, scaling = closed.forward, closed.forward.scaling
    if forward.letters and closed.node == forward.graph.inputs[0].name:
        letter = forward.letters[at[-1]]
        noun = "letter" if len(letter) == 1 else "token"
        return replace(closed, remark=f"{noun} {at[-1] + 1} of {len(forward.letters)}: “{letter}”")
    if scaling is None or closed.node != forward.graph.inputs[0].name:
        return replace(closed, remark="given to the network")
    mean, std = scaling.mean[at[1]], scaling.std[at[1]]
    raw = np.array([scaling.raw[at[1:]]], np.float64)
    terms = Terms(float((raw[0] - mean) / std), PIXEL, np.array([at[1:]]), raw, np.array([1 / std]), -mean / std)
    facts = {"mean": mean, "std": std}
    remark = f"({scaling.noun} - mean) / standard deviation = ({raw[0]:g} - {mean:.6g}) / {std:.6g}"
    return replace(closed, op="normalise", total=terms.total, bias=terms.bias, facts=facts, remark=remark, arrays=terms)


def _one_result(closed: Trace, node: Node, at: Place) -> Trace:
    """Return the trace of one of several results: the first is the operation's output, of others no terms are known."""
    index, whole = node.arguments["index"], node.inputs["x"]
    if index:
        remark = f"cannot be opened: it is result {index} of {whole}, and only the first one's terms are known"
        return replace(closed, rule="unknown", remark=remark)
    operand = np.array([closed.forward.numpy_value(closed.node, at)])
    terms = Terms(float(operand[0]), "x", np.array([at]), operand, np.ones(1))
    return replace(closed, total=terms.total, arrays=terms, remark=f"the output of {whole}")
