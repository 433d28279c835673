"""What is learned of images: their own pixels, from 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.data.columns import Column, RaggedBatch
from convscope.data.dataset import Data, Split
from convscope.data.spec import Pixels
from convscope.errors import DataError
from convscope.tasks.reconstruction.options import Options

LOOKED_AT = 2_000  # training images whose pixels say what their range and likelihood are
AT_ONCE = 256
NEAR, MOST = 0.1, 0.75  # so near to black or white; so many of the pixels


def measured(data: Data, options: Options) -> Pixels:
    """Return what is learned of the images of a set; ``DataError`` where all training images are the same."""
    transform = data.preprocessing
    some = sample(data.train)
    if (some == some[:1]).all():
        raise DataError(f"{data.source}: all {len(data.train):,} training images are equal: nothing is to be learned")
    low, high = float(some.min()), float(some.max())
    scaled = (some - low) / (high - low)
    extreme = float(((scaled < NEAR) | (scaled > 1 - NEAR)).mean())
    likelihood = options.likelihood
    if likelihood == "auto":
        likelihood = "bernoulli" if extreme >= MOST else "gaussian"
    form = "squared_error" if options.reconstruct == "auto" else options.reconstruct
    return Pixels(low, high, tuple(transform.mean), tuple(transform.std), form, likelihood)


def sample(split: Split) -> np.ndarray:
    """Return raw images (n, H, W, C) float32, some of a split, evenly drawn."""
    at = np.unique(np.linspace(0, len(split) - 1, min(len(split), LOOKED_AT)).astype(int))
    return np.asarray(split.input.take(at), np.float32)


def encode(stored: Any, target: Pixels) -> np.ndarray:
    """Return raw images (n, H, W, C) as pixels from 0 to 1, (n, C, H, W) float32."""
    if isinstance(stored, RaggedBatch):
        stored = np.stack([*stored])
    values = (np.asarray(stored, np.float32) - target.low) / (target.high - target.low)
    return np.moveaxis(values, -1, 1)


def decode(pixels: np.ndarray, target: Pixels, dtype: str) -> np.ndarray:
    """Return pixels (..., C, H, W) from 0 to 1 as raw images (..., H, W, C) of a type."""
    raw = np.moveaxis(pixels, -3, -1) * (target.high - target.low) + target.low
    if dtype == "float32":
        return raw.astype(np.float32)
    return np.clip(np.rint(raw), 0, np.iinfo(dtype).max).astype(dtype)


def in_parts(column: Column, target: Pixels) -> Any:
    """Yield the pixels (k, C, H, W) of a column of images, part by part, each with its slice."""
    for first in range(0, len(column), AT_ONCE):
        at = slice(first, min(first + AT_ONCE, len(column)))
        yield at, encode(column.take(np.arange(at.start, at.stop)), target)
