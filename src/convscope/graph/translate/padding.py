"""Positions beyond the border, and arrays of one number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.arrangement import joined, part_of


def pad(graph: GraphBuilder, input: Ref, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Ref:
    """More positions beyond the border, or fewer where a number is negative."""
    modes = {"constant": "zeros", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
    rank = len(input.shape)
    pairs = [(0, 0)] * (rank - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)][::-1]
    for axis, (before, after) in enumerate(pairs):
        cut = max(-before, 0), max(-after, 0)
        input = part_of(graph, input, axis, cut[0], input.shape[axis] - sum(cut))
    pairs = [(max(before, 0), max(after, 0)) for before, after in pairs]
    if not any(map(any, pairs)):
        return input
    if value not in (None, 0):
        return _bordered(graph, input, pairs, value)
    if 3 <= rank <= 5 and not any(map(any, pairs[:2])):
        return graph.emit("pad", input, padding=tuple(pairs[2:]), mode=modes[mode])
    if mode != "constant":
        raise Unknown(f"{mode} padding of other axes than those of space")
    return _bordered(graph, input, pairs, 0.0)


def _bordered(graph: GraphBuilder, input: Ref, pairs: list[tuple[int, int]], value: Any) -> Ref:
    """Return the array with a number around it along any axes."""
    for axis, pair in enumerate(pairs):
        parts = [_filled(graph, input, axis, n, value) if n else None for n in pair]
        parts = [array for array in (parts[0], input, parts[1]) if array is not None]
        input = joined(graph, parts, axis)
    return input


def _filled(graph: GraphBuilder, like: Ref, axis: int, size: int, value: Any) -> Ref:
    return graph.emit(
        "expand",
        graph.scalar(value, like.dtype),
        shape=tuple(size if i == axis else n for i, n in enumerate(like.shape)),
    )


def filled(value: float) -> Callable[..., Ref]:
    """Return the rule of an array of one number, in the shape that PyTorch returned."""

    def rule(graph: GraphBuilder, *_: Any, **__: Any) -> Ref:
        shape, dtype = graph.shape, graph.dtype
        return graph.emit("expand", graph.scalar(value, dtype), shape=shape)

    return rule


def full(graph: GraphBuilder, *settings: Any, fill_value: Any = None, **_: Any) -> Ref:
    """An array of a given number."""
    number = fill_value if fill_value is not None else settings[-1]
    if isinstance(number, Ref):
        raise Unknown("a number that is an array")
    return filled(graph.number(number))(graph)


RULES: dict[str, Callable[..., Any]] = {
    "pad": pad,
    **dict.fromkeys(("zeros", "zeros_like", "new_zeros"), filled(0)),
    **dict.fromkeys(("ones", "ones_like", "new_ones"), filled(1)),
    **dict.fromkeys(("full", "full_like", "new_full"), full),
}
