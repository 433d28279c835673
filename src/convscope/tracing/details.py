"""What the products of a number do not show: the window of a maximum, statistics, what was cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from convscope.graph.node import Node
from convscope.ops import PRIMITIVES, Terms
from convscope.ops.primitive import Index, covered
from convscope.tracing.forward import Place, without_example

Arrays = Mapping[str, np.ndarray | None]
Fields = Mapping[str, Index]
Details = tuple[dict[str, Any], str]


def details_of(node: Node, at: Place, arrays: Arrays, terms: Terms) -> Details:
    """Return what there is to say of one number beside its products: as values, and in words."""
    if node.op in _RULES:
        shapes = (None if array is None else array.shape for array in arrays.values())
        arguments = node.arguments_for(1)
        return _RULES[node.op](PRIMITIVES[node.op].field(at, *shapes, **arguments), arrays, terms, arguments)
    if terms.rule != "sum":
        number = len(terms.operand)
        return {}, f"no sum, but {terms.rule} of {f'{number:,} numbers' if number > 1 else f'{terms.operand[0]:.6g}'}"
    return {}, ""


def _maximum(field: Fields, arrays: Arrays, terms: Terms, _: Any) -> Details:
    """Return the window and its winner; of equals the first wins."""
    x = arrays["x"]
    assert x is not None
    places, numbers = covered(x, field["x"])
    winner = without_example(terms.index[0], x.shape)
    equal = int((numbers == terms.operand[0]).sum())
    window = [[*without_example(place, x.shape), float(number)] for place, number in zip(places, numbers, strict=True)]
    ties = f"; {equal} are equal, the first wins" if equal > 1 else ""
    remark = f"the largest of {len(numbers)}: {terms.operand[0]:.6g} at {winner}{ties}"
    return {"winner": list(winner), "equal": equal, "window": window}, remark


def _standardised(field: Fields, arrays: Arrays, terms: Terms, arguments: Mapping[str, Any]) -> Details:
    """Return mean, variance, weight and bias of a normalisation."""
    x = arrays["x"]
    assert x is not None

    def of(name: str, default: float) -> float:
        array = arrays.get(name)
        return default if array is None else float(covered(array, field[name])[1][0])

    if arrays.get("mean") is None:
        _, members = covered(x, field["x"])
        mean, variance, over = float(members.mean()), float(members.var()), len(members)
    else:
        mean, variance, over = of("mean", 0.0), of("variance", 1.0), 0
    eps = float(arguments.get("eps", 1e-5))
    facts = {"mean": mean, "variance": variance, "eps": eps, "weight": of("weight", 1.0), "bias": of("bias", 0.0)}
    whose = f"of these {over} numbers" if over else "kept from training"
    remark = (
        f"({terms.operand[0]:.6g} - mean {mean:.6g}) / √(variance {variance:.6g} + {eps:g})"
        f" · weight {facts['weight']:.6g} + bias {facts['bias']:.6g}; mean and variance are {whose}"
    )
    return facts | {"over": over or None}, remark


def _rectified(_: Fields, __: Arrays, terms: Terms, ___: Any) -> Details:
    """Return what a ReLU cut."""
    operand = float(terms.operand[0])
    if operand > 0:
        return {"cut": 0.0}, "positive: passes as it is"
    return {"cut": -operand}, f"cut: {operand:.6g} becomes 0"


def _clipped(_: Fields, __: Arrays, terms: Terms, ___: Any) -> Details:
    """Return what was cut at either end."""
    operand, kept = float(terms.operand[0]), float(terms.total)
    if operand == kept:
        return {"cut": 0.0}, "within the limits: passes as it is"
    return {"cut": kept - operand}, f"cut: {operand:.6g} becomes {kept:.6g}"


def _updated(_: Fields, __: Arrays, terms: Terms, ___: Any) -> Details:
    """Return how much of its state a gated recurrent unit keeps."""
    kept = float(terms.factor[1])
    begun = terms.source[1] is not None
    ends = "the candidate stands in no array" if begun else "neither stands in an array: a way ends here"
    remark = f"(1 - z) · candidate + z · the state before, with the update gate z = {kept:.6g}; {ends}"
    return {"update_gate": kept}, remark


_RULES: dict[str, Callable[[Fields, Arrays, Terms, Any], Details]] = {
    **dict.fromkeys(("max_pool", "adaptive_max_pool", "global_max_pool", "reduce_max"), _maximum),
    **dict.fromkeys(("batch_norm", "instance_norm", "layer_norm", "group_norm"), _standardised),
    **dict.fromkeys(("gru", "gru_step"), _updated),
    "relu": _rectified,
    "clip": _clipped,
}
