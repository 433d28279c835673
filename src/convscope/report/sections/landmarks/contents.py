"""What the sections of landmarks show, beside what any run has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Drawn:
    """One image as the network saw it (C, H, W), its true and predicted points (K, 2) there, and its error."""

    image: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    error: float
    id: str


@dataclass(frozen=True)
class Placed:
    """The judged split: the error (n,) of each image, the ``worst`` and the ``best`` of them, each from the worst on.

    ``divided`` says in words what errors are divided by.
    """

    names: tuple[str, ...]
    errors: np.ndarray
    divided: str
    worst: tuple[Drawn, ...] = ()
    best: tuple[Drawn, ...] = ()
