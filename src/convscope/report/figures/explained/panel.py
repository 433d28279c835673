"""One image and its maps, large: each map alone with its scale, and over the image, with its verdict below."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convscope.explaining.explanation import Explanation, Map
from convscope.report.explained.look import Look
from convscope.report.explained.shown import picture_of, plane_of, said_of
from convscope.report.figures.explained.colours import SIGNED, UNSIGNED, map_picture, overlay
from convscope.report.figures.inside.colours import plain
from convscope.report.figures.style import INK, MUTED, ORANGE, WIDE, Drawing
from convscope.report.text import file_name, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDE, GAP, LEFT = 2.75, 0.3, 0.05  # inches
LINE, LETTERS = 0.155, 128  # of the words below a map: inches, and characters of a line
ABOVE, BAR = 0.42, 0.34


def draw(explanation: Explanation, look: Look, pixel: tuple[float, str] | None = None) -> Drawing | None:
    """Draw an explanation of an image; ``pixel`` is the size of one with its unit, for the scale bar.

    ``None`` for what could not be read, and for what is no image.
    """
    picture = picture_of(explanation)
    if picture is None or not explanation.maps:
        return None
    height, width = picture.shape[:2]
    wide = SIDE * min(1.0, width / height)
    tall = wide * height / width
    words = {name: _words(each) for name, each in explanation.maps.items()}
    rows = [ABOVE + tall + LINE * len(words[name]) + 0.12 for name in words]
    figure = Figure(figsize=(WIDE, sum(rows)))
    top = 0.0
    for (name, each), row in zip(explanation.maps.items(), rows, strict=True):
        _row(figure, (top, wide, tall), each, explanation, picture, look, pixel)
        verdict = len(_verdict(each))
        for line, text in enumerate(words[name]):
            y = 1 - (top + ABOVE + tall + 0.1 + LINE * (line + 0.6)) / sum(rows)
            failed = each.passed is False and line < verdict
            figure.text(LEFT / WIDE, y, text, fontsize=8, color=ORANGE if failed else INK, va="center")
        top += row
    signs = {each.signed for each in explanation.maps.values()}
    reading = {
        False: "Bright places count most for the score.",
        True: "Violet places speak for it, orange ones against it.",
    }
    read = " ".join(reading[sign] for sign in sorted(signs))
    title = f"{shorten(file_name(explanation.input), 60)}: {said_of(explanation)}"
    return Drawing(figure, title, f"The {explanation.score} of “{explanation.target}” is explained. {read}")


def _words(each: Map) -> list[str]:
    """Return the verdict and what else is to be said of a map, in lines."""
    facts = [f"score {plain(each.score)}"]
    if each.node is not None:
        facts.append(f"layer {each.node}")
    if each.gap is not None:
        facts.append(f"its sum misses the score by {plain(abs(each.gap))}")
    return [*_verdict(each), *wrap("; ".join([*facts, *each.notes]), LETTERS)]


def _verdict(each: Map) -> list[str]:
    verdict = each.verdict or "Not checked: whether it shows the network is not known"
    return wrap(f"{verdict}.", LETTERS)


def _row(
    figure: Figure,
    size: tuple[float, float, float],
    each: Map,
    explanation: Explanation,
    picture: np.ndarray,
    look: Look,
    pixel: tuple[float, str] | None,
) -> None:
    top, wide, tall = size
    values, total = plane_of(each, explanation), float(figure.get_figheight())
    panels = (
        ("image, as the network is given it" if values.shape == each.values.shape else "its frames, in order", picture),
        (each.title, map_picture(values, each.signed, look)),
        (f"{each.title} over the image", overlay(picture, values, each.signed, look)),
    )
    for number, (title, shown) in enumerate(panels):
        x = LEFT + number * (wide + GAP) + (BAR if number == 2 else 0)
        box = (x / WIDE, 1 - (top + ABOVE + tall) / total, wide / WIDE, tall / total)
        axes = figure.add_axes(box)
        axes.imshow(shown, interpolation="nearest", aspect="auto")
        axes.set_title(title, fontsize=8.5, pad=4, fontweight="bold" if number else "normal", color=INK)
        axes.set_axis_off()
        if explanation.region is not None and explanation.region.ndim == 2 and number == 0:
            _outline(axes, explanation.region)
        if pixel is not None and number != 1:
            scale_bar(axes, picture.shape[1], picture.shape[0], *pixel)
        if number == 1:
            bar = figure.add_axes(((x + wide + 0.05) / WIDE, box[1], 0.09 / WIDE, box[3]))
            _legend(figure, bar, values, each.signed, look)


def _legend(figure: Figure, axes: Axes, values: np.ndarray, signed: bool, look: Look) -> None:
    low, high = look.limits(values)
    shades = ScalarMappable(Normalize(-high if signed else low, high), SIGNED if signed else UNSIGNED)
    bar = figure.colorbar(shades, cax=axes)
    ends = [-high, 0.0, high] if signed else [low, high]
    bar.set_ticks(ends, labels=[plain(end) for end in ends])
    bar.ax.tick_params(labelsize=6, color=MUTED, length=2)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]


def _outline(axes: Axes, region: np.ndarray) -> None:
    """Draw the border of what is explained of a mask; of a single pixel a ring around it."""
    if region.sum() == 1:
        row, column = (int(at[0]) for at in np.nonzero(region))
        axes.plot([column], [row], "o", markersize=9, markerfacecolor="none", markeredgecolor=ORANGE)
    elif not region.all():
        axes.contour(region, levels=[0.5], colors=[ORANGE], linewidths=0.8)


def scale_bar(axes: Axes, width: int, height: int, size: float, unit: str) -> None:
    """Draw a bar of a round length near a quarter of an image's width, in the units of a pixel's size."""
    length = round_length(width * size / 4)
    pixels = length / size
    x, y = 0.04 * width, 0.94 * height
    axes.add_patch(Rectangle((x, y), pixels, 0.016 * height, facecolor="white", edgecolor="black", linewidth=0.5))
    text = axes.text(x + pixels / 2, y - 0.01 * height, f"{length:g} {unit}", fontsize=7, color="white", ha="center")
    text.set(va="bottom", bbox={"facecolor": "black", "alpha": 0.5, "pad": 1, "edgecolor": "none"})


def round_length(length: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is no longer.

    >>> round_length(37.0), round_length(0.9), round_length(6.0)
    (20.0, 0.5, 5.0)
    """
    power = 10.0 ** np.floor(np.log10(length))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length))
