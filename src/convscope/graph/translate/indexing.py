"""A part of an array: slices, places, windows; and an array of which a part is written anew."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.arrangement import joined, part_of, permuted, repeated, reshape, reshaped
from convscope.graph.translate.convolution import axes
from convscope.graph.translate.masks import alike, as_type


def split(graph: GraphBuilder, input: Ref, _: Any = None, dim: int = 0, **__: Any) -> tuple[Ref, ...]:
    """Cut along an axis into the parts that PyTorch returned."""
    axis = dim % len(input.shape)
    ends = itertools.accumulate(shape[axis] for shape, _ in graph.expected)
    sizes = (shape[axis] for shape, _ in graph.expected)
    return tuple(part_of(graph, input, axis, end - n, n) for end, n in zip(ends, sizes, strict=True))


def unbind(graph: GraphBuilder, input: Ref, dim: int = 0) -> tuple[Ref, ...]:
    """Every position along an axis by itself."""
    return tuple(select(graph, input, dim, at) for at in range(input.shape[dim]))


def select(graph: GraphBuilder, input: Ref, dim: int, index: int) -> Ref:
    """One position along an axis, which goes away."""
    axis = dim % len(input.shape)
    position = part_of(graph, input, axis, index % input.shape[axis], 1)
    return graph.emit("reshape", position, shape=(*input.shape[:axis], *input.shape[axis + 1 :]))


def narrow(graph: GraphBuilder, input: Ref, dim: int, start: int, length: int) -> Ref:
    """Neighbouring positions along an axis."""
    axis = dim % len(input.shape)
    return part_of(graph, input, axis, start % max(input.shape[axis], 1), length)


def item(graph: GraphBuilder, input: Ref, index: Any) -> Ref:
    """Whole numbers, slices, None and ... in square brackets; or arrays of places along one or several axes."""
    entries = _entries(graph, index)
    if any(isinstance(entry, Ref) for entry in entries):
        return _at_places(graph, input, entries)
    start, size, step = _strides(input.shape, entries)
    if size == input.shape and set(step) <= {1}:
        return reshaped(graph, input)
    return reshaped(graph, graph.emit("strided_slice", input, start=start, size=size, step=step))


def _entries(graph: GraphBuilder, index: Any) -> tuple[Any, ...]:
    """Return what stands between square brackets, lists of places as arrays."""
    entries = cast("tuple[Any, ...]", index if isinstance(index, tuple) else (index,))
    return tuple(graph.constant(entry) if isinstance(entry, list) else entry for entry in entries)


def _axes(shape: tuple[int, ...], entries: tuple[Any, ...]) -> list[Any]:
    """Return what is asked along each axis: what ``...`` stands for, and what is not named, is all of it."""
    named = [entry for entry in entries if entry is not None]
    at = named.index(...) if any(entry is ... for entry in named) else len(named)
    full_slices = [slice(None)] * (len(shape) - len(named) + (at < len(named)))
    return [*named[:at], *full_slices, *named[at + 1 :]]


def _strides(shape: tuple[int, ...], entries: tuple[Any, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the first position along each axis, how many there are, and how far apart they are."""
    places: list[range] = []
    for n, entry in zip(shape, _axes(shape, entries), strict=True):
        if isinstance(entry, bool) or not isinstance(entry, int | slice):
            raise Unknown("places given by an array")
        places.append(range(entry % n, entry % n + 1) if isinstance(entry, int) else range(*entry.indices(n)))
    return tuple(run.start for run in places), tuple(map(len, places)), tuple(run.step for run in places)


