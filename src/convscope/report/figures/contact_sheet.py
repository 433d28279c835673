"""Many small pictures in rows, as one image with words beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from convscope.data.pictures import Display, sheet, tile

PIXELS = 200_000  # of one sheet: photographs compress badly, and the page should stay small


def tiles(images: np.ndarray, display: Display, *, most: int = 72) -> list[np.ndarray]:
    """Return raw images (n, C, H, W) as tiles of one size, ``most`` pixels a side or fewer."""
    side = min(most, max(16, math.isqrt(PIXELS // max(1, len(images)))))
    return [tile(display.show(image), side) for image in images]


def lay(axes: Axes, rows: Sequence[Sequence[np.ndarray]], *, gap: int) -> None:
    """Show rows of tiles (h, w, 3) on the axes in pixel units, in the upper left corner, without scales."""
    picture = sheet([list(row) for row in rows], gap)
    axes.imshow(picture, interpolation="none", extent=(0, picture.shape[1], picture.shape[0], 0))
    axes.set_axis_off()
    axes.set_anchor("NW")
