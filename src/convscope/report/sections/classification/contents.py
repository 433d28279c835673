"""What the sections of classification show, beside what any run has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Mistake:
    """One example named wrongly: true and predicted class, the probability of the latter, and its raw image (C, H, W).

    Of other inputs there is no image; a text stands in ``text``.
    """

    image: np.ndarray | None
    truth: int
    predicted: int
    probability: float
    id: str
    text: str = ""


@dataclass(frozen=True)
class Classified:
    """The judged split: labels (n,), probabilities (n, K), and the group (n,) of each example.

    ``worst`` are the most confident mistakes, ``missed`` the positives of two classes that were called negative.
    """

    classes: tuple[str, ...]
    labels: np.ndarray
    probabilities: np.ndarray
    groups: np.ndarray | None = None
    worst: tuple[Mistake, ...] = ()
    missed: tuple[Mistake, ...] = ()
