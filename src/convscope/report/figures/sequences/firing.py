"""The windows of signals that kernels of the first layer answer most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, FAINT, GREY, INK, MUTED, WIDE, Drawing, canvas
from convscope.report.sequences.contents import Firing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS, ROW = 4, 1.75


def draw(contents: Contents) -> Drawing | None:
    """Draw each kernel's windows above its weights; ``None`` where no convolution sees signals."""
    kernels = contents.sequences.firing if contents.sequences else ()
    if not kernels:
        return None
    down = -(-len(kernels) // ACROSS)
    figure = canvas(WIDE, ROW * down)
    parts = figure.add_gridspec(2 * down, ACROSS, height_ratios=[3, 1] * down, hspace=0.02)
    for at, kernel in enumerate(kernels):
        row, column = divmod(at, ACROSS)
        above = figure.add_subplot(parts[2 * row, column])
        _windows(above, kernel)
        _weights(figure.add_subplot(parts[2 * row + 1, column], sharex=above), kernel)
    channels = len(kernels[0].kernel)
    of = " Of several channels the one with a kernel's largest weights is drawn." if channels > 1 else ""
    reading = (
        f"Each panel is a kernel of the first layer: the {len(kernels[0].windows)} windows of training signals that it "
        "answers most, each from another signal (the darkest most of all), above its weights. The answers are those "
        f"before anything follows; the kernels with the largest ones are shown.{of}"
    )
    return Drawing(figure, "Windows that kernels answer", reading)


def _channel(kernel: Firing) -> int:
    return int(np.argsort(-np.abs(kernel.kernel).sum(1), kind="stable")[0])


def _windows(axes: Axes, kernel: Firing) -> None:
    lines = kernel.windows[:, _channel(kernel)]
    for at, line in reversed([*enumerate(lines)]):
        axes.plot(line, color=BLUE, linewidth=1.6 if at == 0 else 1.0, alpha=1.0 - 0.75 * at / len(lines))
    axes.set_title(kernel.name, fontsize=7, fontweight="normal", color=INK, pad=3)
    axes.text(1, 1.03, f"{kernel.answers[0]:.3g}", transform=axes.transAxes, fontsize=6.5, color=MUTED, ha="right")
    axes.tick_params(labelsize=6, labelbottom=False, length=0)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.grid(axis="y")
    axes.spines[["left", "bottom"]].set_visible(False)


def _weights(axes: Axes, kernel: Firing) -> None:
    weights = kernel.kernel[_channel(kernel)]
    at = np.linspace(0, kernel.windows.shape[2] - 1, len(weights))
    axes.bar(at, weights, width=0.7 * (at[1] - at[0] if len(at) > 1 else 1), color=GREY)
    axes.axhline(0, color=FAINT, linewidth=0.6)
    axes.tick_params(labelsize=6, labelleft=False, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.spines[["left", "bottom"]].set_visible(False)
