"""Rows of pictures with pixels from 0 to 1, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from convscope.data.pictures import Display
from convscope.report.figures.contact_sheet import lay, tiles
from convscope.report.figures.style import WIDE

AS_PIXELS = Display(0.0, 1.0, "")


def lay_rows(axes: Axes, rows: Sequence[Sequence[np.ndarray]]) -> None:
    """Show rows of pictures (C, H, W)."""
    flat = np.stack([picture for row in rows for picture in row])
    pictures = iter(tiles(flat, AS_PIXELS))
    laid = [[next(pictures) for _ in row] for row in rows]
    lay(axes, laid, gap=max(1, laid[0][0].shape[0] // 16))


def height(rows: int, across: int, shape: tuple[int, ...]) -> float:
    """Return how high rows of pictures (C, H, W) are, in inches, over the whole width."""
    return max(0.6, rows * WIDE / across * shape[-2] / shape[-1] * 0.9)
