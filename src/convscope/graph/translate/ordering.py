"""The places of the largest and of all in their order; and numbers taken from places, or written to them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.arithmetic import negative, times
from convscope.graph.translate.arrangement import part_of, repeated, reshape
from convscope.graph.translate.masks import alike
from convscope.graph.translate.reduction import axes_of, extreme_along


def place_of_most(*, least: bool) -> Callable[..., Ref]:
    """Return the rule of where the largest number stands, or the least: of all, or along an axis."""

    def rule(graph: GraphBuilder, input: Ref, dim: int | None = None, keepdim: bool = False) -> Ref:
        if dim is None:
            input, dim = reshape(graph, input, (math.prod(input.shape),)), 0
        return reshape(graph, extreme_place(graph, input, dim, least=least), graph.shape)

    return rule


def extreme_place(graph: GraphBuilder, input: Ref, dim: int, *, least: bool) -> Ref:
    """Return where the largest or least number stands along an axis, which stays."""
    signed = negative(graph, input) if least else input
    return graph.emit("argmax", signed, axis=dim % max(len(input.shape), 1))


def extreme(*, least: bool) -> Callable[..., Any]:
    """Return the rule of the maximum or minimum: of all, along an axis with its place, or of two arrays.

    Along an axis the number at that place alone has a gradient; of all of them, equal ones share it.
    """

    def rule(graph: GraphBuilder, input: Ref, dim: Any = None, keepdim: bool = False, other: Ref | None = None) -> Any:
        if isinstance(dim, Ref) or other is not None:
            second = other if dim is None else dim
            return graph.emit("minimum" if least else "maximum", *alike(graph, input, second))
        shape = graph.shape
        if dim is None:
            return reshape(graph, extreme_along(graph, input, axes_of(input, None), least=least), shape)
        place = extreme_place(graph, input, dim, least=least)
        taken = graph.emit("gather", input, place, axis=dim % len(input.shape))
        return reshape(graph, taken, shape), reshape(graph, place, shape)

    return rule


def argsort(graph: GraphBuilder, input: Ref, dim: Any = -1, descending: bool = False, *, stable: bool = False) -> Ref:
    """The places of all numbers in their order; of equal ones PyTorch may tell others."""
    return graph.emit("argsort", input, axis=dim % len(input.shape), descending=descending)


def sort(
    graph: GraphBuilder, input: Ref, dim: int = -1, descending: bool = False, *, stable: bool | None = None
) -> tuple[Ref, Ref]:
    """The numbers in their order, and where they stood."""
    order = argsort(graph, input, dim, descending)
    return graph.emit("gather", input, order, axis=dim % len(input.shape)), order


def top(
    graph: GraphBuilder, input: Ref, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> tuple[Ref, Ref]:
    """The k largest or smallest numbers, and where they stand; of equal ones PyTorch may take others."""
    axis = dim % len(input.shape)
    order = part_of(graph, argsort(graph, input, dim, largest), axis, 0, k)
    return graph.emit("gather", input, order, axis=axis), order


def kth(graph: GraphBuilder, input: Ref, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Ref, Ref]:
    """The k-th smallest number, and where it stands."""
    axis = dim % len(input.shape)
    place = part_of(graph, argsort(graph, input, dim), axis, k - 1, 1)
    taken = graph.emit("gather", input, place, axis=axis)
    return reshape(graph, taken, graph.shape), reshape(graph, place, graph.shape)


def gather(graph: GraphBuilder, input: Ref, dim: int, index: Ref, *, sparse_grad: bool = False) -> Ref:
    """The numbers at places along an axis."""
    return graph.emit("gather", input, index, axis=dim % len(input.shape))


def take_along(graph: GraphBuilder, input: Ref, indices: Ref, dim: int | None = None) -> Ref:
    """The numbers at places along an axis, or of all numbers in a row; both are repeated to each other."""
    if dim is None:
        input, indices = (reshape(graph, array, (math.prod(array.shape),)) for array in (input, indices))
        return graph.emit("gather", input, indices, axis=0)
    axis = dim % len(input.shape)
    wide: list[Ref] = []
    for array, other in ((input, indices), (indices, input)):
        shape = tuple(n if i == axis else max(n, other.shape[i]) for i, n in enumerate(array.shape))
        wide.append(repeated(graph, array, shape))
    return graph.emit("gather", *wide, axis=axis)


def scatter(*, add: bool) -> Callable[..., Ref]:
    """Return the rule of writing an array, or a number, to places along an axis, or of adding it there."""

    def rule(
        graph: GraphBuilder,
        input: Ref,
        dim: int,
        index: Ref,
        src: Any = None,
        *,
        value: Any = None,
        reduce: str | None = None,
    ) -> Ref:
        source = value if src is None else src
        if reduce not in (None, "add") or not input.floating:
            raise Unknown(f"scatter by {reduce}")
        (source, _) = alike(graph, source, input)
        if not source.shape and index.shape:
            source = graph.emit("expand", source, shape=index.shape)
        for axis, n in enumerate(index.shape):
            source = part_of(graph, source, axis, 0, n)
        more = {"add": True} if add or reduce else {}
        return graph.emit("scatter", input, index, source, axis=dim % len(input.shape), **more)

    return rule


def scatter_reduce(
    graph: GraphBuilder, input: Ref, dim: int, index: Ref, src: Ref, reduce: str, *, include_self: bool = True
) -> Ref:
    """What was there and all that is written to it, added up."""
    if reduce != "sum" or not include_self:
        raise Unknown(f"scatter by {reduce}")
    return scatter(add=True)(graph, input, dim, index, src)


def at_rows(*, add: bool) -> Callable[..., Ref]:
    """Return the rule of writing whole rows along an axis to places, or of adding them there."""

    def rule(graph: GraphBuilder, input: Ref, dim: int, index: Ref, source: Ref, *, alpha: float = 1) -> Ref:
        axis = dim % len(input.shape)
        apart = reshape(graph, index, tuple(n if i == axis else 1 for i, n in enumerate(source.shape)))
        return scatter(add=add)(graph, input, axis, repeated(graph, apart, source.shape), times(graph, source, alpha))

    return rule


RULES: dict[str, Callable[..., Any]] = {
    "argmax": place_of_most(least=False),
    "argmin": place_of_most(least=True),
    "max": extreme(least=False),
    "min": extreme(least=True),
    "argsort": argsort,
    "sort": sort,
    "topk": top,
    "kthvalue": kth,
    "gather": gather,
    "take_along_dim": take_along,
    "scatter": scatter(add=False),
    "scatter_add": scatter(add=True),
    "scatter_reduce": scatter_reduce,
    "index_add": at_rows(add=True),
    "index_copy": at_rows(add=False),
}
