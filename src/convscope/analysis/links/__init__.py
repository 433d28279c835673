"""Which positions along an input's axis feed which positions along an output's axis: the field rules, axis by axis.

``Primitive.field`` tells it of one output number. For whole sets of them it is enough, for nearly all primitives, to
know of each axis of the input which one axis of the output decides the position along it, and how; the tests hold this
table against ``field`` for every sample of every primitive. ``reshape`` is followed in ``places``; a primitive that is
not here is asked point by point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from convscope.analysis.links import axes, windows
from convscope.analysis.links.link import Link, Links, Shape, same, shifted
from convscope.ops import activation, condensing, functions, pairs, rounding

__all__ = ["RULES", "Link", "Links", "links", "same", "shifted"]


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


RULES: dict[str, Callable[[str, Any, Shape, dict[str, Any]], Links]] = {
    **{primitive.name: axes.alike for room in (activation, functions, rounding) for primitive in room.PRIMITIVES},
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "dropout", "compare", "where"), axes.together),
    **dict.fromkeys(("avg_pool", "lp_pool", "max_pool"), windows.pool),
    **dict.fromkeys(
        ("adaptive_avg_pool", "adaptive_max_pool", "global_avg_pool", "global_max_pool"), windows.adaptive_pool
    ),
    **dict.fromkeys(("batch_norm", "layer_norm", "group_norm", "instance_norm"), axes.standardise),
    **{primitive.name: axes.together for primitive in pairs.PRIMITIVES},
    **dict.fromkeys(("reduce_max", "reduce_mean", "reduce_sum"), axes.reduce),
    **{primitive.name: axes.reduce for primitive in condensing.PRIMITIVES},
    **dict.fromkeys(("softmax", "log_softmax", "argmax", "argsort"), axes.one_axis),
    **dict.fromkeys(("resample_cubic", "resample_linear", "resample_nearest"), windows.resample),
    **dict.fromkeys(("gru", "gru_step", "lstm", "lstm_step"), axes.recurrence),
    **dict.fromkeys(("correlate", "convolve"), windows.correlate),
    "correlate_transpose": windows.transpose,
    "detach": axes.alike,
    "permute": axes.permute,
    "strided_slice": axes.strided_slice,
    "expand": axes.expand,
    "pad": windows.pad,
    "concatenate": axes.concatenate,
    "linear": axes.linear,
    "matmul": axes.matmul,
    "attention": axes.attention,
    "embedding": axes.embedding,
    "gather": axes.gather,
    "scatter": axes.scatter,
    "max_unpool": windows.unpool,
    "grid_sample": windows.sampled,
}
