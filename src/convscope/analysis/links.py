"""Which positions along an input's axis feed which positions along an output's axis: the field rules, axis by axis.

``Primitive.field`` tells it of one output number. For whole sets of them it is enough, for nearly all primitives, to
know of each axis of the input which one axis of the output decides the position along it, and how; the tests hold this
table against ``field`` for every sample of every primitive. ``reshape`` is followed in ``places``; a primitive that is
not here is asked point by point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from convscope.geometry import Spread, Window
from convscope.ops import PRIMITIVES, activation, adaptive, functions
from convscope.ops.arguments import each_axis, paddings
from convscope.ops.correlation import rules as correlation
from convscope.ops.padding import origin
from convscope.ops.pooling.windows import windows

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Link:
    """What decides the position along one axis of an input.

    ``table`` (outputs, k): the inputs that feed each position along ``axis`` of the output, -1 for none. ``axis`` None:
    the output's position does not matter, and the one row of ``table`` always feeds. ``first``, ``step`` and ``reach``
    say the same without borders: output o sees ``reach`` positions from ``first + step · o`` on (None: no such rule).
    ``exact``: not more than what really feeds.
    """

    axis: int | None
    size: int
    table: np.ndarray
    first: int | None = 0
    step: Fraction = Fraction(1)
    reach: int = 1
    exact: bool = True

    @property
    def same(self) -> bool:
        """Whether each position feeds the same one, and the axes are equally long."""
        return self.table is _positions(self.size) and self.axis is not None


Links = Mapping[str, tuple[Link, ...]]  # by the name of the array input: a link for each of its axes


@lru_cache(4096)
def _positions(size: int) -> np.ndarray:
    return np.arange(size)[:, None]


@lru_cache(4096)
def same(axis: int, size: int) -> Link:
    """Position for position."""
    return Link(axis, size, _positions(size))


@lru_cache(4096)
def whole(size: int) -> Link:
    """All of the axis feeds every output."""
    return Link(None, size, np.arange(size)[None], 0, Fraction(0), size)


@lru_cache(4096)
def shifted(axis: int, outputs: int, size: int, first: int, step: int = 1) -> Link:
    """Output o is the copy of input first + step·o, or of none."""
    table = first + step * np.arange(outputs)
    return Link(axis, size, np.where((table < 0) | (table >= size), -1, table)[:, None], first, Fraction(step))


@lru_cache(4096)
def slid(axis: int, window: Window | Spread) -> Link:
    """A window, or its transpose."""
    table = _table([window.inputs(o) for o in range(window.outputs)])
    if isinstance(window, Window):
        return Link(axis, window.size, table, -window.before, Fraction(window.stride), window.reach)
    # Without borders output o is fed from ⌈(o + before - reach + 1) / stride⌉ to ⌊(o + before) / stride⌋.
    s, last = window.stride, window.reach - 1
    firsts = [-((last - o - window.before) // s) for o in range(s)]
    reach = max((o + window.before) // s - first + 1 for o, first in enumerate(firsts))
    return Link(axis, window.size, table, firsts[0], Fraction(1, s), max(reach, 1))


@lru_cache(4096)
def blocks(axis: int, size: int, outputs: int, groups: int) -> Link:
    """A block of the inputs feeds a block of the outputs (``groups`` of them)."""
    if groups == 1:
        return whole(size)
    each = size // groups
    if each == 1 and outputs == groups:
        return same(axis, size)
    starts = np.arange(outputs) // (outputs // groups) * each
    return Link(axis, size, starts[:, None] + np.arange(each), None)


def listed(axis: int, size: int, feeding: Iterable[Iterable[int]], *, regular: bool = False) -> Link:
    """The inputs of each output told one by one; ``regular``: the outputs share the inputs out evenly."""
    table = _table([list(inputs) for inputs in feeding])
    reach = int((table >= 0).sum(1).max())
    return Link(axis, size, table, 0 if regular else None, Fraction(size, len(table)), reach)


def _table(feeding: list[list[int]]) -> np.ndarray:
    table = np.full((len(feeding), max((len(line) for line in feeding), default=0) or 1), -1)
    for o, line in enumerate(feeding):
        table[o, : len(line)] = line
    return table


def links(op: str, shapes: Sequence[Shape | None], output: Shape, arguments: Mapping[str, Any]) -> Links | None:
    """Return by array input how each of its axes feeds the output; None for a primitive that is no matter of axes.

    ``shapes`` are those of the primitive's inputs, None where one is absent. An input that is only looked up or
    multiplied by (a kernel, a scale) has no links.
    """
    rule = RULES.get(op)
    if rule is None:
        return None
    key = (op, tuple(shapes), output, tuple(sorted(arguments.items())))
    try:
        return _known(key)
    except TypeError:  # a list cannot be looked up
        return _made(key)


def _made(key: tuple[str, Any, Shape, Any]) -> Links:
    op, shapes, output, arguments = key
    return RULES[op](op, shapes, output, dict(arguments))


_known = lru_cache(4096)(_made)


def _alike(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    return {"x": tuple(same(axis, n) for axis, n in enumerate(output))}


def _together(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Each input lies over the last axes of the output; its axes of size 1 are repeated."""
    names = PRIMITIVES[op].inputs
    return {name: _over(shape, output) for name, shape in zip(names, shapes, strict=False) if shape is not None}


