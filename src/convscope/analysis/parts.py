"""Whether a part of an image, run by itself, gives the same numbers as the whole image: proved from the two graphs.

What is computed in the part is the same wherever the same positions feed the same ones, padding included: the tables
of both graphs (``ops.axes``) are compared row by row, for all positions that the wanted outputs need. Nothing is
assumed of the network's form or of how it treats its borders.
"""

from __future__ import annotations

import numpy as np

from convscope.analysis.locality import Locality, Span, Step, Table

SIZES = {"shape", "size", "space"}  # arguments that may grow with the image, of these operations
SIZED = ("reshape", "expand", "resample_nearest", "resample_linear", "resample_cubic", "adaptive_avg_pool")


def difference(whole: Locality, part: Locality, axis: int, wanted: Span, start: int) -> str | None:
    """Return the first node that differs where a part, from ``start`` on, computes the ``wanted`` outputs of the whole.

    None: they are the same numbers, up to the rounding of the library. ``wanted`` counts in the whole.
    """
    if (name := _unlike(whole, part)) is not None:
        return name
    needed = whole.needed(axis, wanted)
    moved = [start * step.tracks[axis].rate for step in whole.steps]
    for at, (first, end) in needed.items():
        ours, theirs = whole.steps[at], part.steps[at]
        if moved[at].denominator > 1 or first < moved[at] or end - moved[at] > theirs.length(axis):
            return ours.node.name
        for a, b in zip(ours.sources, theirs.sources, strict=True):
            if not _same_rows(a.tables[axis], b.tables[axis], (first, end), int(moved[at]), int(moved[a.step])):
                return ours.node.name
    if not _same_rows(
        whole.output.tables[axis], part.output.tables[axis], wanted, start, int(moved[whole.output.step])
    ):
        return next(iter(whole.graph.outputs.values()))
    return None


def _same_rows(ours: Table, theirs: Table, span: Span, moved: int, moved_source: int) -> bool:
    """Return whether the rows of a span name the same positions, where both count from other beginnings."""
    if ours is None and theirs is None:
        return moved == moved_source
    a, b = _rows(ours, *span), _rows(theirs, span[0] - moved, span[1] - moved)
    a = np.where(a >= 0, a - moved_source, a)
    width = max(a.shape[1], b.shape[1])
    a, b = (np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=-1) for rows in (a, b))
    return np.array_equal(a, b)


def _rows(table: Table, first: int, end: int) -> np.ndarray:
    return np.arange(first, end)[:, None] if table is None else table[first:end]


def _unlike(whole: Locality, part: Locality) -> str | None:
    """Return the first node at which two recordings of a network do not compute the same kind of thing."""
    for ours, theirs in zip(whole.steps, part.steps, strict=False):
        if _identity(whole, ours) != _identity(part, theirs):
            return ours.node.name
        for key in ours.node.weights.values():
            if key in whole.graph.constants and not np.array_equal(
                whole.graph.constants[key], part.graph.constants[key]
            ):
                return ours.node.name
    if len(whole.steps) != len(part.steps):
        return whole.steps[min(len(whole.steps), len(part.steps)) - 1].node.name
    return None


def _identity(where: Locality, step: Step) -> object:
    node = step.node
    sized = SIZES if node.op in SIZED else ()
    arguments = {name: value for name, value in node.arguments.items() if name not in sized}
    return node.op, node.path, arguments, node.weights, step.tracks, [source.step for source in step.sources]
