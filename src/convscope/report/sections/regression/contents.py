"""What the sections of regression show, beside what any run has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Shown:
    """One example: its raw image (C, H, W), its true and its predicted numbers (K,)."""

    image: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    id: str


@dataclass(frozen=True)
class Predicted:
    """The judged split: true and predicted numbers (n, K), NaN where the true one is missing; the standard deviation of
    each (K,), 1 where there is none; the ``worst`` examples, the worst first, none where they are no images."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    truth: np.ndarray
    predicted: np.ndarray
    spread: np.ndarray
    worst: tuple[Shown, ...] = ()