def _over(shape: Shape, output: Shape) -> tuple[Link, ...]:
    first = len(output) - len(shape)
    return tuple(whole(1) if n == 1 else same(first + axis, n) for axis, n in enumerate(shape))


def _correlate(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
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
    table = listed(2 + axis, window.size, [sorted(line) for line in lines]).table
    return Link(2 + axis, window.size, table, -window.before, Fraction(window.stride), window.reach)


def _transpose(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    x, kernel, *_ = shapes
    space, size, rank = x[2:], kernel[2:], len(x) - 2
    strides, dilations = (each_axis(op, name, arguments.get(name, 1), rank) for name in ("stride", "dilation"))
    extras = each_axis(op, "output_padding", arguments.get("output_padding", 0), rank, least=0)
    pairs = paddings(op, arguments.get("padding", 0), space, size, strides, dilations, negative=True)
    each = zip(space, size, strides, pairs, dilations, extras, strict=True)
    spreads = (Spread(n, k, s, before, after, d, extra) for n, k, s, (before, after), d, extra in each)
    found = (slid(2 + axis, spread) for axis, spread in enumerate(spreads))
    return {"x": (same(0, x[0]), blocks(1, x[1], output[1], arguments.get("groups", 1)), *found)}


def _pool(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    found = windows(op, shapes[0], **arguments)
    return {"x": (*_first_two(output), *(slid(2 + axis, window) for axis, window in enumerate(found)))}


def _adaptive(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    given = {name: value for name, value in arguments.items() if name == "output_size"}
    space = []
    for axis, spans in enumerate(adaptive.spans(op, shapes[0], **given), start=2):
        n = shapes[0][axis]
        if n % len(spans) == 0:
            space.append(slid(axis, Window(n, n // len(spans), n // len(spans))))
        else:
            space.append(listed(axis, n, [range(one.start, one.stop) for one in spans]))
    return {"x": (*_first_two(output), *space)}


def _first_two(output: Shape) -> tuple[Link, Link]:
    return same(0, output[0]), same(1, output[1])


def _permute(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    return {"x": tuple(same(int(axis), n) for axis, n in zip(np.argsort(arguments["axes"]), shapes[0], strict=True))}


def _slice(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    taken = zip(output, shapes[0], arguments["start"], arguments["step"], strict=True)
    return {
        "x": tuple(
            same(axis, n) if (n, start, step) == (size, 0, 1) else shifted(axis, size, n, start, step)
            for axis, (size, n, start, step) in enumerate(taken)
        )
    }


def _expand(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    return {"x": _over(shapes[0], output)}


def _pad(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
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
        space.append(Link(axis, x[axis], made.table, -before))
    return {"x": (*_first_two(output), *space)}


def _concatenate(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    joined, begin, found = arguments.get("axis", 1) % len(output), 0, {}
    for i, shape in enumerate(shapes):
        found[f"x{i}"] = tuple(
            shifted(axis, output[axis], n, -begin) if axis == joined else same(axis, n) for axis, n in enumerate(shape)
        )
        begin += shape[joined]
    return found


def _linear(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    *front, last = shapes[0]
    return {"x": (*(same(axis, n) for axis, n in enumerate(front)), whole(last))}


def _matmul(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    x, y = shapes
    rows, columns = len(output) - 2, len(output) - 1
    return {
        "x": (*_over(x[:-2], output[:-2]), same(rows, x[-2]), whole(x[-1])),
        "y": (*_over(y[:-2], output[:-2]), whole(y[-2]), same(columns, y[-1])),
    }


def _attention(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    q, k, v, *rest = shapes
    front, rows = tuple(same(axis, n) for axis, n in enumerate(q[:-2])), len(q) - 2
    found: dict[str, tuple[Link, ...]] = {
        "q": (*front, same(rows, q[-2]), whole(q[-1])),
        "k": (*front, whole(k[-2]), whole(k[-1])),
        "v": (*front, whole(v[-2]), same(rows + 1, v[-1])),
    }
    if rest and rest[0] is not None:
        mask = rest[0]
        found["mask"] = (*_over(mask[:-1], output[:-1]), whole(mask[-1]))
    return found


def _embedding(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    return {"indices": tuple(same(axis, n) for axis, n in enumerate(shapes[0]))}


def _standardise(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Position for position where the moments are given, else along all that is normalised together."""
    if op == "batch_norm" and len(shapes) > 3 and shapes[3] is not None:
        return _alike(op, shapes, output, arguments)
    together = {
        "batch_norm": lambda: (0, *range(2, len(output))),
        "layer_norm": lambda: range(len(output) - arguments.get("axes", 1), len(output)),
    }.get(op, lambda: range(2, len(output)))()
    found = [whole(n) if axis in together else same(axis, n) for axis, n in enumerate(output)]
    if op == "group_norm":
        found[1] = blocks(1, output[1], output[1], arguments["groups"])
    return {"x": tuple(found)}


def _reduce(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    axes = {axis % len(output) for axis in arguments["axes"]}
    return {"x": tuple(whole(n) if axis in axes else same(axis, n) for axis, n in enumerate(shapes[0]))}


def _softmax(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    along = arguments.get("axis", 1) % len(output)
    return {"x": tuple(whole(n) if axis == along else same(axis, n) for axis, n in enumerate(output))}


def _resample(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    x, field = shapes[0], PRIMITIVES[op].field
    space = []
    for axis in range(2, len(x)):
        places = ([o if i == axis else 0 for i in range(len(x))] for o in range(output[axis]))
        space.append(listed(axis, x[axis], [field(at, x, **arguments)["x"][axis] for at in places], regular=True))
    return {"x": (*_first_two(output), *space)}


def _unpool(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    found = (*_first_two(output), *(whole(n) for n in shapes[0][2:]))
    return {"x": found, "indices": found}


def _recurrence(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Each step sees all steps before it; the first one alone sees its own unit of the cell."""
    given = dict(zip(PRIMITIVES[op].inputs, shapes, strict=False))
    n, *steps, width = given["x"]
    time = (listed(1, t, [range(o + 1) for o in range(t)]) for t in steps)
    found: dict[str, tuple[Link, ...]] = {"x": (same(0, n), *time, whole(width))}
    if given.get("hidden") is not None:
        found["hidden"] = (same(0, n), whole(given["hidden"][1]))
    if op == "lstm_step":
        found["cell"] = _alike(op, shapes, output, arguments)["x"]
    return found


RULES: dict[str, Callable[[str, Any, Shape, dict[str, Any]], Links]] = {
    **{primitive.name: _alike for room in (activation, functions) for primitive in room.PRIMITIVES},
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "dropout"), _together),
    **dict.fromkeys(("avg_pool", "lp_pool", "max_pool"), _pool),
    **dict.fromkeys(("adaptive_avg_pool", "adaptive_max_pool", "global_avg_pool", "global_max_pool"), _adaptive),
    **dict.fromkeys(("batch_norm", "layer_norm", "group_norm", "instance_norm"), _standardise),
    **dict.fromkeys(("reduce_max", "reduce_mean", "reduce_sum"), _reduce),
    **dict.fromkeys(("softmax", "log_softmax"), _softmax),
    **dict.fromkeys(("resample_linear", "resample_nearest"), _resample),
    **dict.fromkeys(("gru", "gru_step", "lstm", "lstm_step"), _recurrence),
    **dict.fromkeys(("correlate", "convolve"), _correlate),
    "correlate_transpose": _transpose,
    "permute": _permute,
    "strided_slice": _slice,
    "expand": _expand,
    "pad": _pad,
    "concatenate": _concatenate,
    "linear": _linear,
    "matmul": _matmul,
    "attention": _attention,
    "embedding": _embedding,
    "max_unpool": _unpool,
}
