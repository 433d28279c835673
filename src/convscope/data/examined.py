"""What reading learned about every example: the facts that the checks and the splits read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


def _none() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True)
class Examined:
    """One row an image; the arrays are (n,) unless said otherwise, in the set's order.

    ``labels`` number the ``classes``; where there are none, other things are learned, and all labels are 0.
    ``content`` (n, 16) uint8 is a hash of each image's file (or raw pixels): equal hashes mean the same image.
    ``thumbprint`` uint64 is a perceptual hash: few differing bits mean that two images look alike. ``low`` and
    ``high`` are the smallest and largest raw value of each image after sizing. ``split`` holds "train", "valid" or
    "test". ``outlier`` is a value of each image far outside its others before sizing (NaN for none), ``outliers`` how
    often it is there, ``numbers`` how many numbers the image holds. ``nodata`` is the value that the user said means no
    data, filled already. Of examples that are no images, what ``noun`` calls them, there are no such values.
    """

    ids: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    split: np.ndarray
    groups: np.ndarray | None
    content: np.ndarray
    thumbprint: np.ndarray = field(default_factory=_none)
    low: np.ndarray = field(default_factory=_none)
    high: np.ndarray = field(default_factory=_none)
    outlier: np.ndarray | None = None
    outliers: np.ndarray | None = None
    numbers: np.ndarray | None = None
    nodata: float | None = None
    noun: str = "image"
