"""Does a mirrored image keep its class? The images say so themselves, where a simple method tells the classes apart.

Each image is shrunk to a grey thumbnail and given to the class whose mean thumbnail is nearest. Means of one half of
the images judge the other half, as they are and mirrored. Where mirrored ones lose much of what is recognised beyond
chance, a mirrored image is one of another class or of none. Lost of it: handwritten digits 0.56 (MNIST) and 0.68
(8 × 8), shapes that only their side tells apart 2; Fashion-MNIST 0.18, hymenoptera 0.25, lung tiles 0.02, CIFAR-10 and
the made squares and angles nothing.
"""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np

from convscope.data.dataset import Split
from convscope.data.ingest.stats import cell_means

Mirroring = Literal["changes", "keeps", "unclear"]

MOST = 1_000  # images looked at
AT_ONCE = 32  # read into memory
SIDE = 12  # of a thumbnail
LOST = 0.4  # of what is recognised beyond chance, from which on mirroring changes classes
SIGMAS = 3  # by which a difference must exceed what chance makes


def mirroring(split: Split, classes: int) -> Mirroring:
    """Tell whether mirroring images left to right changes their class; ``unclear`` where they cannot be told apart.

    The answer depends on the images and labels alone.
    """
    at = np.linspace(0, len(split) - 1, min(len(split), MOST)).astype(int)
    thumbs, labels = _thumbnails(split, at), np.asarray(split.labels)[at]
    half = np.zeros(len(labels), int)
    for k in range(classes):
        half[labels == k] = np.arange((labels == k).sum()) % 2
    counts = np.array([[np.sum((labels == k) & (half == h)) for h in (0, 1)] for k in range(classes)])
    known = np.flatnonzero(counts.min(1) > 0)
    if len(known) < 2:
        return "unclear"
    plain, mirrored = (_recall(each, thumbs, labels, half, known) for each in (thumbs, thumbs[:, :, ::-1]))
    n, chance = int(counts[known].sum()), 1 / len(known)
    if plain - mirrored > max(LOST * (plain - chance), SIGMAS * np.sqrt(0.5 / n)):
        return "changes"
    return "keeps" if plain - chance > SIGMAS * np.sqrt(chance * (1 - chance) / n) else "unclear"


def _thumbnails(split: Split, at: np.ndarray) -> np.ndarray:
    """Return grey thumbnails (n, rows, columns) of the images at positions ``at``."""
    H, W = split.input.spec.shape[:2]
    assert H is not None and W is not None
    # A few rows and columns for each cell are plenty, laid symmetrically.
    rows, columns = (np.linspace(0, size - 1, min(size, 3 * SIDE)).round().astype(int) for size in (H, W))
    images = itertools.chain.from_iterable(split.input.stream(np.array_split(at, max(1, len(at) // AT_ONCE))))
    grey = np.stack([image[rows][:, columns].mean(-1, dtype=np.float32) for image in images])
    down, across = (cell_means(size, min(size, SIDE)) for size in (len(rows), len(columns)))
    return down.T @ grey @ across


def _recall(judged: np.ndarray, thumbs: np.ndarray, labels: np.ndarray, half: np.ndarray, known: np.ndarray) -> float:
    """Return the mean share of each known class that the nearest mean of the other half gives to it."""
    answers = np.full(len(labels), -1)
    for h in (0, 1):
        means = np.stack([thumbs[(labels == k) & (half != h)].mean(0).ravel() for k in known])
        mine = judged[half == h].reshape(-1, means.shape[1])
        answers[half == h] = known[((means**2).sum(1) - 2 * mine @ means.T).argmin(1)]
    return float(np.mean([(answers[labels == k] == k).mean() for k in known]))