def _at_places(graph: GraphBuilder, input: Ref, entries: tuple[Any, ...]) -> Ref:
    """Return what arrays of places take along axes beside each other, all of the other axes or slices of them."""
    if any(isinstance(entry, Ref) and entry.dtype == "bool" for entry in entries):
        entries = _of_mask(graph, entries)
    along = [i for i, entry in enumerate(entries) if isinstance(entry, Ref)]
    plain = tuple(slice(None) if isinstance(entry, Ref) else entry for entry in entries)
    if along[-1] - along[0] >= len(along) or any(entry is None or isinstance(entry, int) for entry in plain):
        raise Unknown("places given by arrays apart, or beside single ones")
    first = along[0] if ... not in plain[: along[0]] else along[0] - len(entries) + len(input.shape)
    start, size, step = _strides(input.shape, plain)
    cut = input if size == input.shape else graph.emit("strided_slice", input, start=start, size=size, step=step)
    places = [entries[i] for i in along]
    if len(places) == 1:
        return index_select(graph, cut, first, places[0])
    sizes = cut.shape[first : first + len(places)]
    values = [array.value for array in places if array.value is not None]
    if len(values) < len(places):
        raise Unknown("places given by several arrays that are computed")
    positive: list[np.ndarray] = [np.where(value < 0, value + n, value) for value, n in zip(values, sizes, strict=True)]
    flat = graph.constant(np.ravel_multi_index(np.broadcast_arrays(*positive), sizes))
    merged = (*cut.shape[:first], math.prod(sizes), *cut.shape[first + len(places) :])
    return index_select(graph, reshape(graph, cut, merged), first, flat)


