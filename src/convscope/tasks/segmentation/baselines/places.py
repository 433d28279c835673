"""Without a look at the image: how frequent each class is, anywhere or at this place."""

from __future__ import annotations

import numpy as np

from convscope.data.dataset import Split
from convscope.tasks.segmentation.baselines import pixels
from convscope.tasks.segmentation.baselines.pixels import Learned, Map
from convscope.tasks.segmentation.borders import VOID

MOST_PIXELS = 1e8  # of masks that are counted: some seconds
CELLS = 64  # along each axis, where images differ in size
MOST_VALUES = 2**24  # of a prior as large as the images


def frequencies(train: Split, count: int, seed: int) -> np.ndarray:
    """Return how large a part of the training pixels each class is (count,); all alike where all is void."""
    total = np.zeros(count, np.int64)
    for at in pixels.some(train, MOST_PIXELS, seed):
        total += np.bincount(pixels.classes(train, at).ravel(), minlength=VOID + 1)[:count]
    return total / total.sum() if total.sum() else np.full(count, 1 / count)


def anywhere(train: Split, count: int, seed: int) -> Learned:
    """Give every pixel the frequencies of the classes."""
    shares = frequencies(train, count, seed).astype(np.float32)

    def predict(split: Split) -> Map:
        return lambda at: np.broadcast_to(shares, (*pixels.image(split, at).shape[:-1], count))

    how = "takes every pixel for the most frequent class of the training pixels; probabilities are class frequencies"
    return Learned(predict, how, len(train))


def at_this_place(train: Split, count: int, seed: int) -> Learned:
    """Give a pixel the frequencies that the classes have at its place.

    Places are pixels where all training images have one size, and otherwise 64 cells along each axis, between whose
    centres probabilities are interpolated. Everywhere the frequencies of the whole count as one image more, so that few
    images do not make anything certain.
    """
    shares = frequencies(train, count, seed)
    chosen = list(pixels.some(train, MOST_PIXELS, seed))
    shapes = {pixels.image(train, at).shape[:-1] for at in chosen}
    axes = len(next(iter(shapes)))
    cells = (CELLS,) * axes
    if len(shapes) == 1 and np.prod(next(iter(shapes))) * count <= MOST_VALUES:
        (cells,) = shapes
    total = np.zeros((*cells, count))
    for at in chosen:
        total += _counted(pixels.classes(train, at), cells, count)
    prior = ((total + shares) / (total.sum(-1, keepdims=True) + 1)).astype(np.float32)

    def predict(split: Split) -> Map:
        return lambda at: resized(prior, pixels.image(split, at).shape[:-1])

    how = "looks at no image: the frequencies of the classes at the same place in the training images"
    return Learned(predict, how, len(chosen))


def _counted(classes: np.ndarray, cells: tuple[int, ...], count: int) -> np.ndarray:
    """Return how large a part of each cell each class is, (*cells, count); void is left out."""
    cell: np.ndarray = np.zeros(classes.shape, np.int64)
    for axis, (size, number) in enumerate(zip(classes.shape, cells, strict=True)):
        along = np.asarray(np.arange(size) * number // size, np.int64)
        along = along.reshape(-1, *(1,) * (classes.ndim - axis - 1))
        cell = cell * number + along
    known = classes != VOID
    numbers = np.bincount(cell[known] * count + classes[known], minlength=int(np.prod(cells)) * count)
    numbers = numbers.reshape(*cells, count)
    return numbers / np.maximum(numbers.sum(-1, keepdims=True), 1)


def resized(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return values (h, w, K) interpolated between the centres of their cells to (H, W, K).

    >>> resized(np.array([[[0.0], [1.0]]]), (1, 4))[0, :, 0].tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    if values.shape[:-1] == shape:
        return values
    for axis, (old, new) in enumerate(zip(values.shape[:-1], shape, strict=True)):
        place = ((np.arange(new) + 0.5) * old / new - 0.5).clip(0, old - 1)
        first = place.astype(np.int64)
        fraction = (place - first).astype(np.float32).reshape(-1, *(1,) * (values.ndim - axis - 1))
        lower, upper = values.take(first, axis), values.take(np.minimum(first + 1, old - 1), axis)
        values = lower + fraction * (upper - lower)
    return values
