"""Traces of signals, coloured by what each step does to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from convscope.report.contents import Contents
from convscope.report.figures.sequences.paper import squared
from convscope.report.figures.sequences.scale import LINE, around_zero, legend
from convscope.report.figures.style import INK, MUTED, WIDE, Drawing, canvas
from convscope.report.sequences.contents import Explained
from convscope.report.text import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS, ROW = 2, 1.75
CHANNELS = 6  # of a signal, one above the other
VECTORS = 1_500  # steps, above which a line is drawn as pixels: the page stays small


def draw(contents: Contents) -> Drawing | None:
    """Draw the signals; ``None`` where no steps were explained."""
    explained = contents.sequences and contents.sequences.explanations
    if not explained or explained.kind != "steps":
        return None
    figure = picture(explained.examples, explained.rate)
    reading = f"{explained.method} Violet speaks for the answer, orange against it, grey steps hardly count."
    return Drawing(figure, "Steps that count", reading)


def picture(examples: Sequence[Explained], rate: float | None, effect: str = "what a step adds to the score") -> Figure:
    """Draw each signal below what it is and was taken for; ``effect`` says what the colours are."""
    down = -(-len(examples) // ACROSS)
    tall = ROW * (1 + 0.35 * (min(CHANNELS, _channels(examples)) - 1))
    figure = canvas(WIDE, tall * down + 0.55)
    parts = figure.add_gridspec(down + 1, ACROSS, height_ratios=[*[tall] * down, 0.1])
    norm = around_zero([_strong(example.effect) for example in examples])
    for at, example in enumerate(examples):
        axes = figure.add_subplot(parts[at // ACROSS, at % ACROSS])
        _trace(axes, example, norm, rate)
    legend(figure.add_subplot(parts[-1, 0]), norm, LINE, effect)
    return figure


def _channels(examples: Sequence[Explained]) -> int:
    return max(len(example.effect) for example in examples)


def _strong(effect: np.ndarray) -> np.ndarray:
    """Return the effects without the few largest, which would take all the colour."""
    return np.minimum(np.abs(effect), np.quantile(np.abs(effect), 0.97))


def _trace(axes: Axes, example: Explained, norm: Normalize, rate: float | None) -> None:
    signal, effect = example.signal, example.effect
    assert signal is not None
    steps = np.arange(signal.shape[1]) / (rate or 1.0)
    spread = 1.15 * float(np.ptp(signal, axis=1).max() or 1.0)
    shown = range(min(CHANNELS, len(signal)))
    for channel in shown:
        below = channel * spread if len(signal) > 1 else 0.0
        _coloured(axes, steps, signal[channel] - below, effect[channel], norm)
    axes.set_xlim(steps[0], steps[-1] or 1)
    room = 0.08 * spread
    low = min(float(signal[channel].min()) - (channel * spread if len(signal) > 1 else 0) for channel in shown)
    axes.set_ylim(low - room, float(signal[0].max()) + room)
    squared(axes, None if rate is None else float(steps[-1]))
    if len(signal) > 1:
        axes.set_yticklabels([])
    axes.set_xlabel("seconds" if rate else "step", fontsize=7)
    axes.set_title(example.said, fontsize=8, color=INK, fontweight="normal", pad=4)
    axes.text(1, 1.02, shorten(example.id, 24), transform=axes.transAxes, fontsize=6, color=MUTED, ha="right")


def _coloured(axes: Axes, steps: np.ndarray, values: np.ndarray, effect: np.ndarray, norm: Normalize) -> None:
    points = np.stack([steps, values], 1)
    segments = np.stack([points[:-1], points[1:]], 1)
    colour = (effect[:-1] + effect[1:]) / 2
    line = LineCollection(segments, cmap=LINE, norm=norm, array=colour, linewidths=2.0, capstyle="round")  # pyright: ignore[reportArgumentType]
    line.set_rasterized(len(steps) > VECTORS)
    axes.add_collection(line)
