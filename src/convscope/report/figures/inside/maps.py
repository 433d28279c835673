"""The feature maps of one layer for one example, each in its own range, which stands below it.

A layer may have thousands, so that they are laid out as pixels and not drawn: a page of 80 takes a tenth of a second.
"""

from __future__ import annotations

import io
import math
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import colormaps
from PIL import Image, ImageDraw, ImageFont

from convscope.explaining.feature_maps import FeatureMaps
from convscope.report.figures.inside.colours import SIGNED, UNSIGNED, is_signed, plain, shares
from convscope.report.figures.style import GREY, PAPER

ACROSS, DOWN = 10, 8
PAGE = ACROSS * DOWN  # maps of a page
WIDTH, SIDE = 1440, 136  # pixels of a page, and of a map of it; smaller ones are enlarged by whole numbers
GAP, LABEL, TYPE = 8, 18, 11  # pixels between maps, for the line below one, and of its letters
COLOURS = 254  # of a map; the other two are paper and ink


def pages(layer: FeatureMaps) -> list[slice]:
    """Return which maps stand on each page of a layer.

    >>> pages(FeatureMaps("a", "relu", np.zeros((100, 2, 2))))
    [slice(0, 80, None), slice(80, 160, None)]
    """
    return [slice(first, first + PAGE) for first in range(0, len(layer.values), PAGE)]


def reading(layer: FeatureMaps) -> str:
    """Say how a layer's maps are read."""
    count, size = len(layer.values), "×".join(map(str, layer.values.shape[1:]))
    colours = "orange below zero, violet above" if is_signed(layer.values) else "dark to bright"
    silent = f" {layer.silent:,} are the same number everywhere." if layer.silent else ""
    faint = int(layer.faint.sum())
    little = f" {faint:,} are nearly nothing (≈ 0): below a hundredth of the layer's largest number." if faint else ""
    middle = " Of each volume the middle slice is shown." if layer.values.ndim == 4 else ""
    return f"{count:,} maps of {size}, each in its own range, which stands below it: {colours}.{middle}{silent}{little}"


def png(layer: FeatureMaps, at: slice) -> bytes:
    """Return some maps (C, H, W) of a layer, of volumes their middle slices, as a picture with transparent paper."""
    values, signed = layer.values[at], is_signed(layer.values)
    tiles = [_tile(each if each.ndim == 2 else each[len(each) // 2], signed) for each in values]
    height, width = tiles[0].shape
    step = max(SIDE, width) + GAP, height + LABEL + GAP
    across = min(ACROSS, max(1, WIDTH // step[0]))
    cells = np.full((math.ceil(len(tiles) / across) * step[1], WIDTH), COLOURS, np.uint8)
    places = [((number % across) * step[0], (number // across) * step[1]) for number in range(len(tiles))]
    for tile, (x, y) in zip(tiles, places, strict=True):
        cells[y : y + height, x : x + width] = tile
    picture = Image.fromarray(cells).convert("P")
    picture.putpalette(_palette(signed))
    draw, font = ImageDraw.Draw(picture), _font()
    draw.fontmode = "1"  # letters without grey edges, for which the palette has no room
    for number, ((x, y), (low, high), faint) in enumerate(
        zip(places, layer.ranges[at], layer.faint[at], strict=True), at.start
    ):
        draw.text(
            (x, y + height + 2),
            f"{number}: {plain(low)}…{plain(high)}{' ≈ 0' if faint else ''}",
            fill=COLOURS + 1,
            font=font,
        )
    file = io.BytesIO()
    picture.save(file, "PNG", transparency=COLOURS)
    return file.getvalue()


def _tile(values: np.ndarray, signed: bool) -> np.ndarray:
    """Return a map (H, W) in its own range as numbers of colours, about ``SIDE`` pixels wide."""
    longer = max(values.shape)
    step = max(1, -(-longer // SIDE))
    times = max(1, SIDE // longer)
    numbers = np.rint((COLOURS - 1) * shares(values[::step, ::step], signed)).astype(np.uint8)
    return numbers.repeat(times, 0).repeat(times, 1)


def _palette(signed: bool) -> list[int]:
    colours = colormaps[SIGNED if signed else UNSIGNED](np.linspace(0, 1, COLOURS))[:, :3]
    numbers = np.rint(255 * colours).astype(int).ravel().tolist()
    return [*numbers, *bytes.fromhex(PAPER[1:]), *bytes.fromhex(GREY[1:])]


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), TYPE)
