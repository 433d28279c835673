"""How reconstructions are written: as a picture, and as a line of ``predictions.csv``, read back from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convscope.data.columns import InMemory
from convscope.data.spec import Pixels
from convscope.tasks.reconstruction.evidence import PixelErrors

COLUMNS = ("mse", "ssim")


def answer(pixels: np.ndarray, target: Pixels) -> dict[str, Any]:
    """Return what is said of a reconstruction alone: nothing."""
    return {}


def beside(pixels: np.ndarray, stored: np.ndarray, target: Pixels) -> dict[str, Any]:
    """Return what is said of a reconstruction (C, H, W) beside its raw image (H, W, C): how far it is off.

    >>> said = beside(np.full((1, 8, 8), 0.5), np.zeros((8, 8, 1)), Pixels(0, 255, (0.0,), (1.0,)))
    >>> said["mse"]
    0.25
    """
    errors = PixelErrors.of(InMemory.of("image", stored[None]), pixels[None], target)
    return {"mse": float(errors.squared[0]), "ssim": float(errors.alike[0])}


def pictured(pixels: np.ndarray, target: Pixels) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the answer, and the ``reconstruction`` (H, W, C) with pixels from 0 to 1."""
    return answer(pixels, target), {"reconstruction": np.moveaxis(pixels, 0, -1)}


def columns(target: Pixels) -> tuple[str, ...]:
    """Return the titles after id and split."""
    return COLUMNS


def rows(truth: Any, predictions: Any, target: Pixels) -> list[list[str]]:
    """Return the cells of each image under these titles."""
    errors = PixelErrors.of(truth, predictions, target)
    return [[f"{a:.6g}", f"{b:.6g}"] for a, b in zip(errors.squared, errors.alike, strict=True)]


def read(lines: Sequence[Mapping[str, str]], target: Pixels) -> PixelErrors:
    """Return what such lines say; ``ValueError`` or ``KeyError`` where they are not of reconstructions."""
    squared, alike = (np.array([float(line[name]) for line in lines]) for name in COLUMNS)
    return PixelErrors(squared, alike)
