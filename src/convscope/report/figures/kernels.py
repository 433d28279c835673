"""The first layer's kernels: what the network looks for in the raw pixels."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from convscope.report.contents import Contents
from convscope.report.figures.style import MUTED, WIDE, Drawing, canvas

MOST, CHANNELS = 64, 4  # kernels and input channels shown
COLOURS = "PuOr"  # orange below zero, violet above, white at zero: told apart with any colour vision


def draw(contents: Contents) -> Drawing | None:
    """Draw each kernel (I, kh, kw), its input channels below one another, on one scale around zero."""
    kernels = contents.kernels
    if kernels is None or not kernels.size:
        return None
    count, channels = kernels.shape[:2]
    shown = kernels[:MOST, :CHANNELS]
    drawing = _few(shown, contents.handmade) if len(shown) <= 2 else _many(shown)
    left_out = [
        f" {count - MOST} further kernels are not shown." if count > MOST else "",
        f" Of {channels} input channels the first {CHANNELS} are shown." if channels > CHANNELS else "",
        f" The {len(shown[0])} panels of a kernel are its input channels, in their order." if channels > 1 else "",
    ]
    handmade = (
        " Beside it the kernel a person would draw for this task, on its own scale: a learned kernel that agrees up"
        " to a factor has found the same rule."
        if contents.handmade is not None and len(shown) <= 2
        else ""
    )
    return Drawing(
        drawing,
        "First kernels: what the first layer looks for",
        "Each kernel is a small pattern that is laid over the image everywhere; the answer is large where bright"
        " pixels fall on violet and dark ones on orange. White weights look at nothing. All share one scale."
        + "".join(left_out)
        + handmade,
    )


def _many(kernels: np.ndarray) -> Figure:
    """All on one scale, in rows of sixteen; the input channels of a kernel below one another."""
    count, channels, kh, kw = kernels.shape
    across, tall = min(count, 16), channels * kh
    sheet = np.full((-(-count // across) * (tall + 1) - 1, across * (kw + 1) - 1), np.nan)  # NaN: the gaps
    for o, kernel in enumerate(kernels):
        y, x = (o // across) * (tall + 1), (o % across) * (kw + 1)
        sheet[y : y + tall, x : x + kw] = np.concatenate(kernel)
    unit = min((WIDE - 1.2) / sheet.shape[1], 0.15)  # inches a weight
    figure = canvas(max(3.2, unit * sheet.shape[1] + 1.2), max(1.2, unit * sheet.shape[0] + 0.1))
    axes = figure.subplots()
    limit = float(np.abs(kernels).max()) or 1.0
    axes.set_anchor("W")
    image = axes.imshow(sheet, COLOURS, vmin=-limit, vmax=limit, interpolation="none")
    axes.set_axis_off()
    ticks = MaxNLocator(nbins=3, symmetric=True)
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.02, aspect=12, ticks=ticks)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    bar.ax.set_title("weight", fontsize=8, color=MUTED, fontweight="normal")
    return figure


def _few(kernels: np.ndarray, handmade: np.ndarray | None) -> Figure:
    """One or two kernels, large, with their numbers; the handmade one beside them."""
    panels = [(f"learned kernel {o + 1}" if len(kernels) > 1 else "learned kernel", k) for o, k in enumerate(kernels)]
    if handmade is not None:
        panels.append(("drawn by hand", handmade[:CHANNELS]))
    pictures = [(name, np.concatenate(kernel)) for name, kernel in panels]
    widths = [picture.shape[1] for _, picture in pictures]
    unit = min(0.42, (WIDE - 0.5) / (sum(widths) + 2 * len(widths)))
    tall = max(picture.shape[0] for _, picture in pictures)
    figure = canvas(max(3.2, unit * sum(widths) + 0.5 * len(widths)), unit * tall + 0.4)
    for axes, (name, picture) in zip(
        figure.subplots(1, len(pictures), squeeze=False, width_ratios=widths)[0], pictures, strict=True
    ):
        limit = float(np.abs(picture).max()) or 1.0
        axes.imshow(picture, cmap=COLOURS, vmin=-limit, vmax=limit, interpolation="none")
        axes.set_title(name, fontweight="normal", color=MUTED, fontsize=8.5)
        axes.set_axis_off()
        if unit > 0.25:
            _numbers(axes, picture, limit)
    return figure


def _numbers(axes: Axes, picture: np.ndarray, limit: float) -> None:
    for (i, j), value in np.ndenumerate(picture):
        text = f"{value:.2g}".replace("-", "\N{MINUS SIGN}")
        colour = "white" if abs(value) > 0.6 * limit else "black"
        axes.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)
