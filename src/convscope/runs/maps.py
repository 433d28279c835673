"""What a network says of every pixel: one map of probabilities an image, each in its own size."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable

import numpy as np
from torch import Tensor

from convscope.data.columns import Column, Ragged
from convscope.data.columns.ragged import shape_of
from convscope.data.patches import example, sizes_of
from convscope.data.spec import FieldSpec

IN_MEMORY = 128 << 20  # bytes of maps; more lie in a file that goes with them


def maps_of(column: Column, channels: int, answers: Callable[[np.ndarray, np.ndarray], None]) -> Ragged:
    """Return maps (H, W, channels) float32 of a column's images; ``answers(image, room)`` writes one into its room."""
    sizes = sizes_of(column)[:, :-1]
    shapes = np.concatenate([sizes, np.full((len(sizes), 1), channels)], axis=1)
    offsets = np.concatenate(([0], np.cumsum(shapes.prod(1))))
    values = room(int(offsets[-1]))
    for at in range(len(column)):
        answers(example(column, at), values[offsets[at] : offsets[at + 1]].reshape(shapes[at]))
    return Ragged(FieldSpec("map", "map", shape_of(shapes), "float32"), values, offsets, shapes)


def gathered(parts: Iterable[Tensor], count: int) -> np.ndarray:
    """Return ``count`` images (count, C, H, W) float32 that come in parts (k, C, H, W)."""
    images, first = np.empty((0,), np.float32), 0
    for part in parts:
        values = part.numpy()
        if not first:
            images = room(count * values[0].size).reshape(count, *values.shape[1:])
        images[first : first + len(values)] = values
        first += len(values)
    return images


def room(count: int) -> np.ndarray:
    """Return room for ``count`` float32: in memory, or where they are many in a file that is deleted with it."""
    if 4 * count <= IN_MEMORY:
        return np.empty(count, np.float32)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the map
    return np.memmap(file, np.float32, "w+", shape=(count,)).view(np.ndarray)
