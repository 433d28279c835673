"""Links of what slides over space: convolutions, poolings, padding, resampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convscope.analysis.links.link import Link, Links, Shape, blocks, listed, same, shifted, slid, whole
from convscope.geometry import Spread, Window
from convscope.ops import PRIMITIVES, adaptive
from convscope.ops.arguments import each_axis, paddings
from convscope.ops.correlation import rules as correlation
from convscope.ops.padding import origin
from convscope.ops.pooling.windows import windows


def correlate(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Windows, and the channels of a group."""
    x, kernel, *_ = shapes
    given = {name: value for name, value in arguments.items() if name != "algorithm"}
    found = correlation.setting(op, x, kernel, None, **given)
    if found.padding_mode == "zeros":
        space = tuple(slid(2 + axis, window) for axis, window in enumerate(found.windows))
    else:
        space = tuple(_around(axis, found) for axis in range(len(found.windows)))
    return {"x": (same(0, x[0]), blocks(1, x[1], output[1], found.groups), *space)}


def _around(axis: int, found: correlation.Setting) -> Link:
    window = found.windows[axis]
    lines = ({i for i in found.inputs(axis, o) if i is not None} for o in range(window.outputs))
    table = listed(2 + axis, window.size, lines).table
    return Link(2 + axis, window.size, table, (np.array(window.positions(0)),), window.stride)


def transpose(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """The windows of a convolution the other way around."""
    x, kernel, *_ = shapes
    space, size, rank = x[2:], kernel[2:], len(x) - 2
    strides, dilations = (each_axis(op, name, arguments.get(name, 1), rank) for name in ("stride", "dilation"))
    extras = each_axis(op, "output_padding", arguments.get("output_padding", 0), rank, least=0)
    pairs = paddings(op, arguments.get("padding", 0), space, size, strides, dilations, negative=True)
    each = zip(space, size, strides, pairs, dilations, extras, strict=True)
    spreads = (Spread(n, k, s, before, after, d, extra) for n, k, s, (before, after), d, extra in each)
    found = (slid(2 + axis, spread) for axis, spread in enumerate(spreads))
    return {"x": (same(0, x[0]), blocks(1, x[1], output[1], arguments.get("groups", 1)), *found)}


def pool(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Windows, each channel by itself."""
    found = windows(op, shapes[0], **arguments)
    return {"x": (*_first_two(output), *(slid(2 + axis, window) for axis, window in enumerate(found)))}


def adaptive_pool(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Spans of the input, windows where they are all alike."""
    given = {name: value for name, value in arguments.items() if name == "output_size"}
    space = []
    for axis, spans in enumerate(adaptive.spans(op, shapes[0], **given), start=2):
        n = shapes[0][axis]
        if n % len(spans) == 0:
            space.append(slid(axis, Window(n, n // len(spans), n // len(spans))))
        else:
            space.append(listed(axis, n, [range(one.start, one.stop) for one in spans], Fraction(n, len(spans))))
    return {"x": (*_first_two(output), *space)}


def pad(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """What is there, and what the border copies."""
    (x,), mode = shapes, arguments.get("mode", "zeros")
    pairs = arguments["padding"]
    pairs = [(pairs, pairs)] * (len(x) - 2) if isinstance(pairs, int) else [
        (one, one) if isinstance(one, int) else one for one in pairs
    ]  # fmt: skip
    space = []
    for axis, (before, _) in enumerate(pairs, start=2):
        if mode == "zeros":
            space.append(shifted(axis, output[axis], x[axis], -before))
            continue
        found = (origin(o - before, x[axis], mode) for o in range(output[axis]))
        made = listed(axis, x[axis], [[i] for i in found if i is not None])
        space.append(Link(axis, x[axis], made.table, (np.array([-before]),)))
    return {"x": (*_first_two(output), *space)}


def resample(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """The neighbours of a place, by the primitive's own rule."""
    x, field = shapes[0], PRIMITIVES[op].field
    space = []
    for axis in range(2, len(x)):
        places = ([o if i == axis else 0 for i in range(len(x))] for o in range(output[axis]))
        feeding = [field(at, x, **arguments)["x"][axis] for at in places]
        space.append(listed(axis, x[axis], feeding, _step(x[axis], output[axis], axis - 2, arguments)))
    return {"x": (*_first_two(output), *space)}


def _step(size: int, outputs: int, axis: int, arguments: Mapping[str, Any]) -> Fraction:
    """Return how many inputs further on each output of a resampled axis lies."""
    scale = arguments.get("scale")
    if arguments.get("align_corners"):
        return Fraction(max(size - 1, 1), max(outputs - 1, 1))
    if scale is None or size == outputs:
        return Fraction(size, outputs)
    return 1 / Fraction(scale[axis] if isinstance(scale, Sequence) else scale).limit_denominator(100)


def unpool(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Any place of the channel: the indices tell which."""
    found = (*_first_two(output), *(whole(n) for n in shapes[0][2:]))
    return {"x": found, "indices": found}


def sampled(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Any place of the channel: the grid tells which."""
    x, grid = shapes
    of_grid = (same(0, grid[0]), *(same(axis + 1, n) for axis, n in enumerate(grid[1:-1], start=1)), whole(grid[-1]))
    return {"x": (*_first_two(output), *(whole(n) for n in x[2:])), "grid": of_grid}


def _first_two(output: Shape) -> tuple[Link, Link]:
    return same(0, output[0]), same(1, output[1])
