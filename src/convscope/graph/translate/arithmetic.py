"""Sums, differences, products and quotients of two arrays, number by number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.masks import as_type


def add(graph: GraphBuilder, input: Any, other: Any, *, alpha: float = 1) -> Ref:
    """input + alpha · other."""
    return _pair(graph, "add", input, times(graph, other, alpha))


def subtract(graph: GraphBuilder, input: Any, other: Any, *, alpha: float = 1) -> Ref:
    """input - alpha · other."""
    return _pair(graph, "subtract", input, times(graph, other, alpha))


def swapped(rule: Callable[..., Ref]) -> Callable[..., Ref]:
    """Return the rule of the same operation with its operands exchanged, such as ``__rsub__``."""

    def exchanged(graph: GraphBuilder, input: Any, other: Any, **settings: Any) -> Ref:
        return rule(graph, other, input, **settings)

    return exchanged


def _pair(graph: GraphBuilder, op: str, *operands: Any) -> Ref:
    """Return a primitive of two arrays, of which a computed mask counts as 1 and 0."""
    dtype = next((array.dtype for array in operands if isinstance(array, Ref) and array.floating), None)

    def numbers(operand: Any) -> Any:
        if dtype is not None and isinstance(operand, Ref) and operand.dtype == "bool" and operand.value is None:
            return as_type(graph, operand, dtype)
        return operand

    return graph.emit(op, *map(numbers, operands))


def times(graph: GraphBuilder, value: Any, alpha: float) -> Any:
    """Return alpha · value; no node for 1."""
    return value if alpha == 1 else graph.emit("multiply", value, alpha)


def multiply(graph: GraphBuilder, input: Any, other: Any) -> Ref:
    """Number by number."""
    return _pair(graph, "multiply", input, other)


def divide(graph: GraphBuilder, input: Any, other: Any, *, rounding_mode: str | None = None) -> Ref:
    """Number by number, rounded towards 0 or down where that is asked."""
    if rounding_mode == "floor":
        return divided_down(graph, input, other)
    quotient = graph.emit("divide", input, other)
    if rounding_mode is None:
        return quotient
    return graph.emit("round_off", graph.emit("detach", quotient), direction="zero")


def divided_down(graph: GraphBuilder, input: Ref, other: Any) -> Ref:
    """How often a number goes into another one, as a whole number."""
    if isinstance(other, Ref) or not other or not math.isfinite(other):
        raise Unknown("a quotient by what may be 0 or infinite")
    whole = graph.emit("subtract", input, graph.emit("remainder", input, other))
    return graph.emit("round_off", graph.emit("divide", whole, other), direction="nearest")


def remainder(graph: GraphBuilder, input: Any, other: Any) -> Ref:
    """What is left of a number, with the sign of the divisor."""
    return graph.emit("remainder", input, other)


def remainder_of_size(graph: GraphBuilder, input: Ref, other: Any) -> Ref:
    """What is left of a number, with its own sign: of one below 0 the remainder less the divisor, unless it is 0."""
    if isinstance(other, Ref) or not math.isfinite(other):
        raise Unknown("what is left by what may be infinite")
    size = abs(graph.number(other))
    left, zero = graph.emit("remainder", input, size), graph.scalar(0, input.dtype)
    above = graph.emit("compare", left, zero, relation="greater")
    below = graph.emit("where", above, graph.emit("subtract", left, size), left)
    return graph.emit("where", graph.emit("compare", input, zero, relation="less"), below, left)


def negative(graph: GraphBuilder, input: Ref) -> Ref:
    """-x."""
    return graph.emit("multiply", input, -1.0)


def addcmul(graph: GraphBuilder, input: Ref, tensor1: Ref, tensor2: Ref, *, value: float = 1) -> Ref:
    """input + value · a · b."""
    return add(graph, input, graph.emit("multiply", tensor1, tensor2), alpha=value)


def addcdiv(graph: GraphBuilder, input: Ref, tensor1: Ref, tensor2: Ref, *, value: float = 1) -> Ref:
    """input + value · a / b."""
    return add(graph, input, graph.emit("divide", tensor1, tensor2), alpha=value)


def lerp(graph: GraphBuilder, input: Ref, end: Ref, weight: Any) -> Ref:
    """From one array towards another."""
    return graph.emit("add", input, graph.emit("multiply", graph.emit("subtract", end, input), weight))


RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("add", "iadd", "radd"), add),
    **dict.fromkeys(("sub", "subtract", "isub"), subtract),
    "rsub": swapped(subtract),
    **dict.fromkeys(("mul", "multiply", "imul", "rmul"), multiply),
    **dict.fromkeys(("div", "divide", "true_divide", "truediv", "itruediv", "idiv"), divide),
    **dict.fromkeys(("rtruediv", "rdiv"), swapped(divide)),
    **dict.fromkeys(("floor_divide", "floordiv"), divided_down),
    **dict.fromkeys(("remainder", "mod"), remainder),
    "fmod": remainder_of_size,
    **dict.fromkeys(("neg", "negative"), negative),
    "addcmul": addcmul,
    "addcdiv": addcdiv,
    "lerp": lerp,
}
