"""What the sections of segmentation show, beside what any run has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.analysis.effective_field import EffectiveField
from convscope.tasks.segmentation.decoding import Decoded


@dataclass(frozen=True)
class Shown:
    """One raw image (H, W, C) with its true and predicted masks, and its main figure; void pixels are 255 (-1)."""

    image: np.ndarray
    truth: Decoded
    predicted: Decoded | None
    figure: float
    id: str


@dataclass(frozen=True)
class Curve:
    """Precision, recall and Dice of all pixels (t,) at ``thresholds`` (t,) of the second class, and the chosen one."""

    thresholds: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    dice: np.ndarray
    chosen: float


@dataclass(frozen=True)
class Masked:
    """The judged split: images of the best, middle and worst figures, and some that were trained on.

    ``figures`` (n,) are the main figures of all ``ids`` (n,), ``counts`` (n, 2) how many true and predicted objects
    each image has, ``areas`` their sizes in pixels, of the true and of the predicted ones; ``None`` without objects.
    ``curve`` is that of two classes over the threshold. ``field`` says what of the image ``seen`` (H, W, C) moves the
    network's answer in its middle.
    """

    names: tuple[str, ...]
    ids: tuple[str, ...]
    figures: np.ndarray
    shown: tuple[Shown, ...]
    trained_on: tuple[Shown, ...]
    counts: np.ndarray | None = None
    areas: tuple[np.ndarray, np.ndarray] | None = None
    curve: Curve | None = None
    field: EffectiveField | None = None
    seen: np.ndarray | None = None
