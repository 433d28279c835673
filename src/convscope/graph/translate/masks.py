"""Comparisons, True and False, and what is chosen by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.graph.builder import GraphBuilder, Ref, Unknown


def alike(graph: GraphBuilder, *operands: Any) -> list[Ref]:
    """Return numbers and arrays as arrays of one type: that of the arrays that are computed, else of the first."""
    refs = [array for array in operands if isinstance(array, Ref)]
    computed = [array for array in refs if array.value is None]
    dtype = ([array for array in computed if array.shape] or computed or refs)[0].dtype
    return [_of_type(graph, operand, dtype) for operand in operands]


def _of_type(graph: GraphBuilder, operand: Any, dtype: str) -> Ref:
    if isinstance(operand, Ref) and operand.dtype == dtype:
        return operand
    number = operand.value if isinstance(operand, Ref) else np.asarray(graph.number(operand))
    if number is None:
        raise Unknown(f"{operand.dtype} beside {dtype}")
    if "float" not in dtype and (number.astype(dtype) != number).any():
        raise Unknown(f"a number that is no {dtype}")
    return graph.scalar(number[()], dtype) if number.ndim == 0 else graph.constant(number.astype(dtype))


def as_type(graph: GraphBuilder, input: Ref, dtype: str) -> Ref:
    """Return an array in another type: a constant, True and False as 1 and 0, and what is not 0 as True."""
    if input.dtype == dtype:
        return input
    if input.value is not None and dtype != "bfloat16":
        return graph.constant(input.value.astype(dtype))
    if input.dtype == "bool" and dtype != "bfloat16":
        return graph.emit("where", input, graph.scalar(1, dtype), graph.scalar(0, dtype))
    if dtype == "bool":
        return graph.emit("compare", input, graph.scalar(0, input.dtype), relation="not_equal")
    raise Unknown("another type")


def truth(graph: GraphBuilder, input: Ref) -> Ref:
    """True where it is not 0."""
    return as_type(graph, input, "bool")


def compared(relation: str) -> Callable[..., Ref]:
    """Return the rule of a comparison, number by number."""

    def rule(graph: GraphBuilder, input: Any, other: Any) -> Ref:
        return graph.emit("compare", *alike(graph, input, other), relation=relation)

    return rule


def both(graph: GraphBuilder, input: Ref, other: Any) -> Ref:
    """True where both are."""
    first, second = _truths(graph, input, other)
    return graph.emit("where", first, second, graph.constant(np.array(False)))


def either(graph: GraphBuilder, input: Ref, other: Any) -> Ref:
    """True where one of them is, or both are."""
    first, second = _truths(graph, input, other)
    return graph.emit("where", first, graph.constant(np.array(True)), second)


def exclusive(graph: GraphBuilder, input: Ref, other: Any) -> Ref:
    """True where they differ."""
    return graph.emit("compare", *_truths(graph, input, other), relation="not_equal")


def negated(graph: GraphBuilder, input: Ref) -> Ref:
    """True where it is False."""
    return graph.emit("compare", *_truths(graph, input), graph.constant(np.array(False)), relation="equal")


def _truths(graph: GraphBuilder, *operands: Any) -> list[Ref]:
    if graph.dtype != "bool":
        raise Unknown("bits of whole numbers")
    refs = [operand if isinstance(operand, Ref) else graph.constant(operand) for operand in operands]
    return [as_type(graph, array, "bool") for array in refs]


def where(graph: GraphBuilder, condition: Ref, input: Any, other: Any) -> Ref:
    """One array where a condition holds, the other elsewhere; either may be a number."""
    if not isinstance(input, Ref) and not isinstance(other, Ref):
        dtype = graph.dtype
        input, other = (graph.scalar(graph.number(number), dtype) for number in (input, other))
    return graph.emit("where", condition, *alike(graph, input, other))


def masked_fill(graph: GraphBuilder, input: Ref, mask: Ref, value: Any) -> Ref:
    """A number wherever a mask is True."""
    return graph.emit("where", mask, *alike(graph, value, input))


def larger(op: str) -> Callable[..., Ref]:
    """Return the rule of the maximum or minimum of two arrays; equal numbers share the gradient."""

    def rule(graph: GraphBuilder, input: Ref, other: Any) -> Ref:
        return graph.emit(op, *alike(graph, input, other))

    return rule


def nan(graph: GraphBuilder, input: Ref) -> Ref:
    """True where a number is NaN, which alone differs from itself."""
    return graph.emit("compare", input, input, relation="not_equal")


def against_infinity(relation: str) -> Callable[..., Ref]:
    """Return the rule of how the size of a number compares to infinity; NaN is neither infinite nor finite."""

    def rule(graph: GraphBuilder, input: Ref) -> Ref:
        infinity = graph.scalar(np.inf, input.dtype)
        return graph.emit("compare", graph.emit("absolute", input), infinity, relation=relation)

    return rule


def nan_to_num(
    graph: GraphBuilder, input: Ref, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Ref:
    """Numbers in place of NaN and the infinities: by default 0, and the largest and the lowest of the type."""
    limits = np.finfo(input.dtype)
    numbers = input
    for value, relation, number in (
        (np.inf, "equal", limits.max if posinf is None else posinf),
        (-np.inf, "equal", limits.min if neginf is None else neginf),
        (None, "not_equal", 0.0 if nan is None else nan),
    ):
        other = input if value is None else graph.scalar(value, input.dtype)
        mask = graph.emit("compare", input, other, relation=relation)
        numbers = graph.emit("where", mask, graph.scalar(graph.number(number), input.dtype), numbers)
    return numbers


def sign(graph: GraphBuilder, input: Ref) -> Ref:
    """1 above 0, -1 below, 0 at 0."""
    zero, one, less = (graph.scalar(number, input.dtype) for number in (0, 1, -1))
    below = graph.emit("where", graph.emit("compare", input, zero, relation="less"), less, zero)
    return graph.emit("where", graph.emit("compare", input, zero, relation="greater"), one, below)


def threshold(graph: GraphBuilder, input: Ref, threshold: float, value: float, inplace: bool = False) -> Ref:
    """A number where x is no larger than a threshold, else x; NaN stays NaN."""
    below = graph.emit("compare", *alike(graph, input, threshold), relation="less_equal")
    return where(graph, below, value, input)


def triangle(lower: bool) -> Callable[..., Ref]:
    """Return the rule of a matrix of which the numbers on one side of a diagonal are 0."""

    def rule(graph: GraphBuilder, input: Ref, diagonal: int = 0) -> Ref:
        rows, columns = input.shape[-2:]
        kept = np.tri(rows, columns, diagonal if lower else diagonal - 1, dtype=bool)
        mask = graph.constant(kept if lower else ~kept)
        return graph.emit("where", mask, input, graph.scalar(0, input.dtype))

    return rule


RULES: dict[str, Callable[..., Any]] = {
    **{
        short: compared(relation)
        for relation, names in {
            "equal": ("eq",),
            "not_equal": ("ne", "not_equal"),
            "less": ("lt", "less"),
            "less_equal": ("le", "less_equal"),
            "greater": ("gt", "greater"),
            "greater_equal": ("ge", "greater_equal"),
        }.items()
        for short in names
    },
    **dict.fromkeys(("and", "iand", "logical_and", "bitwise_and"), both),
    **dict.fromkeys(("or", "ior", "ror", "logical_or", "bitwise_or"), either),
    **dict.fromkeys(("xor", "ixor", "rxor", "logical_xor", "bitwise_xor"), exclusive),
    **dict.fromkeys(("invert", "logical_not", "bitwise_not"), negated),
    "bool": truth,
    "where": where,
    "masked_fill": masked_fill,
    "maximum": larger("maximum"),
    "minimum": larger("minimum"),
    **dict.fromkeys(("sign", "sgn"), sign),
    "isnan": nan,
    "isinf": against_infinity("equal"),
    "isfinite": against_infinity("less"),
    "nan_to_num": nan_to_num,
    "threshold": threshold,
    "tril": triangle(lower=True),
    "triu": triangle(lower=False),
}
