"""Shapes: what only arranges numbers, repeats them or sets them beside each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.masks import as_type


def same(graph: GraphBuilder, input: Ref, *_: Any, **__: Any) -> Ref:
    """Nothing happens to the numbers, as long as shape and type stay; True and False may become 1 and 0."""
    shape, dtype = graph.shape, graph.dtype
    if shape != input.shape:
        raise Unknown("another shape")
    return as_type(graph, input, dtype)


def detached(graph: GraphBuilder, input: Ref) -> Ref:
    """The same numbers, through which no gradient passes."""
    return graph.emit("detach", input) if input.floating and input.value is None else input


def reshaped(graph: GraphBuilder, input: Ref, *_: Any, **__: Any) -> Ref:
    """The same numbers in row-major order, in the shape that PyTorch returned."""
    shape, dtype = graph.shape, graph.dtype
    if dtype != input.dtype:
        raise Unknown("the bits of another type")
    return reshape(graph, input, shape)


def reshape(graph: GraphBuilder, input: Ref, shape: tuple[int, ...]) -> Ref:
    """The same numbers in row-major order, in another shape."""
    return input if shape == input.shape else graph.emit("reshape", input, shape=shape)


def permuted(graph: GraphBuilder, input: Ref, axes: Sequence[int]) -> Ref:
    """The axes in another order."""
    rank = len(input.shape)
    order = tuple(axis % rank for axis in axes)
    return input if order == tuple(range(rank)) else graph.emit("permute", input, axes=order)


def permute(graph: GraphBuilder, input: Ref, *dims: Any) -> Ref:
    """Axes given as numbers or as one sequence."""
    return permuted(graph, input, dims if dims and isinstance(dims[0], int) else dims[0])


def transpose(graph: GraphBuilder, input: Ref, dim0: int = -2, dim1: int = -1) -> Ref:
    """Two axes change places; of ``mT`` the last two."""
    axes = list(range(len(input.shape)))
    axes[dim0], axes[dim1] = axes[dim1], axes[dim0]
    return permuted(graph, input, axes)


def reversed_axes(graph: GraphBuilder, input: Ref) -> Ref:
    """All axes in reverse; the ``t`` and ``T`` of a matrix."""
    return permuted(graph, input, range(len(input.shape))[::-1])


def movedim(graph: GraphBuilder, input: Ref, source: Any, destination: Any) -> Ref:
    """Some axes to other places, the rest in order."""
    sources, goals = ([axes] if isinstance(axes, int) else list(axes) for axes in (source, destination))
    rank = len(input.shape)
    placed = {goal % rank: axis % rank for axis, goal in zip(sources, goals, strict=True)}
    unplaced = iter(axis for axis in range(rank) if axis not in placed.values())
    return permuted(graph, input, [placed[i] if i in placed else next(unplaced) for i in range(rank)])


def expand(graph: GraphBuilder, input: Ref, *_: Any, **__: Any) -> Ref:
    """Repeated along axes of size 1, to the shape that PyTorch returned."""
    return repeated(graph, input, graph.shape)


def repeated(graph: GraphBuilder, input: Ref, shape: tuple[int, ...]) -> Ref:
    """Repeated along axes of size 1, to another shape."""
    return input if shape == input.shape else graph.emit("expand", input, shape=shape)


def repeat(graph: GraphBuilder, input: Ref, *_: Any, **__: Any) -> Ref:
    """The whole array side by side along each axis: new axes of size 1, repeated, joined."""
    shape = graph.shape
    sizes = (1,) * (len(shape) - len(input.shape)) + input.shape
    apart = tuple(n for size in sizes for n in (1, size))
    tiled = tuple(n for size, whole in zip(sizes, shape, strict=True) for n in (whole // size, size))
    wide = graph.emit("expand", graph.emit("reshape", input, shape=apart), shape=tiled)
    return graph.emit("reshape", wide, shape=shape)


def concatenate(graph: GraphBuilder, tensors: Sequence[Ref], dim: int = 0) -> Ref:
    """Beside each other along an axis."""
    arrays = [array for array in tensors if array.shape != (0,)]  # PyTorch skips those
    return graph.emit("concatenate", *arrays, axis=dim % len(arrays[0].shape))


def joined(graph: GraphBuilder, parts: Sequence[Ref], axis: int) -> Ref:
    """Beside each other along an axis; a single one as it is."""
    return parts[0] if len(parts) == 1 else graph.emit("concatenate", *parts, axis=axis)


def stack(graph: GraphBuilder, tensors: Sequence[Ref], dim: int = 0) -> Ref:
    """Beside each other along a new axis."""
    axis = dim % (len(tensors[0].shape) + 1)
    shape = (*tensors[0].shape[:axis], 1, *tensors[0].shape[axis:])
    apart = [graph.emit("reshape", array, shape=shape) for array in tensors]
    return graph.emit("concatenate", *apart, axis=axis)


def part_of(graph: GraphBuilder, input: Ref, axis: int, start: int, size: int) -> Ref:
    """Return neighbouring positions along one axis."""
    if (start, size) == (0, input.shape[axis]):
        return input
    return graph.emit(
        "strided_slice",
        input,
        start=tuple(start if i == axis else 0 for i in range(len(input.shape))),
        size=tuple(size if i == axis else n for i, n in enumerate(input.shape)),
        step=(1,) * len(input.shape),
    )


def flip(graph: GraphBuilder, input: Ref, *dims: Any) -> Ref:
    """Backwards along some axes."""
    axes = {axis % len(input.shape) for axis in (dims if isinstance(dims[0], int) else dims[0])}
    return graph.emit(
        "strided_slice",
        input,
        start=tuple(n - 1 if i in axes else 0 for i, n in enumerate(input.shape)),
        size=input.shape,
        step=tuple(-1 if i in axes else 1 for i in range(len(input.shape))),
    )


def roll(graph: GraphBuilder, input: Ref, shifts: Any, dims: Any = None) -> Ref:
    """Rotated along some axes: the end in front of the rest."""
    if dims is None or dims == ():
        raise Unknown("a roll over all axes at once")
    shifts, dims = ((value,) if isinstance(value, int) else value for value in (shifts, dims))
    pairs = cast("Iterable[tuple[int, int]]", zip(shifts, dims, strict=True))
    for shift, dim in pairs:
        axis, n = dim % len(input.shape), input.shape[dim]
        if shift % n:
            ahead = n - shift % n
            back, front = part_of(graph, input, axis, 0, ahead), part_of(graph, input, axis, ahead, shift % n)
            input = graph.emit("concatenate", front, back, axis=axis)
    return input


def rot90(graph: GraphBuilder, input: Ref, k: int = 1, dims: Sequence[int] = (0, 1)) -> Ref:
    """Turned by quarters, from the first of two axes towards the second."""
    if k % 4 == 0:
        return input
    if k % 4 == 2:
        return flip(graph, input, tuple(dims))
    turned = transpose(graph, input, *dims)
    return flip(graph, turned, dims[0] if k % 4 == 1 else dims[1])


def repeat_interleave(graph: GraphBuilder, input: Ref, repeats: Any, dim: int | None = None, **_: Any) -> Ref:
    """Each position along an axis so often in a row."""
    if isinstance(repeats, Ref):
        raise Unknown("another number of times for each")
    if dim is None:
        input, dim = graph.emit("reshape", input, shape=(math.prod(input.shape),)), 0
    return each_repeated(graph, input, dim, repeats)


def each_repeated(graph: GraphBuilder, input: Ref, dim: int, times: int) -> Ref:
    """Return an array with each position along an axis so often in a row."""
    axis = dim % len(input.shape)
    front, (n, *back) = input.shape[:axis], input.shape[axis:]
    if times == 1:
        return input
    apart = graph.emit("reshape", input, shape=(*front, n, 1, *back))
    wide = graph.emit("expand", apart, shape=(*front, n, times, *back))
    return graph.emit("reshape", wide, shape=(*front, n * times, *back))


def stacked(axis: int, least: int) -> Callable[..., Ref]:
    """Return the rule of ``vstack`` and its like: beside each other along an axis, with at least so many axes."""

    def rule(graph: GraphBuilder, tensors: Sequence[Ref]) -> Ref:
        if any(len(array.shape) < least for array in tensors):
            raise Unknown("arrays with fewer axes")
        return concatenate(graph, tensors, axis)

    return rule


def pixel_shuffle(graph: GraphBuilder, input: Ref, upscale_factor: int) -> Ref:
    """Channels (C·r², H, W) to places (C, H·r, W·r) (Shi et al. 2016)."""
    n, c, h, w = input.shape
    r = upscale_factor
    apart = graph.emit("reshape", input, shape=(n, c // (r * r), r, r, h, w))
    return graph.emit("reshape", graph.emit("permute", apart, axes=(0, 1, 4, 2, 5, 3)), shape=graph.shape)


def pixel_unshuffle(graph: GraphBuilder, input: Ref, downscale_factor: int) -> Ref:
    """Places (C, H·r, W·r) to channels (C·r², H, W)."""
    n, c, h, w = input.shape
    r = downscale_factor
    apart = graph.emit("reshape", input, shape=(n, c, h // r, r, w // r, r))
    return graph.emit("reshape", graph.emit("permute", apart, axes=(0, 1, 3, 5, 2, 4)), shape=graph.shape)


def channel_shuffle(graph: GraphBuilder, input: Ref, groups: int) -> Ref:
    """The channels of each group taken in turn (Zhang et al. 2018)."""
    n, c, *space = input.shape
    apart = graph.emit("reshape", input, shape=(n, groups, c // groups, *space))
    turned = graph.emit("permute", apart, axes=(0, 2, 1, *range(3, len(space) + 3)))
    return graph.emit("reshape", turned, shape=input.shape)


def dropout(graph: GraphBuilder, input: Ref, p: float = 0.5, training: bool = False, inplace: bool = False) -> Ref:
    """Nothing, when a network is evaluated."""
    if training and p:
        raise Unknown("random numbers")
    return input


RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("contiguous", "clone", "to", "type", "float", "double", "half"), same),
    **dict.fromkeys(("type_as", "alias", "cpu", "cuda", "positive"), same),
    **dict.fromkeys(("detach", "data"), detached),
    **dict.fromkeys(
        ("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as", "ravel"), reshaped
    ),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), transpose),
    "permute": permute,
    **dict.fromkeys(("t", "T"), reversed_axes),
    **dict.fromkeys(("mT", "mH"), transpose),
    **dict.fromkeys(("movedim", "moveaxis"), movedim),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), expand),
    **dict.fromkeys(("repeat", "tile"), repeat),
    **dict.fromkeys(("cat", "concat", "concatenate"), concatenate),
    "stack": stack,
    "flip": flip,
    "roll": roll,
    "rot90": rot90,
    "repeat_interleave": repeat_interleave,
    **dict.fromkeys(("vstack", "row_stack"), stacked(0, 2)),
    "hstack": stacked(1, 2),
    "dstack": stacked(2, 3),
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "channel_shuffle": channel_shuffle,
    **dict.fromkeys(
        ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"), dropout
    ),
}
