"""What the sections of multi-label classification show, beside what any run has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LINES = 3  # labels written at a picture


@dataclass(frozen=True)
class Shown:
    """One example: its raw image (C, H, W), its true labels (K,) of 0 and 1, and the probabilities (K,) stated."""

    image: np.ndarray
    truth: np.ndarray
    probabilities: np.ndarray
    id: str


@dataclass(frozen=True)
class Told:
    """The names of the labels, and the ``worst`` examples, the worst first, none where they are no images."""

    names: tuple[str, ...]
    worst: tuple[Shown, ...] = ()
