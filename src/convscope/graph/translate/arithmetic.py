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


def subtracted(graph: GraphBuilder, input: Any, other: Any, *, alpha: float = 1) -> Ref:
    """other - alpha · input."""
    return subtract(graph, other, input, alpha=alpha)


def _pair(graph: GraphBuilder, op: str, *given: Any) -> Ref:
    """Return a primitive of two arrays, of which a computed mask counts as 1 and 0."""
    dtype = next((one.dtype for one in given if isinstance(one, Ref) and one.floating), None)
    masks = [bool(dtype) and isinstance(one, Ref) and one.dtype == "bool" and one.value is None for one in given]
    return graph.emit(
        op, *(as_type(graph, one, str(dtype)) if mask else one for one, mask in zip(given, masks, strict=True))
    )


def times(graph: GraphBuilder, value: Any, alpha: float) -> Any:
    """Return alpha · value; nothing is written for 1."""
    return value if alpha == 1 else graph.emit("multiply", value, alpha)


def multiply(graph: GraphBuilder, input: Any, other: Any) -> Ref:
    """Number by number."""
    return _pair(graph, "multiply", input, other)


def divide(graph: GraphBuilder, input: Any, other: Any, *, rounding_mode: str | None = None) -> Ref:
    """Number by number, rounded towards 0 or down where that is asked."""
    if rounding_mode == "floor":
        return divided_down(graph, input, other)
    made = graph.emit("divide", input, other)
    return made if rounding_mode is None else graph.emit("round_off", graph.emit("detach", made), direction="zero")


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
    below = graph.emit(
        "where", graph.emit("compare", left, zero, relation="greater"), graph.emit("subtract", left, size), left
    )
    return graph.emit("where", graph.emit("compare", input, zero, relation="less"), below, left)


def divided(graph: GraphBuilder, input: Any, other: Any) -> Ref:
    """other / input."""
    return graph.emit("divide", other, input)


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
    "rsub": subtracted,
    **dict.fromkeys(("mul", "multiply", "imul", "rmul"), multiply),
    **dict.fromkeys(("div", "divide", "true_divide", "truediv", "itruediv", "idiv"), divide),
    **dict.fromkeys(("rtruediv", "rdiv"), divided),
    **dict.fromkeys(("floor_divide", "floordiv"), divided_down),
    **dict.fromkeys(("remainder", "mod"), remainder),
    "fmod": remainder_of_size,
    **dict.fromkeys(("neg", "negative"), negative),
    "addcmul": addcmul,
    "addcdiv": addcdiv,
    "lerp": lerp,
}
