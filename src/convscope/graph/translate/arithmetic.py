"""Sums, differences, products and quotients of two arrays, products of matrices, and reductions along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.graph.tape import Ref, Tape, Unknown


def add(tape: Tape, input: Any, other: Any, *, alpha: float = 1) -> Ref:
    """input + alpha · other."""
    return tape.emit("add", input, _times(tape, other, alpha))


def subtract(tape: Tape, input: Any, other: Any, *, alpha: float = 1) -> Ref:
    """input - alpha · other."""
    return tape.emit("subtract", input, _times(tape, other, alpha))


def subtracted(tape: Tape, input: Any, other: Any, *, alpha: float = 1) -> Ref:
    """other - alpha · input."""
    return subtract(tape, other, input, alpha=alpha)


def _times(tape: Tape, value: Any, alpha: float) -> Any:
    return value if alpha == 1 else tape.emit("multiply", value, alpha)


def multiply(tape: Tape, input: Any, other: Any) -> Ref:
    """Number by number."""
    return tape.emit("multiply", input, other)


def divide(tape: Tape, input: Any, other: Any, *, rounding_mode: str | None = None) -> Ref:
    """Number by number; not rounded."""
    if rounding_mode is not None:
        raise Unknown("rounded division")
    return tape.emit("divide", input, other)


def divided(tape: Tape, input: Any, other: Any) -> Ref:
    """other / input."""
    return tape.emit("divide", other, input)


def negative(tape: Tape, input: Ref) -> Ref:
    """-x."""
    return tape.emit("multiply", input, -1.0)


def addcmul(tape: Tape, input: Ref, tensor1: Ref, tensor2: Ref, *, value: float = 1) -> Ref:
    """input + value · a · b."""
    return add(tape, input, tape.emit("multiply", tensor1, tensor2), alpha=value)


def matmul(tape: Tape, input: Ref, other: Ref) -> Ref:
    """The product of matrices; a vector is a row on the left, a column on the right."""
    x = tape.emit("reshape", input, shape=(1, *input.shape)) if len(input.shape) == 1 else input
    y = tape.emit("reshape", other, shape=(*other.shape, 1)) if len(other.shape) == 1 else other
    made = tape.emit("matmul", x, y)
    return made if x is input and y is other else tape.emit("reshape", made, shape=tape.expected[0][0])


def added_product(tape: Tape, input: Ref, one: Ref, other: Ref, *, beta: float = 1, alpha: float = 1) -> Ref:
    """beta · input + alpha · one · other."""
    product = _times(tape, tape.emit("matmul", one, other), alpha)
    return product if beta == 0 else tape.emit("add", product, _times(tape, input, beta))


def reduction(op: str) -> Callable[..., Ref]:
    """Return the rule of a sum, mean or maximum along axes."""

    def rule(tape: Tape, input: Ref, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Ref:
        if dtype is not None and str(dtype).removeprefix("torch.") != input.dtype:
            raise Unknown("a reduction in another type")
        rank = len(input.shape)
        given = range(rank) if dim is None or dim == () or dim == [] else (dim,) if isinstance(dim, int) else dim
        axes = tuple(sorted(axis % rank for axis in given))
        return _kept(tape, tape.emit(op, input, axes=axes), keepdim)

    return rule


def _kept(tape: Tape, made: Ref, keepdim: bool) -> Ref:
    return made if keepdim or made.shape == tape.expected[0][0] else tape.emit(
        "reshape", made, shape=tape.expected[0][0]
    )  # fmt: skip


def maximum(tape: Tape, input: Ref, dim: int | None = None, keepdim: bool = False) -> Any:
    """The maximum of all, or along one axis; where it stood is not told."""
    if isinstance(dim, Ref):
        raise Unknown("the larger of two arrays")
    axes = tuple(range(len(input.shape))) if dim is None else (dim % len(input.shape),)
    made = _kept(tape, tape.emit("reduce_max", input, axes=axes), keepdim)
    return made if dim is None else (made, None)


def masked_fill(tape: Tape, input: Ref, mask: Ref, value: Any) -> Ref:
    """A number wherever a constant mask is True: the rest times 1, those times 0, plus a constant array."""
    if mask.value is None or isinstance(value, Ref):
        raise Unknown("a mask that is computed")
    kept = tape.constant((~mask.value).astype(input.dtype))
    return tape.emit("add", tape.emit("multiply", input, kept), _where(tape, mask, value, input.dtype))


def where(tape: Tape, condition: Ref, input: Any, other: Any) -> Ref:
    """One array where a constant condition is True, the other elsewhere; either may be a number."""
    if condition.value is None:
        raise Unknown("a condition that is computed")
    dtype = next((one.dtype for one in (input, other) if isinstance(one, Ref)), "float32")
    opposite = tape.constant(~condition.value)
    pairs = ((input, condition), (other, opposite))
    parts = [
        tape.emit("multiply", one, tape.constant(mask.value.astype(dtype)))  # pyright: ignore[reportOptionalMemberAccess]
        if isinstance(one, Ref)
        else _where(tape, mask, one, dtype)
        for one, mask in pairs
    ]
    return tape.emit("add", *parts)


def _where(tape: Tape, mask: Ref, value: float, dtype: str) -> Ref:
    """Return a constant array: the number where the mask is True, else 0."""
    assert mask.value is not None
    return tape.constant(np.where(mask.value, tape.number(value), 0).astype(dtype))


RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("add", "iadd", "radd"), add),
    **dict.fromkeys(("sub", "subtract", "isub"), subtract),
    "rsub": subtracted,
    **dict.fromkeys(("mul", "multiply", "imul", "rmul"), multiply),
    **dict.fromkeys(("div", "divide", "true_divide", "truediv", "itruediv", "idiv"), divide),
    **dict.fromkeys(("rtruediv", "rdiv"), divided),
    **dict.fromkeys(("neg", "negative"), negative),
    "addcmul": addcmul,
    **dict.fromkeys(("matmul", "bmm", "mm", "mv", "imatmul"), matmul),
    "rmatmul": lambda tape, input, other: matmul(tape, other, input),
    **dict.fromkeys(("addmm", "baddbmm"), added_product),
    "sum": reduction("reduce_sum"),
    "mean": reduction("reduce_mean"),
    "amax": reduction("reduce_max"),
    "max": maximum,
    "masked_fill": masked_fill,
    "where": where,
}
