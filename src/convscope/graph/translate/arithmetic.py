"""Sums, differences, products and quotients of two arrays, number by number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convscope.graph.tape import Ref, Tape, Unknown
from convscope.graph.translate.masks import as_type


def add(tape: Tape, input: Any, other: Any, *, alpha: float = 1) -> Ref:
    """input + alpha · other."""
    return _pair(tape, "add", input, times(tape, other, alpha))


def subtract(tape: Tape, input: Any, other: Any, *, alpha: float = 1) -> Ref:
    """input - alpha · other."""
    return _pair(tape, "subtract", input, times(tape, other, alpha))


def subtracted(tape: Tape, input: Any, other: Any, *, alpha: float = 1) -> Ref:
    """other - alpha · input."""
    return subtract(tape, other, input, alpha=alpha)


def _pair(tape: Tape, op: str, *given: Any) -> Ref:
    """Return a primitive of two arrays, of which a computed mask counts as 1 and 0."""
    dtype = next((one.dtype for one in given if isinstance(one, Ref) and one.floating), None)
    masks = [bool(dtype) and isinstance(one, Ref) and one.dtype == "bool" and one.value is None for one in given]
    return tape.emit(
        op, *(as_type(tape, one, str(dtype)) if mask else one for one, mask in zip(given, masks, strict=True))
    )


def times(tape: Tape, value: Any, alpha: float) -> Any:
    """Return alpha · value; nothing is written for 1."""
    return value if alpha == 1 else tape.emit("multiply", value, alpha)


def multiply(tape: Tape, input: Any, other: Any) -> Ref:
    """Number by number."""
    return _pair(tape, "multiply", input, other)


def divide(tape: Tape, input: Any, other: Any, *, rounding_mode: str | None = None) -> Ref:
    """Number by number, rounded towards 0 or down where that is asked."""
    if rounding_mode == "floor":
        return divided_down(tape, input, other)
    made = tape.emit("divide", input, other)
    return made if rounding_mode is None else tape.emit("round_off", tape.emit("detach", made), direction="zero")


def divided_down(tape: Tape, input: Ref, other: Any) -> Ref:
    """How often a number goes into another one, as a whole number."""
    if isinstance(other, Ref) or not other or not math.isfinite(other):
        raise Unknown("a quotient by what may be 0 or infinite")
    whole = tape.emit("subtract", input, tape.emit("remainder", input, other))
    return tape.emit("round_off", tape.emit("divide", whole, other), direction="nearest")


def remainder(tape: Tape, input: Any, other: Any) -> Ref:
    """What is left of a number, with the sign of the divisor."""
    return tape.emit("remainder", input, other)


def remainder_of_size(tape: Tape, input: Ref, other: Any) -> Ref:
    """What is left of a number, with its own sign: of one below 0 the remainder less the divisor, unless it is 0."""
    if isinstance(other, Ref) or not math.isfinite(other):
        raise Unknown("what is left by what may be infinite")
    size = abs(tape.number(other))
    left, zero = tape.emit("remainder", input, size), tape.scalar(0, input.dtype)
    below = tape.emit(
        "where", tape.emit("compare", left, zero, relation="greater"), tape.emit("subtract", left, size), left
    )
    return tape.emit("where", tape.emit("compare", input, zero, relation="less"), below, left)


def divided(tape: Tape, input: Any, other: Any) -> Ref:
    """other / input."""
    return tape.emit("divide", other, input)


def negative(tape: Tape, input: Ref) -> Ref:
    """-x."""
    return tape.emit("multiply", input, -1.0)


def addcmul(tape: Tape, input: Ref, tensor1: Ref, tensor2: Ref, *, value: float = 1) -> Ref:
    """input + value · a · b."""
    return add(tape, input, tape.emit("multiply", tensor1, tensor2), alpha=value)


def addcdiv(tape: Tape, input: Ref, tensor1: Ref, tensor2: Ref, *, value: float = 1) -> Ref:
    """input + value · a / b."""
    return add(tape, input, tape.emit("divide", tensor1, tensor2), alpha=value)


def lerp(tape: Tape, input: Ref, end: Ref, weight: Any) -> Ref:
    """From one array towards another."""
    return tape.emit("add", input, tape.emit("multiply", tape.emit("subtract", end, input), weight))


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
