"""Shapes: what only arranges numbers, repeats them, takes a part of them or sets them beside each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from convscope.graph.tape import Ref, Tape, Unknown


def same(tape: Tape, input: Ref, *_: Any, **__: Any) -> Ref:
    """Nothing happens to the numbers, as long as type and shape stay; a constant may change its type."""
    if input.value is not None and tape.expected[0][0] == input.shape and tape.expected[0][1] != "bfloat16":
        return tape.constant(input.value.astype(tape.expected[0][1]))
    if tape.expected[0] != (input.shape, input.dtype):
        raise Unknown("another type")
    return input


def reshaped(tape: Tape, input: Ref, *_: Any, **__: Any) -> Ref:
    """The same numbers in row-major order, in the shape that PyTorch returned."""
    shape, dtype = tape.expected[0]
    if dtype != input.dtype:
        raise Unknown("the bits of another type")
    return reshape(tape, input, shape)


def reshape(tape: Tape, input: Ref, shape: tuple[int, ...]) -> Ref:
    """The same numbers in row-major order, in another shape."""
    return input if shape == input.shape else tape.emit("reshape", input, shape=shape)


def permuted(tape: Tape, input: Ref, axes: Sequence[int]) -> Ref:
    """The axes in another order."""
    rank = len(input.shape)
    order = tuple(axis % rank for axis in axes)
    return input if order == tuple(range(rank)) else tape.emit("permute", input, axes=order)


def permute(tape: Tape, input: Ref, *dims: Any) -> Ref:
    """Axes given as numbers or as one sequence."""
    return permuted(tape, input, dims if dims and isinstance(dims[0], int) else dims[0])


def transpose(tape: Tape, input: Ref, dim0: int, dim1: int) -> Ref:
    """Two axes change places."""
    axes = list(range(len(input.shape)))
    axes[dim0], axes[dim1] = axes[dim1], axes[dim0]
    return permuted(tape, input, axes)


def reversed_axes(tape: Tape, input: Ref) -> Ref:
    """All axes in reverse; the ``t`` and ``T`` of a matrix."""
    return permuted(tape, input, range(len(input.shape))[::-1])


def movedim(tape: Tape, input: Ref, source: Any, destination: Any) -> Ref:
    """Some axes to other places, the rest in order."""
    sources, goals = ([one] if isinstance(one, int) else list(one) for one in (source, destination))
    rank = len(input.shape)
    placed = {goal % rank: axis % rank for axis, goal in zip(sources, goals, strict=True)}
    rest = iter(axis for axis in range(rank) if axis not in placed.values())
    return permuted(tape, input, [placed[i] if i in placed else next(rest) for i in range(rank)])


def expand(tape: Tape, input: Ref, *_: Any, **__: Any) -> Ref:
    """Repeated along axes of size 1, to the shape that PyTorch returned."""
    shape = tape.expected[0][0]
    return input if shape == input.shape else tape.emit("expand", input, shape=shape)


def repeat(tape: Tape, input: Ref, *_: Any, **__: Any) -> Ref:
    """The whole array side by side along each axis: new axes of size 1, repeated, joined."""
    shape = tape.expected[0][0]
    sizes = (1,) * (len(shape) - len(input.shape)) + input.shape
    apart = tuple(n for size in sizes for n in (1, size))
    many = tuple(n for size, whole in zip(sizes, shape, strict=True) for n in (whole // size, size))
    wide = tape.emit("expand", tape.emit("reshape", input, shape=apart), shape=many)
    return tape.emit("reshape", wide, shape=shape)


def concatenate(tape: Tape, tensors: Sequence[Ref], dim: int = 0) -> Ref:
    """Beside each other along an axis."""
    given = [one for one in tensors if one.shape != (0,)]  # PyTorch skips those
    return tape.emit("concatenate", *given, axis=dim % len(given[0].shape))


def stack(tape: Tape, tensors: Sequence[Ref], dim: int = 0) -> Ref:
    """Beside each other along a new axis."""
    axis = dim % (len(tensors[0].shape) + 1)
    apart = [tape.emit("reshape", one, shape=(*one.shape[:axis], 1, *one.shape[axis:])) for one in tensors]
    return tape.emit("concatenate", *apart, axis=axis)


def part_of(tape: Tape, input: Ref, axis: int, start: int, size: int) -> Ref:
    """Return neighbouring positions along one axis."""
    if (start, size) == (0, input.shape[axis]):
        return input
    return tape.emit(
        "strided_slice",
        input,
        start=tuple(start if i == axis else 0 for i in range(len(input.shape))),
        size=tuple(size if i == axis else n for i, n in enumerate(input.shape)),
        step=(1,) * len(input.shape),
    )


def split(tape: Tape, input: Ref, _: Any = None, dim: int = 0, **__: Any) -> tuple[Ref, ...]:
    """Cut along an axis into the parts that PyTorch returned."""
    axis, start, found = dim % len(input.shape), 0, []
    for shape, _dtype in tape.expected:
        found.append(part_of(tape, input, axis, start, shape[axis]))
        start += shape[axis]
    return tuple(found)


def unbind(tape: Tape, input: Ref, dim: int = 0) -> tuple[Ref, ...]:
    """Every position along an axis by itself."""
    return tuple(select(tape, input, dim, at) for at in range(input.shape[dim]))


def select(tape: Tape, input: Ref, dim: int, index: int) -> Ref:
    """One position along an axis, which goes away."""
    axis = dim % len(input.shape)
    one = part_of(tape, input, axis, index % input.shape[axis], 1)
    return tape.emit("reshape", one, shape=(*input.shape[:axis], *input.shape[axis + 1 :]))


def narrow(tape: Tape, input: Ref, dim: int, start: int, length: int) -> Ref:
    """Neighbouring positions along an axis."""
    axis = dim % len(input.shape)
    return part_of(tape, input, axis, start % max(input.shape[axis], 1), length)


def item(tape: Tape, input: Ref, index: Any) -> Ref:
    """Whole numbers, slices, None and ... in square brackets, or one array of places along the first axis."""
    given = index if isinstance(index, tuple) else (index,)
    if len(given) == 1 and isinstance(given[0], Ref) and given[0].dtype in ("int64", "int32"):
        n, *rest = input.shape
        rows = tape.emit("embedding", given[0], reshape(tape, input, (n, math.prod(rest))))
        return reshaped(tape, rows)
    if not all(one is None or one is ... or isinstance(one, int | slice) for one in given) or any(
        isinstance(one, bool) for one in given
    ):
        raise Unknown("places given by an array")
    named = sum(one is not None and one is not ... for one in given)
    rest = (slice(None),) * (len(input.shape) - named)
    at = given.index(...) if ... in given else len(given)
    axes = [one for one in (*given[:at], *rest, *given[at + 1 :]) if one is not None]
    start, size, step = [], [], []
    for n, one in zip(input.shape, axes, strict=True):
        first, stop, by = (one % n, one % n + 1, 1) if isinstance(one, int) else one.indices(n)
        start.append(first)
        size.append(len(range(first, stop, by)))
        step.append(by)
    whole = tuple(size) == input.shape and set(step) <= {1}
    made = input if whole else tape.emit(
        "strided_slice", input, start=tuple(start), size=tuple(size), step=tuple(step)
    )  # fmt: skip
    return reshaped(tape, made)


def index_select(tape: Tape, input: Ref, dim: int, index: Ref) -> Ref:
    """The places along one axis that an array of whole numbers names."""
    axis, rank = dim % len(input.shape), len(input.shape)
    front = permuted(tape, input, (axis, *(i for i in range(rank) if i != axis)))
    n, *rest = front.shape
    rows = tape.emit("embedding", index, reshape(tape, front, (n, math.prod(rest))))
    back = reshape(tape, rows, (*index.shape, *rest))
    return permuted(tape, back, (*range(1, axis + 1), 0, *range(axis + 1, rank)))


def flip(tape: Tape, input: Ref, *dims: Any) -> Ref:
    """Backwards along some axes."""
    given = dims if isinstance(dims[0], int) else dims[0]
    axes = {axis % len(input.shape) for axis in given}
    return tape.emit(
        "strided_slice",
        input,
        start=tuple(n - 1 if i in axes else 0 for i, n in enumerate(input.shape)),
        size=input.shape,
        step=tuple(-1 if i in axes else 1 for i in range(len(input.shape))),
    )


def roll(tape: Tape, input: Ref, shifts: Any, dims: Any = None) -> Ref:
    """Rotated along some axes: the end in front of the rest."""
    if dims is None or dims == ():
        raise Unknown("a roll over all axes at once")
    shifts, dims = ((one,) if isinstance(one, int) else one for one in (shifts, dims))
    for shift, dim in zip(shifts, dims, strict=True):
        axis, n = dim % len(input.shape), input.shape[dim]
        if shift % n:
            ahead = n - shift % n
            back, front = part_of(tape, input, axis, 0, ahead), part_of(tape, input, axis, ahead, shift % n)
            input = tape.emit("concatenate", front, back, axis=axis)
    return input


def pad(tape: Tape, input: Ref, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Ref:
    """More positions beyond the border, or fewer where a number is negative."""
    modes = {"constant": "zeros", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
    rank = len(input.shape)
    pairs = [(0, 0)] * (rank - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)][::-1]
    for axis, (before, after) in enumerate(pairs):
        cut = max(-before, 0), max(-after, 0)
        input = part_of(tape, input, axis, cut[0], input.shape[axis] - sum(cut))
    pairs = [(max(before, 0), max(after, 0)) for before, after in pairs]
    if not any(map(any, pairs)):
        return input
    if value not in (None, 0):
        return _bordered(tape, input, pairs, value)
    if 3 <= rank <= 5 and not any(map(any, pairs[:2])):
        return tape.emit("pad", input, padding=tuple(pairs[2:]), mode=modes[mode])
    if mode != "constant":
        raise Unknown(f"{mode} padding of other axes than those of space")
    return _bordered(tape, input, pairs, 0.0)


def _bordered(tape: Tape, input: Ref, pairs: list[tuple[int, int]], value: Any) -> Ref:
    """Return the array with a number around it along any axes."""
    for axis, pair in enumerate(pairs):
        parts = [_filled(tape, input, axis, n, value) if n else None for n in pair]
        parts = [one for one in (parts[0], input, parts[1]) if one is not None]
        input = parts[0] if len(parts) == 1 else tape.emit("concatenate", *parts, axis=axis)
    return input


def _filled(tape: Tape, like: Ref, axis: int, size: int, value: Any) -> Ref:
    return tape.emit(
        "expand",
        tape.scalar(value, like.dtype),
        shape=tuple(size if i == axis else n for i, n in enumerate(like.shape)),
    )


def filled(value: float) -> Callable[..., Ref]:
    """Return the rule of an array of one number, in the shape that PyTorch returned."""

    def rule(tape: Tape, *_: Any, **__: Any) -> Ref:
        shape, dtype = tape.expected[0]
        return tape.emit("expand", tape.scalar(value, dtype), shape=shape)

    return rule


def full(tape: Tape, *given: Any, fill_value: Any = None, **_: Any) -> Ref:
    """An array of a given number."""
    number = fill_value if fill_value is not None else given[-1]
    if isinstance(number, Ref):
        raise Unknown("a number that is an array")
    return filled(tape.number(number))(tape)


def pixel_shuffle(tape: Tape, input: Ref, upscale_factor: int) -> Ref:
    """Channels (C·r², H, W) to places (C, H·r, W·r) (Shi et al. 2016)."""
    n, c, h, w = input.shape
    r = upscale_factor
    apart = tape.emit("reshape", input, shape=(n, c // (r * r), r, r, h, w))
    return tape.emit("reshape", tape.emit("permute", apart, axes=(0, 1, 4, 2, 5, 3)), shape=tape.expected[0][0])


def pixel_unshuffle(tape: Tape, input: Ref, downscale_factor: int) -> Ref:
    """Places (C, H·r, W·r) to channels (C·r², H, W)."""
    n, c, h, w = input.shape
    r = downscale_factor
    apart = tape.emit("reshape", input, shape=(n, c, h // r, r, w // r, r))
    return tape.emit("reshape", tape.emit("permute", apart, axes=(0, 1, 3, 5, 2, 4)), shape=tape.expected[0][0])


def channel_shuffle(tape: Tape, input: Ref, groups: int) -> Ref:
    """The channels of each group taken in turn (Zhang et al. 2018)."""
    n, c, *space = input.shape
    apart = tape.emit("reshape", input, shape=(n, groups, c // groups, *space))
    turned = tape.emit("permute", apart, axes=(0, 2, 1, *range(3, len(space) + 3)))
    return tape.emit("reshape", turned, shape=input.shape)


def dropout(tape: Tape, input: Ref, p: float = 0.5, training: bool = False, inplace: bool = False) -> Ref:
    """Nothing, when a network is evaluated."""
    if training and p:
        raise Unknown("random numbers")
    return input


RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        ("contiguous", "clone", "detach", "to", "float", "double", "half", "type_as", "alias", "cpu", "cuda", "data"),
        same,
    ),
    **dict.fromkeys(
        ("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as", "ravel"), reshaped
    ),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), transpose),
    "permute": permute,
    **dict.fromkeys(("t", "T"), reversed_axes),
    **dict.fromkeys(("mT", "mH"), lambda tape, input: transpose(tape, input, -2, -1)),
    **dict.fromkeys(("movedim", "moveaxis"), movedim),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), expand),
    **dict.fromkeys(("repeat", "tile"), repeat),
    **dict.fromkeys(("cat", "concat", "concatenate"), concatenate),
    "stack": stack,
    **dict.fromkeys(("split", "chunk", "split_with_sizes", "tensor_split"), split),
    "unbind": unbind,
    "select": select,
    "narrow": narrow,
    "getitem": item,
    "index_select": index_select,
    "flip": flip,
    "roll": roll,
    "pad": pad,
    **dict.fromkeys(("zeros", "zeros_like", "new_zeros"), filled(0)),
    **dict.fromkeys(("ones", "ones_like", "new_ones"), filled(1)),
    **dict.fromkeys(("full", "full_like", "new_full"), full),
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "channel_shuffle": channel_shuffle,
    **dict.fromkeys(
        ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"), dropout
    ),
}
