"""A data set as the rest of convscope sees it: splits over one memory-mapped array of images."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from convscope.data.names import check_distinct
from convscope.data.preprocessing import Preprocessing
from convscope.data.streaming import take

SplitName = Literal["train", "valid", "test", "all"]


@dataclass(frozen=True)
class Notice:
    """One thing a check found: a short code, a sentence for the user, and files or rows it is about.

    ``examples`` need not be all of them: the sentence counts.
    """

    code: str
    text: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Split:
    """The examples of one split.

    ``pixels`` is the whole set's array (set size, H, W, C), shared by the splits and usually memory-mapped; ``rows``
    (N,) are this split's indices into it, ascending. ``labels`` (N,) index the classes. ``ids`` (N,) name each example
    (path inside the set, or ``train/12`` where there are no files) and ``groups`` (N,) name what must stay together,
    if anything; an empty name is no group. ``content`` (N, 16) uint8 is a hash of each example's file (or raw pixels).
    """

    name: SplitName
    pixels: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    ids: np.ndarray
    groups: np.ndarray | None = None
    content: np.ndarray | None = None

    def __repr__(self) -> str:
        H, W, C = self.pixels.shape[1:]
        return f"<{self.name}: {len(self):,} images, {H} × {W} × {C} {self.pixels.dtype}>"

    def __len__(self) -> int:
        return len(self.rows)

    def images(self, at: Any = slice(None)) -> np.ndarray:
        """Return the raw images at positions ``at`` of this split, (N, C, H, W), in the set's dtype."""
        rows = np.asarray(self.rows[at])
        images = take(self.pixels, rows.ravel())
        return np.moveaxis(images.reshape(rows.shape + images.shape[1:]), -1, -3)


@dataclass(frozen=True)
class Data:
    """A loaded set: its classes, its splits, how its images become numbers, and what the checks found.

    ``test`` is ``None`` where the set came with a train and a valid split only: nothing is taken away from either.
    ``facts`` says in plain words what was found and decided, in the order to print it (kind, images, sizes, dtype,
    range, split rule, ...). ``fingerprint`` is a hash of every image's content, its label and its split.
    """

    name: str
    source: str
    classes: tuple[str, ...]
    train: Split
    valid: Split
    test: Split | None
    preprocessing: Preprocessing
    fingerprint: str
    facts: dict[str, str] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()
    cache: Path | None = None
    decoding: float = 0.0  # seconds that decoding all images took, when it was done

    def __post_init__(self) -> None:
        check_distinct(self.classes, self.source)

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that exist, in the order train, valid, test."""
        return tuple(s for s in (self.train, self.valid, self.test) if s is not None)
