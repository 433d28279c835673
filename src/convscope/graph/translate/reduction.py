"""One number of many: sums, means, extremes and spreads along axes; and sums that grow along one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convscope.graph.tape import Ref, Tape, Unknown
from convscope.graph.translate.arithmetic import negative
from convscope.graph.translate.arrangement import part_of
from convscope.graph.translate.masks import as_type, larger


def reduction(op: str) -> Callable[..., Ref]:
    """Return the rule of a sum, mean or maximum along axes."""

    def rule(tape: Tape, input: Ref, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Ref:
        if dtype is not None and str(dtype).removeprefix("torch.") != input.dtype:
            raise Unknown("a reduction in another type")
        return _kept(tape, tape.emit(op, input, axes=axes_of(input, dim)), keepdim)

    return rule


def _kept(tape: Tape, made: Ref, keepdim: bool) -> Ref:
    return made if keepdim or made.shape == tape.expected[0][0] else tape.emit(
        "reshape", made, shape=tape.expected[0][0]
    )  # fmt: skip


def maximum(tape: Tape, input: Ref, dim: int | None = None, keepdim: bool = False) -> Any:
    """The maximum of all, or along one axis; where it stood is not told."""
    if isinstance(dim, Ref):
        return larger("greater")(tape, input, dim)
    axes = tuple(range(len(input.shape))) if dim is None else (dim % len(input.shape),)
    made = _kept(tape, tape.emit("reduce_max", input, axes=axes), keepdim)
    return made if dim is None else (made, None)


def least(tape: Tape, input: Ref, dim: int | None = None, keepdim: bool = False) -> Any:
    """The minimum of all, or along one axis: the maximum of -x, negated."""
    if isinstance(dim, Ref):
        return larger("less")(tape, input, dim)
    rank = len(input.shape)
    axes = tuple(range(rank)) if dim is None else (dim % rank,)
    made = _kept(tape, _least(tape, input, axes), keepdim)
    return made if dim is None else (made, None)


def _least(tape: Tape, input: Ref, axes: tuple[int, ...]) -> Ref:
    return negative(tape, tape.emit("reduce_max", negative(tape, input), axes=axes))


def amin(tape: Tape, input: Ref, dim: Any = (), keepdim: bool = False) -> Ref:
    """The minimum along axes."""
    return _kept(tape, _least(tape, input, axes_of(input, dim)), keepdim)


def axes_of(input: Ref, dim: Any) -> tuple[int, ...]:
    """Return the axes that are named, all where none is."""
    rank = len(input.shape)
    given = range(rank) if dim is None or dim == () or dim == [] else (dim,) if isinstance(dim, int) else dim
    return tuple(sorted(axis % rank for axis in given))


def any_of(*, every: bool) -> Callable[..., Ref]:
    """Return the rule of whether it is True anywhere along axes, or everywhere."""

    def rule(tape: Tape, input: Ref, dim: Any = None, keepdim: bool = False) -> Ref:
        numbers = as_type(tape, as_type(tape, input, "bool"), "float32")
        signed = negative(tape, numbers) if every else numbers
        most = tape.emit("reduce_max", signed, axes=axes_of(input, dim))
        made = tape.emit("compare", most, tape.scalar(-1 if every else 1, "float32"), relation="equal")
        return _kept(tape, made, keepdim)

    return rule


def variance(exponent: float) -> Callable[..., Ref]:
    """Return the rule of the mean square distance from the mean, to a power: ½ is the standard deviation."""

    def rule(
        tape: Tape,
        input: Ref,
        dim: Any = None,
        unbiased: bool | None = None,
        keepdim: bool = False,
        *,
        correction: float | None = None,
    ) -> Ref:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        axes = axes_of(input, dim)
        fewer = correction if correction is not None else 0 if unbiased is False else 1
        number = tape.number(math.prod(input.shape[axis] for axis in axes))
        away = tape.emit("subtract", input, tape.emit("reduce_mean", input, axes=axes))
        total = tape.emit("reduce_sum", tape.emit("power", away, exponent=2), axes=axes)
        made = tape.emit("divide", total, float(number - fewer))
        return _kept(tape, made if exponent == 1 else tape.emit("power", made, exponent=exponent), keepdim)

    return rule


def log_sum_exp(tape: Tape, input: Ref, dim: Any, keepdim: bool = False) -> Ref:
    """The logarithm of a sum of powers of e, without overflow."""
    axes = axes_of(input, dim)
    most = tape.emit("reduce_max", input, axes=axes)
    total = tape.emit("reduce_sum", tape.emit("exp", tape.emit("subtract", input, most)), axes=axes)
    return _kept(tape, tape.emit("add", most, tape.emit("log", total)), keepdim)


def cumulative_sum(tape: Tape, input: Ref, dim: int, *, dtype: Any = None) -> Ref:
    """Sums of all positions up to each along an axis, one after the other."""
    axis = dim % len(input.shape)
    sums: list[Ref] = []
    for at in range(input.shape[axis]):
        one = part_of(tape, input, axis, at, 1)
        sums.append(tape.emit("add", sums[-1], one) if sums else one)
    return sums[0] if len(sums) == 1 else tape.emit("concatenate", *sums, axis=axis)


RULES: dict[str, Callable[..., Any]] = {
    "sum": reduction("reduce_sum"),
    "mean": reduction("reduce_mean"),
    "amax": reduction("reduce_max"),
    "max": maximum,
    "min": least,
    "amin": amin,
    "any": any_of(every=False),
    "all": any_of(every=True),
    "var": variance(1),
    "std": variance(0.5),
    "logsumexp": log_sum_exp,
    "cumsum": cumulative_sum,
}
