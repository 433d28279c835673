"""What the sections of reconstruction show, beside what any run has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pair:
    """One image and what the network makes of it, pixels (C, H, W) from 0 to 1, with its squared error."""

    image: np.ndarray
    reconstruction: np.ndarray
    error: float
    id: str


@dataclass(frozen=True)
class GivenBack:
    """The judged split: the ``best``, middle and worst pairs, and the squared errors (n,) of all.

    Of networks with a code: two principal components (m, 2) of the ``codes`` of some images, the shares of variance
    that these explain, the ``kinds`` (m,) of the images by the ``names`` of their classes, where these are known; and
    ``walks`` (k, steps, C, H, W), pictures of codes on straight lines between those of two images. Of variational ones
    ``drawn`` (n, C, H, W) are pictures of codes from the prior.
    """

    pairs: tuple[tuple[str, tuple[Pair, ...]], ...]
    errors: np.ndarray
    codes: np.ndarray | None = None
    shares: tuple[float, float] = (0.0, 0.0)
    kinds: np.ndarray | None = None
    names: tuple[str, ...] = ()
    walks: np.ndarray | None = None
    drawn: np.ndarray | None = None
