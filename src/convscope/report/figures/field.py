"""The inputs that one unit sees, drawn over an image: what it does not see is dimmed, holes and all."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from convscope.report.figures.style import MUTED, ORANGE, canvas

DIM = 0.28  # of the brightness that is left where nothing is seen
LARGEST, LEAST = 6.5, 3.2  # inches
LONG = 6  # times as long as wide: a signal, whose positions are stretched to be seen


def draw(image: np.ndarray, seen: np.ndarray, title: str, said: str) -> Figure:
    """Draw an image (H, W) or (H, W, 3) of shares 0..1, dimmed where ``seen`` (H, W) is false, and its outline."""
    height, width = seen.shape
    inches = min(LARGEST / width, LARGEST / height)
    figure = canvas(max(width * inches, LEAST), max(height * inches, LEAST / 2) + 0.7)
    axes = figure.subplots()
    colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    shade = np.where(seen[..., None], 1.0, DIM)
    long = max(height, width) > LONG * min(height, width)
    axes.imshow(
        colour * shade + (1 - shade) * 0.5 * (1 - DIM),
        interpolation="none", vmin=0, vmax=1, aspect="auto" if long else "equal",
    )  # fmt: skip
    for ends in outline(seen):
        axes.plot(*ends, color=ORANGE, linewidth=1.2, solid_capstyle="butt")
    axes.set_title(title)
    axes.set_xlabel(said, color=MUTED, loc="left")
    axes.set_xticks(sorted({0, width - 1}))
    axes.set_yticks(sorted({0, height - 1}))
    return figure


def outline(seen: np.ndarray) -> list[tuple[list[float], list[float]]]:
    """Return the borders between what is seen and what is not, as lines ((x, x), (y, y)) of neighbouring edges."""
    around = np.pad(seen, 1)
    lines = []
    for flip in (False, True):
        area = around.T if flip else around
        edges = area[1:] != area[:-1]  # between row i - 1 and row i
        for i, row in enumerate(edges):
            ends = np.flatnonzero(np.diff(np.pad(row, 1).astype(np.int8)))
            for first, last in ends.reshape(-1, 2):
                along, across = [first - 1.5, last - 1.5], [i - 0.5, i - 0.5]
                lines.append((across, along) if flip else (along, across))
    return lines
