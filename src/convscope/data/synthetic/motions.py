"""Clips of handwritten digits that sweep in one of eight directions: only the order of the frames tells which.

A digit visits twelve places, a small block of three by four, line after line: each line along its direction, the lines
in a random order. So the same digit from the same start is seen at the same twelve places whatever the direction, and
the frames of a clip, in any other order, say nothing of it. Neither does a frame alone, whichever it is: the start is
anywhere in the frame, and what leaves it over an edge enters at the opposite one, so that every place is as likely.

The digits are scikit-learn's (8 × 8, 1,797 of them); those of the test split are in no training clip.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SIZE, FRAMES = 32, 12
CLASSES = ("east", "northeast", "north", "northwest", "west", "southwest", "south", "southeast")
STEPS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))  # rows and columns, of each class
BLOCKS = ((3, 4), (4, 3))  # rows and columns of the places
SPEEDS = (2, 3)  # pixels from a place to the next
NOISE = 8  # raw levels
_TRAIN = 0.8  # the first clips, as `synthetic` cuts the set


def make(seed: int, count: int = 2_500) -> tuple[np.ndarray, np.ndarray]:
    """Return clips (count, 12, 32, 32, 1) uint8 and labels (count,), the numbers of ``CLASSES``.

    >>> clips, labels = make(0, 16)
    >>> clips.shape, np.bincount(labels).tolist()
    ((16, 12, 32, 32, 1), [2, 2, 2, 2, 2, 2, 2, 2])
    """
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % len(CLASSES))
    clips = np.empty((count, FRAMES, SIZE, SIZE, 1), np.uint8)
    for clip, digit, label in zip(clips, _digits(random, count), labels.tolist(), strict=True):
        start, speed = random.integers(0, SIZE, 2), random.choice(SPEEDS)
        places = start + speed * sweep(STEPS[label], BLOCKS[random.integers(len(BLOCKS))], random)
        levels = drawn(digit, places) + NOISE * random.standard_normal((FRAMES, SIZE, SIZE), np.float32)
        clip[..., 0] = np.clip(np.rint(levels), 0, 255)
    return clips, labels.astype(np.int64)


def sweep(step: tuple[int, int], block: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Return the places (12, 2) of a block in the order of a sweep: lines along ``step``, in a random order.

    >>> sweep((0, -1), (1, 3), np.random.default_rng(0)).tolist()
    [[0, 2], [0, 1], [0, 0]]
    """
    places = np.argwhere(np.ones(block, bool))
    line = places @ (-step[1], step[0])  # the same along a line
    lines = random.permutation(np.unique(line))
    return np.concatenate([places[line == each][np.argsort(places[line == each] @ step)] for each in lines])


def drawn(digit: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return a frame (SIZE, SIZE) for each place (T, 2) of a digit's upper left pixel, over the edges and in again."""
    canvas = np.zeros((SIZE, SIZE), np.float32)
    canvas[: digit.shape[0], : digit.shape[1]] = digit
    return np.stack([np.roll(canvas, (int(row), int(column)), (0, 1)) for row, column in places])


def _digits(random: np.random.Generator, count: int) -> np.ndarray:
    """Return a digit for each clip, (count, 8, 8) float32 of 0..240: those behind the training clips are others."""
    from sklearn.datasets import load_digits

    loaded: Any = load_digits()
    images = random.permutation(loaded.images.astype(np.float32) * 15)
    kept, train = int(_TRAIN * len(images)), int(_TRAIN * count)
    chosen = np.concatenate([random.integers(0, kept, train), random.integers(kept, len(images), count - train)])
    return images[chosen]
