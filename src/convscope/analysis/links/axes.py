"""Links of what goes position for position, or takes whole axes together."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.analysis.links.link import Link, Links, Shape, blocks, listed, same, shifted, whole
from convscope.ops import PRIMITIVES


def alike(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Position for position."""
    return {"x": tuple(same(axis, n) for axis, n in enumerate(output))}


def together(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Each input lies over the last axes of the output; its axes of size 1 are repeated."""
    names = PRIMITIVES[op].inputs
    return {name: _over(shape, output) for name, shape in zip(names, shapes, strict=False) if shape is not None}


def _over(shape: Shape, output: Shape) -> tuple[Link, ...]:
    first = len(output) - len(shape)
    return tuple(whole(1) if n == 1 else same(first + axis, n) for axis, n in enumerate(shape))


def permute(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """The axes in another order."""
    return {"x": tuple(same(int(axis), n) for axis, n in zip(np.argsort(arguments["axes"]), shapes[0], strict=True))}


def strided_slice(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """A stretch of each axis, perhaps with gaps or backwards."""
    taken = zip(output, shapes[0], arguments["start"], arguments["step"], strict=True)
    return {
        "x": tuple(
            same(axis, n) if (n, start, step) == (size, 0, 1) else shifted(axis, size, n, start, step)
            for axis, (size, n, start, step) in enumerate(taken)
        )
    }


def expand(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Axes of size 1, repeated."""
    return {"x": _over(shapes[0], output)}


def concatenate(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Each array along its own stretch of one axis."""
    joined, begin, found = arguments.get("axis", 1) % len(output), 0, {}
    for i, shape in enumerate(shapes):
        found[f"x{i}"] = tuple(
            shifted(axis, output[axis], n, -begin) if axis == joined else same(axis, n) for axis, n in enumerate(shape)
        )
        begin += shape[joined]
    return found


def linear(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """All of the last axis."""
    *front, last = shapes[0]
    return {"x": (*(same(axis, n) for axis, n in enumerate(front)), whole(last))}


def matmul(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """A row of one and a column of the other."""
    x, y = shapes
    rows, columns = len(output) - 2, len(output) - 1
    return {
        "x": (*_over(x[:-2], output[:-2]), same(rows, x[-2]), whole(x[-1])),
        "y": (*_over(y[:-2], output[:-2]), whole(y[-2]), same(columns, y[-1])),
    }


def attention(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """A query's row, all keys, and a column of all values."""
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


def attended(mask: np.ndarray, axis: int) -> Link:
    """Return the keys (of any example and head) that a constant mask (..., queries, keys) lets each query see."""
    open_ = mask if mask.dtype == bool else mask > np.finfo(mask.dtype).min  # the lowest number serves for -inf
    rows = np.asarray(open_.reshape(-1, *mask.shape[-2:]).any(0))
    return listed(axis, mask.shape[-1], (np.flatnonzero(row).tolist() for row in rows))


def embedding(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Each index its vector; of the table no link can tell which row."""
    return {"indices": tuple(same(axis, n) for axis, n in enumerate(shapes[0]))}


def taken(indices: np.ndarray, output: Shape, table: Any) -> Links:
    """The rows of a table (rows, size) that constant indices along one axis take; along several no link can tell."""
    if indices.ndim != 1:
        return {}
    return {"weight": (listed(0, table[0], ([int(row)] for row in indices)), same(len(output) - 1, table[1]))}


def gather(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Each index, and all of the axis that it points into."""
    x, indices = shapes
    along = arguments["axis"] % len(output)
    return {
        "x": tuple(whole(n) if axis == along else _begun(axis, output[axis], n) for axis, n in enumerate(x)),
        "indices": tuple(same(axis, n) for axis, n in enumerate(indices)),
    }


def scatter(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """What was there, and all along the axis that may be written to it."""
    x, indices, _ = shapes
    along = arguments["axis"] % len(output)
    written = tuple(whole(n) if axis == along else _begun(axis, x[axis], n) for axis, n in enumerate(indices))
    return {"x": tuple(same(axis, n) for axis, n in enumerate(x)), "indices": written, "source": written}


def _begun(axis: int, outputs: int, size: int) -> Link:
    """Position for position, as far as both reach."""
    return same(axis, size) if outputs == size else shifted(axis, outputs, size, 0)


def standardise(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Position for position where the moments are given, else along all that is normalised together."""
    if op == "batch_norm" and len(shapes) > 3 and shapes[3] is not None:
        return alike(op, shapes, output, arguments)
    together = {
        "batch_norm": lambda: (0, *range(2, len(output))),
        "layer_norm": lambda: range(len(output) - arguments.get("axes", 1), len(output)),
    }.get(op, lambda: range(2, len(output)))()
    found = [whole(n) if axis in together else same(axis, n) for axis, n in enumerate(output)]
    if op == "group_norm":
        found[1] = blocks(1, output[1], output[1], arguments["groups"])
    return {"x": tuple(found)}


def reduce(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """All of the axes that are reduced."""
    axes = {axis % len(output) for axis in arguments["axes"]}
    return {"x": tuple(whole(n) if axis in axes else same(axis, n) for axis, n in enumerate(shapes[0]))}


def one_axis(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """All of one axis."""
    along = arguments.get("axis", 1) % len(output)
    return {"x": tuple(whole(n) if axis == along else same(axis, n) for axis, n in enumerate(shapes[0]))}


def recurrence(op: str, shapes: Any, output: Shape, arguments: Any) -> Links:
    """Each step sees all steps before it; the first one alone sees its own unit of the cell."""
    given = dict(zip(PRIMITIVES[op].inputs, shapes, strict=False))
    n, *steps, width = given["x"]
    time = (listed(1, t, [range(o + 1) for o in range(t)]) for t in steps)
    found: dict[str, tuple[Link, ...]] = {"x": (same(0, n), *time, whole(width))}
    if given.get("hidden") is not None:
        found["hidden"] = (same(0, n), whole(given["hidden"][1]))
    if op == "lstm_step":
        found["cell"] = alike(op, shapes, output, arguments)["x"]
    return found
