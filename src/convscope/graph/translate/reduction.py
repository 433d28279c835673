"""One number of many: sums, means, extremes and spreads along axes; and sums that grow along one."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.arithmetic import negative
from convscope.graph.translate.arrangement import joined, part_of, reshape
from convscope.graph.translate.masks import as_type


def reduction(op: str) -> Callable[..., Ref]:
    """Return the rule of a sum, mean, maximum, product or logarithm of a sum of powers of e, along axes."""

    def rule(graph: GraphBuilder, input: Ref, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Ref:
        if dtype is not None and str(dtype).removeprefix("torch.") != input.dtype:
            raise Unknown("a reduction in another type")
        return _kept(graph, graph.emit(op, input, axes=axes_of(input, dim)), keepdim)

    return rule


def _kept(graph: GraphBuilder, reduced: Ref, keepdim: bool) -> Ref:
    return reduced if keepdim else reshape(graph, reduced, graph.shape)


def extreme_along(graph: GraphBuilder, input: Ref, axes: tuple[int, ...], *, least: bool) -> Ref:
    """Return the maximum along axes, which stay, or the minimum: the maximum of -x, negated."""
    if least:
        return negative(graph, graph.emit("reduce_max", negative(graph, input), axes=axes))
    return graph.emit("reduce_max", input, axes=axes)


def amin(graph: GraphBuilder, input: Ref, dim: Any = (), keepdim: bool = False) -> Ref:
    """The minimum along axes."""
    return _kept(graph, extreme_along(graph, input, axes_of(input, dim), least=True), keepdim)


def axes_of(input: Ref, dim: Any) -> tuple[int, ...]:
    """Return the axes that are named, all where none is."""
    rank = len(input.shape)
    axes = range(rank) if dim is None or dim == () or dim == [] else (dim,) if isinstance(dim, int) else dim
    return tuple(sorted(axis % rank for axis in axes))


def any_of(*, every: bool) -> Callable[..., Ref]:
    """Return the rule of whether it is True anywhere along axes, or everywhere."""

    def rule(graph: GraphBuilder, input: Ref, dim: Any = None, keepdim: bool = False) -> Ref:
        numbers = as_type(graph, as_type(graph, input, "bool"), "float32")
        signed = negative(graph, numbers) if every else numbers
        most = graph.emit("reduce_max", signed, axes=axes_of(input, dim))
        true = graph.scalar(-1 if every else 1, "float32")
        return _kept(graph, graph.emit("compare", most, true, relation="equal"), keepdim)

    return rule


def variance(*, root: bool) -> Callable[..., Ref]:
    """Return the rule of the mean square distance from the mean, or of its root, the standard deviation."""

    def rule(
        graph: GraphBuilder,
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
        less = correction if correction is not None else 0 if unbiased is False else 1
        number = max(graph.number(math.prod(input.shape[axis] for axis in axes)) - less, 0)
        away = graph.emit("subtract", input, graph.emit("reduce_mean", input, axes=axes))
        if root:  # as a length, so that the gradient of a spread of 0 is 0
            spread = graph.emit("divide", graph.emit("reduce_norm", away, axes=axes), math.sqrt(number))
        else:
            total = graph.emit("reduce_sum", graph.emit("power", away, exponent=2), axes=axes)
            spread = graph.emit("divide", total, float(number))
        return _kept(graph, spread, keepdim)

    return rule


def with_mean(*, root: bool) -> Callable[..., tuple[Ref, Ref]]:
    """Return the rule of a variance or standard deviation, and the mean beside it."""

    def rule(graph: GraphBuilder, input: Ref, dim: Any = None, *args: Any, keepdim: bool = False, **more: Any) -> Any:
        spread = variance(root=root)(graph, input, dim, *args, keepdim=keepdim, **more)
        return spread, reduction("reduce_mean")(graph, input, None if isinstance(dim, bool) else dim, keepdim)

    return rule


def cumulative(op: str) -> Callable[..., Ref]:
    """Return the rule of the sum, or product, of all positions up to each along an axis, one after the other."""

    def rule(graph: GraphBuilder, input: Ref, dim: int, *, dtype: Any = None) -> Ref:
        axis = dim % len(input.shape)
        positions = (part_of(graph, input, axis, at, 1) for at in range(input.shape[axis]))
        return joined(graph, list(itertools.accumulate(positions, functools.partial(graph.emit, op))), axis)

    return rule


def least_and_largest(
    graph: GraphBuilder, input: Ref, *, dim: int | None = None, keepdim: bool = False
) -> tuple[Ref, Ref]:
    """The minimum and the maximum, of all or along one axis."""
    return amin(graph, input, dim, keepdim), reduction("reduce_max")(graph, input, dim, keepdim)


RULES: dict[str, Callable[..., Any]] = {
    "sum": reduction("reduce_sum"),
    "mean": reduction("reduce_mean"),
    "amax": reduction("reduce_max"),
    "amin": amin,
    "any": any_of(every=False),
    "all": any_of(every=True),
    "aminmax": least_and_largest,
    "prod": reduction("reduce_product"),
    "var": variance(root=False),
    "std": variance(root=True),
    "var_mean": with_mean(root=False),
    "std_mean": with_mean(root=True),
    "logsumexp": reduction("reduce_log_sum_exp"),
    "cumsum": cumulative("add"),
    "cumprod": cumulative("multiply"),
}
