"""Maps as pictures, alone and over the image: dark to bright where they have no sign, else orange against, violet for.

Below a map without sign the image is grey and dark, below one with a sign grey and pale, so that the colours, and their
brightness in grey print, belong to the map.
"""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps

from convscope.report.explained.look import Look
from convscope.report.figures.kernels import COLOURS

SIGNED, UNSIGNED = COLOURS, "inferno"
DARK, PALE = (0.0, 0.55), (0.55, 1.0)  # what black and white of an image become below a map
LUMA = (0.299, 0.587, 0.114)


def map_picture(values: np.ndarray, signed: bool, look: Look) -> np.ndarray:
    """Return a map (H, W) as bytes (H, W, 3)."""
    return _bytes(_colours(look.shares(values), signed))


def overlay(picture: np.ndarray, values: np.ndarray, signed: bool, look: Look) -> np.ndarray:
    """Return an image, bytes (H, W, 3), with a map (H, W) over it: bytes (H, W, 3).

    Where the map is 0, or below the minimum, the image is seen alone; at the maximum it is covered to ``opacity``.
    """
    shares = look.shares(values)
    black, white = PALE if signed else DARK
    grey = (black + (white - black) * (picture / 255.0) @ np.array(LUMA))[..., None]
    cover = (look.opacity * np.abs(shares) ** 0.7)[..., None]  # weak ones are still seen
    return _bytes((1 - cover) * grey + cover * _colours(shares, signed))


def _colours(shares: np.ndarray, signed: bool) -> np.ndarray:
    return colormaps[SIGNED if signed else UNSIGNED](0.5 + shares / 2 if signed else np.abs(shares))[..., :3]


def _bytes(colours: np.ndarray) -> np.ndarray:
    return np.rint(255 * np.clip(colours, 0, 1)).astype(np.uint8)
