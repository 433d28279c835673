"""Sets of places through ``im2col`` and ``col2im``: rows are channels and offsets in a window, columns are windows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from convscope.analysis.index_sets import Box, Shape, boxes_of, reshaped
from convscope.ops.arguments import each_axis
from convscope.ops.correlation.rules import Setting, setting

WINDOWED = ("im2col", "col2im")


def before(op: str, box: Box, source: Shape, output: Shape, arguments: Mapping[str, Any]) -> Iterator[Box]:
    """Yield the boxes of the image, or of the columns, of shape ``source`` that feed a box of the output.

    An offset k of a window o lies at one position of its axis; axes are independent.
    """
    image = source if op == "im2col" else output
    window_arguments = {name: one for name, one in arguments.items() if name not in ("size", "space")}
    sizes = each_axis(op, "size", arguments["size"], len(image) - 2)
    checked = setting(op, image, (1, image[1], *sizes), None, **window_arguments)
    tables = [_positions(checked, axis) for axis in range(len(sizes))]
    if op == "im2col":
        yield from _of_columns(box, image, output, tables)
    else:
        yield from _of_image(box, tables)


def _positions(checked: Setting, axis: int) -> np.ndarray:
    """Return at which position (k, windows) of an axis each offset of each window lies; -1: in the padding."""
    columns = [checked.inputs(axis, o) for o in range(checked.outputs[axis])]
    return np.array([[-1 if i is None else int(i) for i in column] for column in columns], int).T


def _of_columns(box: Box, image: Shape, columns: Shape, tables: list[np.ndarray]) -> Iterator[Box]:
    n, c, *space = image
    apart = (n, c, *(len(table) for table in tables), *(table.shape[1] for table in tables))
    for examples, channels, *lines in reshaped(box, apart, columns):
        offsets, windows = lines[: len(tables)], lines[len(tables) :]
        places: list[np.ndarray] = []
        for size, table, k, o in zip(space, tables, offsets, windows, strict=True):
            line = np.zeros(size + 1, bool)
            line[table[np.ix_(k, o)]] = True  # -1 is the last one, which is cut off
            places.append(line[:-1])
        if all(line.any() for line in places):
            yield (examples, channels, *places)


def _of_image(box: Box, tables: list[np.ndarray]) -> Iterator[Box]:
    examples, channels, *lines = box
    seen = [(table >= 0) & line[table] for table, line in zip(tables, lines, strict=True)]  # (k, windows) each
    for chosen in itertools.product(*(list(boxes_of(one)) for one in seen)):
        yield examples, _together(channels, *(k for k, _ in chosen)), _together(*(o for _, o in chosen))


def _together(*lines: np.ndarray) -> np.ndarray:
    """Return the positions along an axis into which several were laid one after the other."""
    laid = np.ones((), bool)
    for line in lines:
        laid = np.logical_and.outer(laid, line)
    return laid.reshape(math.prod(laid.shape))
