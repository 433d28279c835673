"""What augmentation makes of the training images."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from convscope.data.pictures import AS_STORED, Display, tile
from convscope.report.contents import Augmented, Contents
from convscope.report.figures.contact_sheet import lay, tiles
from convscope.report.figures.style import INK, MUTED, WIDE, Drawing, canvas
from convscope.report.text import shorten

SIDE = 96  # pixels of a tile in a picture of its own
NAMED, LEGEND = 5, 0.25  # points up to which each is named, and inches of their legend
DENSE: dict[str, Any] = {"s": 4, "linewidths": 0.2}  # many points, so small that they do not hide each other


def draw(contents: Contents) -> Drawing | None:
    """Draw a row per image: as stored on the left, as the network saw it in several epochs on the right."""
    shown = contents.augmented
    if shown is None or not len(shown.images):
        return None
    display = Display.of(contents.samples.images if contents.samples is not None else shown.images)
    n, k = shown.variants.shape[:2]
    pictures = tiles(_together(shown).reshape(-1, *shown.images.shape[1:]), display)
    rows = [pictures[i * (k + 1) : (i + 1) * (k + 1)] for i in range(n)]
    h, w = rows[0][0].shape[:2]
    gap = max(1, h // 16)
    figure = canvas(
        WIDE, max(1.0, min(1 / 72, 6.5 / ((k + 1) * (w + gap))) * n * (h + gap) + 0.35) + LEGEND * _few(shown)
    )
    left, right = figure.subplots(1, 2, width_ratios=(1, k + 0.1))
    for axes, columns, words in ((left, slice(1), "as stored"), (right, slice(1, None), "as trained on")):
        lay(axes, [row[columns] for row in rows], gap=gap)
        _mark(axes, shown, columns, (h, w), gap)
        if columns == slice(1, None):
            _legend(axes, shown)
        axes.set_title(words, color=MUTED, fontweight="normal", fontsize=8.5, pad=5)
    return Drawing(
        figure,
        "Augmentation: how images were varied while learning",
        "Each epoch sees a slightly different version of every training image, so that the network cannot learn"
        f" them by heart. {_must(contents)} Images that are judged are never varied.",
    )


def _must(contents: Contents) -> str:
    """Say what has to be true of every version of an image."""
    if contents.augmented is not None and contents.augmented.points is not None:
        return (
            "Points move with the image, and in a mirrored one left and right change places: each point must lie where"
            " it belongs in every version, and keep its colour."
        )
    requirement = (
        "The class must stay recognisable to you" if contents.task == "classification" else "The answer must stay true"
    )
    return f"{requirement} in every version: if it does not, the augmentation is too strong."


def _mark(axes: Axes, shown: Augmented, columns: slice, tile_size: tuple[int, int], gap: int) -> None:
    """Draw the points of some columns of tiles, each in a colour of its own."""
    if shown.points is None:
        return
    (h, w), (height, width) = tile_size, shown.images.shape[2:]
    colours = _colours(shown.points.shape[2])
    # The outline shows a dark colour on a dark image.
    look: dict[str, Any] = {"edgecolors": "white", **({"s": 16, "linewidths": 0.6} if _few(shown) else DENSE)}
    for i, row in enumerate(shown.points[:, columns]):
        for j, points in enumerate(row):
            x, y = ((points + 0.5) * (w / width, h / height)).T
            inside = (x > 0) & (x < w) & (y > 0) & (y < h)
            axes.scatter(j * (w + gap) + x[inside], i * (h + gap) + y[inside], c=colours[inside], **look)


def _colours(K: int) -> np.ndarray:
    return colormaps["turbo"](np.linspace(0.05, 0.95, K))


def _few(shown: Augmented) -> bool:
    return 0 < len(shown.names) <= NAMED


def _legend(axes: Axes, shown: Augmented) -> None:
    """Name the colour of each point below the tiles, where they are few."""
    if not _few(shown):
        return
    lines = [
        Line2D([], [], color=colour, marker="o", markersize=5, linestyle="none", label=shorten(name, 18))
        for name, colour in zip(shown.names, _colours(len(shown.names)), strict=True)
    ]
    axes.legend(
        handles=lines, loc="upper left", bbox_to_anchor=(0, 0), ncols=len(lines), frameon=False, handletextpad=0.2,
        borderaxespad=0.2, borderpad=0,
    )  # fmt: skip


def picture(shown: Augmented, names: Sequence[str], words: str) -> Figure:
    """Draw the same as a picture of its own: the rows' class ``names``, the columns' epochs, the policy as title.

    Below stands how values are shown that a screen cannot show as they are.
    """
    display = Display.of(shown.images)
    rows = [[tile(display.show(image), SIDE) for image in row] for row in _together(shown)]
    h, w = rows[0][0].shape[:2]
    gap = max(1, h // 16)
    names = [shorten(name, 16) for name in names]
    width = max(3.0, len(rows[0]) * (w + gap) / 72 + 0.3 + 0.08 * max(map(len, names)))
    title = textwrap.wrap(words, int(width / 0.085))
    note = [] if display.sentence == AS_STORED else textwrap.wrap(display.sentence, int(width / 0.065))
    figure = canvas(
        width, len(rows) * (h + gap) / 72 + 0.4 + 0.17 * len(title) + 0.15 * len(note) + LEGEND * _few(shown)
    )
    axes = figure.subplots()
    lay(axes, rows, gap=gap)
    _mark(axes, shown, slice(None), (h, w), gap)
    _legend(axes, shown)
    figure.suptitle("\n".join(title), x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    if note:
        figure.supxlabel("\n".join(note), x=0.01, ha="left", fontsize=8, color=MUTED)
    near = {"textcoords": "offset points", "annotation_clip": False}
    for i, name in enumerate(names):
        axes.annotate(name, (0, i * (h + gap) + h / 2), (-6, 0), ha="right", va="center", color=INK, **near)
    size = min(rcParams["font.size"], w / 7)  # so that the words of narrow tiles do not touch
    for k, heading in enumerate(["as stored", *(f"epoch {k + 1}" for k in range(len(rows[0]) - 1))]):
        axes.annotate(heading, (k * (w + gap) + w / 2, 0), (0, 5), ha="center", va="bottom", color=MUTED, fontsize=size,
                      **near)  # fmt: skip
    return figure


def _together(shown: Augmented) -> np.ndarray:
    """Return each image with its variants behind it, (n, 1 + k, C, H, W)."""
    return np.concatenate([shown.images[:, None], shown.variants], axis=1)