def _of_mask(graph: GraphBuilder, entries: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return an index with a constant mask replaced by the places at which it is True."""
    replaced: list[Any] = []
    for entry in entries:
        if not isinstance(entry, Ref) or entry.dtype != "bool":
            replaced.append(entry)
        elif entry.value is None:
            raise Unknown("places given by a mask that is computed")
        else:
            replaced += [graph.constant(places) for places in np.nonzero(entry.value)]
    return tuple(replaced)


def index_select(graph: GraphBuilder, input: Ref, dim: int, index: Ref) -> Ref:
    """The places along one axis that an array of whole numbers names; the array's axes stand where the axis was."""
    axis, rank, more = dim % len(input.shape), len(input.shape), len(index.shape)
    if index.dtype not in ("int64", "int32"):
        raise Unknown("places that are no whole numbers")
    front = permuted(graph, input, (axis, *(i for i in range(rank) if i != axis)))
    n, *others = front.shape
    if index.value is not None and (index.value < 0).any():
        index = graph.constant(np.where(index.value < 0, index.value + n, index.value))
    rows = graph.emit("embedding", index, reshape(graph, front, (n, math.prod(others))))
    back = reshape(graph, rows, (*index.shape, *others))
    return permuted(graph, back, (*range(more, more + axis), *range(more), *range(more + axis, more + rank - 1)))


def assigned(graph: GraphBuilder, input: Ref, index: Any, value: Any) -> Ref:
    """Return the array as it is after ``input[index] = value``: by slices, or by one mask."""
    entries = _entries(graph, index)
    value, input = alike(graph, value, input)
    if len(entries) == 1 and isinstance(entries[0], Ref) and entries[0].dtype == "bool":
        if math.prod(value.shape) != 1:
            raise Unknown("as many numbers as a mask has places")
        (mask,) = entries
        wide = reshape(graph, mask, (*mask.shape, *(1,) * (len(input.shape) - len(mask.shape))))
        return graph.emit("where", wide, reshape(graph, value, ()), input)
    if None in entries:
        raise Unknown("new axes in what is written to")
    start, size, step = _strides(input.shape, entries)
    kept = [n for n, entry in zip(size, _axes(input.shape, entries), strict=True) if not isinstance(entry, int)]
    value = reshape(graph, value, value.shape[max(len(value.shape) - len(kept), 0) :])
    value = repeated(graph, value, tuple(kept))
    places = [range(first, first + n * by, by) for first, n, by in zip(start, size, step, strict=True)]
    return _written(graph, input, reshape(graph, value, size), places)


def _written(graph: GraphBuilder, input: Ref, value: Ref, places: list[range]) -> Ref:
    """Return an array with ``value`` at some places: stretches of both beside each other, axis by axis."""
    axis = next((axis for axis, n in enumerate(input.shape) if places[axis] != range(n)), None)
    if axis is None or 0 in value.shape:
        return value if axis is None else input
    parts: list[Ref] = []
    along, done = places[axis], 0
    each = len(along) if along.step == 1 else 1  # neighbours at once
    for i in range(0, len(along), each):
        if along[i] > done:
            parts.append(part_of(graph, input, axis, done, along[i] - done))
        done = along[i] + each
        inside = [range(each) if other == axis else run for other, run in enumerate(places)]
        before = part_of(graph, input, axis, along[i], each)
        parts.append(_written(graph, before, part_of(graph, value, axis, i, each), inside))
    if done < input.shape[axis]:
        parts.append(part_of(graph, input, axis, done, input.shape[axis] - done))
    return joined(graph, parts, axis)


def filled_in(graph: GraphBuilder, input: Ref, value: Any = 0) -> Ref:
    """Return an array of one number in the place of another."""
    value, _ = alike(graph, value, input)
    return graph.emit("expand", reshape(graph, value, ()), shape=input.shape)


def copied(graph: GraphBuilder, input: Ref, src: Ref, non_blocking: bool = False) -> Ref:
    """Return another array's numbers in the place of an array's."""
    return repeated(graph, as_type(graph, src, input.dtype), input.shape)


def unfold(graph: GraphBuilder, input: Ref, *settings: Any, **named: Any) -> Ref:
    """Windows: along one axis, as ``Tensor.unfold``; or the patches under a kernel, as ``F.unfold`` has them."""
    if len(graph.shape) == len(input.shape) + 1:
        return _windows(graph, input, *settings, **named)
    return _patches(graph, input, *settings, **named)


def _windows(graph: GraphBuilder, input: Ref, dimension: int, size: int, step: int) -> Ref:
    """Return windows along one axis, their positions along a new last one."""
    axis = dimension % len(input.shape)
    number = (input.shape[axis] - size) // step + 1
    parts: list[Ref] = []
    for first in range(size):
        start = tuple(first if i == axis else 0 for i in range(len(input.shape)))
        lengths = tuple(number if i == axis else n for i, n in enumerate(input.shape))
        steps = tuple(step if i == axis else 1 for i in range(len(input.shape)))
        taken = graph.emit("strided_slice", input, start=start, size=lengths, step=steps)
        parts.append(reshape(graph, taken, (*lengths, 1)))
    return joined(graph, parts, len(input.shape))


def _patches(
    graph: GraphBuilder, input: Ref, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Ref:
    """Return patches (N, C·k, places) of (N, C, H, W)."""
    sizes, holes, steps = (axes("im2col", setting, 2) for setting in (kernel_size, dilation, stride))
    ends = tuple((n, n) for n in axes("im2col", padding, 2, least=0))
    return reshaped(graph, graph.emit("im2col", input, size=sizes, stride=steps, padding=ends, dilation=holes))


def fold(
    graph: GraphBuilder,
    input: Ref,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Ref:
    """Patches (N, C·k, places) added up where they overlap."""
    settings = (output_size, kernel_size, dilation, stride)
    space, sizes, holes, steps = (axes("col2im", setting, 2) for setting in settings)
    ends = tuple((n, n) for n in axes("col2im", padding, 2, least=0))
    return graph.emit("col2im", input, space=space, size=sizes, stride=steps, padding=ends, dilation=holes)


RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("split", "chunk", "split_with_sizes", "tensor_split"), split),
    "unbind": unbind,
    "select": select,
    "narrow": narrow,
    "getitem": item,
    "setitem": assigned,
    **dict.fromkeys(("fill", "zero"), filled_in),
    "copy": copied,
    "index_select": index_select,
    "unfold": unfold,
    "fold": fold,
}
