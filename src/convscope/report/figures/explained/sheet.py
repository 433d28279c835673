"""A contact sheet: many images, each with its maps beside it and its answer below."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from convscope.data.pictures import Display, tile
from convscope.explaining.explanation import Explanation
from convscope.report.explained.look import Look
from convscope.report.explained.shown import picture_of, plane_of, said_of
from convscope.report.figures.explained.colours import overlay
from convscope.report.figures.style import INK, MUTED, WIDE, Drawing
from convscope.report.text import file_name, shorten
from convscope.text import count

MOST = 49  # images of a sheet
TILE = 96  # pixels of a tile, enlarged from small images and reduced from large ones
LABELS, GAP, BETWEEN = 0.3, 0.03, 0.16  # inches: below an image, between its tiles, between images


def draw(
    explanations: Sequence[Explanation], look: Look, said: Callable[[Explanation], str] = said_of
) -> Drawing | None:
    """Draw up to ``MOST`` explanations of images; ``None`` where there is none. ``said`` is what stands below each."""
    pictures = [(each, picture_of(each, _display(each))) for each in explanations[:MOST] if each.maps]
    shown = [(each, picture) for each, picture in pictures if picture is not None]
    if not shown:
        return None
    methods = list(dict.fromkeys(name for each, _ in shown for name in each.maps))
    tiles = 1 + len(methods)
    blocks = max(1, min(len(shown), 9 // tiles))
    wide = min(1.25, (WIDE / blocks - BETWEEN) / tiles - GAP)
    tall = wide * max(picture.shape[0] / picture.shape[1] for _, picture in shown)
    down = math.ceil(len(shown) / blocks)
    head, step = 0.3, tall + LABELS + 0.08
    figure = Figure(figsize=(WIDE, head + step * down))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    for number, (each, picture) in enumerate(shown):
        x = (number % blocks) * (tiles * (wide + GAP) + BETWEEN)
        y = head + (number // blocks) * step
        planes = [picture, *(_overlaid(each, name, picture, look) for name in methods)]
        for at, plane in enumerate(planes):
            left = x + at * (wide + GAP)
            extent = (left, left + wide, y + wide * plane.shape[0] / plane.shape[1], y)
            axes.imshow(tile(plane, TILE), extent=extent, interpolation="nearest", aspect="auto")
        letters = int(tiles * wide * 17)
        axes.text(x, y + tall + 0.04, shorten(said(each), letters), fontsize=6.5, color=INK, va="top")
        axes.text(x, y + tall + 0.17, shorten(file_name(each.input), letters), fontsize=5.5, color=MUTED, va="top")
        if number < blocks:
            for at, name in enumerate(("image", *(_title(shown, name) for name in methods))):
                axes.text(x + at * (wide + GAP), head - 0.08, shorten(name, int(wide * 19)), fontsize=7, color=MUTED)
    axes.set(xlim=(0, WIDE), ylim=(head + step * down, 0))
    axes.set_axis_off()
    signed = {each.signed for explanation, _ in shown for each in explanation.maps.values()}
    read = "Bright places count most." if False in signed else ""
    read += " Violet places speak for what is explained, orange ones against it." if True in signed else ""
    return Drawing(figure, f"{count(len(shown), 'image')} and what the answers rest on", read.strip())


def _display(explanation: Explanation) -> Display | None:
    """Return how an image is shown: each by itself, so that a dark one is seen as well."""
    raw = explanation.raw
    return None if raw is None or raw.ndim != 3 else Display.of(np.moveaxis(raw, -1, 0)[None])


def _overlaid(explanation: Explanation, name: str, picture: np.ndarray, look: Look) -> np.ndarray:
    each = explanation.maps.get(name)
    if each is None:
        return np.full_like(picture, 235)
    return overlay(picture, plane_of(each, explanation), each.signed, look)


def _title(shown: Sequence[tuple[Explanation, np.ndarray]], name: str) -> str:
    return next(each.maps[name].title for each, _ in shown if name in each.maps)
