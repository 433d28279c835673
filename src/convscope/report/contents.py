"""Everything a report shows, as plain data: the run fills it in, the page and the figures read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convscope.data.dataset import Notice


@dataclass(frozen=True)
class Samples:
    """Raw images (n, C, H, W) with their labels (n,)."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Augmented:
    """What augmentation makes of raw ``images`` (n, C, H, W): ``variants`` (n, k, C, H, W) in the same units."""

    images: np.ndarray
    variants: np.ndarray


@dataclass(frozen=True)
class Predictions:
    """The scored split: labels (n,), probabilities (n, K), and the name and the group (n,) of each example."""

    labels: np.ndarray
    probabilities: np.ndarray
    ids: np.ndarray
    groups: np.ndarray | None = None


@dataclass(frozen=True)
class Mistake:
    """One example named wrongly: its raw image (C, H, W), true and predicted class, the probability of the latter."""

    image: np.ndarray
    truth: int
    predicted: int
    probability: float
    id: str


@dataclass(frozen=True)
class Rival:
    """A simple method on the same split.

    ``accuracy`` is an estimate as ``tasks.classification.score`` gives it; ``comparison`` is what ``compare(network,
    rival)`` returned, so that a positive difference speaks for the network.
    """

    name: str
    what: str
    accuracy: dict[str, Any]
    comparison: dict[str, Any]
    seconds: float
    train_rows: int
    stopped_early: bool = False


@dataclass(frozen=True)
class Contents:
    """One report.

    ``facts``, ``plan``, ``environment`` and ``headline`` are shown in their order, name beside value. ``metrics`` is
    what ``tasks.classification.score`` returned, plus ``split`` ("test" or "valid"), ``select`` ("best" or "last"
    epoch), ``rule`` (how the epoch was chosen, a sentence) and ``chosen_epoch``. ``epochs`` has the columns epoch,
    train_loss, train_accuracy, valid_loss, valid_accuracy, lr, seconds; ``steps`` step, epoch (fractional, at the
    step's end), loss, accuracy, loss_average, accuracy_average (moving averages), lr, momentum. ``kernels`` (O, I,
    kh, kw) are the first layer's, ``handmade`` (I, kh, kw) one to show beside them. ``missed`` are the positives of a
    two-class task that were called negative. ``timing`` is in seconds. Empty parts are left out of the page.
    """

    name: str
    created: str
    classes: tuple[str, ...]
    metrics: dict[str, Any]
    predictions: Predictions
    headline: dict[str, str] = field(default_factory=dict)
    plan: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()
    samples: Samples | None = None
    augmented: Augmented | None = None
    epochs: dict[str, list[float]] = field(default_factory=dict)
    steps: dict[str, np.ndarray] = field(default_factory=dict)
    worst: tuple[Mistake, ...] = ()
    missed: tuple[Mistake, ...] = ()
    kernels: np.ndarray | None = None
    handmade: np.ndarray | None = None
    rivals: tuple[Rival, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    timing: dict[str, float] = field(default_factory=dict)
    shell: str = ""
    python: str = ""
