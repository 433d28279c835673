"""Training signals, a row a class; of sounds their spectrograms below them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from convscope.report.figures.sequences.paper import squared
from convscope.report.figures.style import BLUE, INK, MUTED, WIDE
from convscope.report.figures.styles import COLOURS
from convscope.report.sequences.contents import Examples
from convscope.report.sequences.examples import ACROSS
from convscope.report.sequences.spectrogram import FLOOR, decibels, heard
from convscope.report.text import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

READING = "Training signals of each class, at even distances, on one scale"
SEVERAL = "; each channel has a colour"
SPECTROGRAMS = (
    f". Below each stands its spectrogram: the strongest frequencies are bright, {-FLOOR:.0f} dB less is dark"
)
TRACE, SOUND = 0.95, 0.75  # inches
POINTS = 500  # of a line: of more steps the lowest and the highest of each stretch
CHANNELS = 5


def reading(examples: Examples) -> str:
    """Say how to read the picture."""
    raw = [each for group in examples.groups for each in group.raw]
    several = SEVERAL if raw[0].shape[1] > 1 else ""
    return READING + several + (SPECTROGRAMS if any(heard(examples.rate, len(each)) for each in raw) else "") + "."


def picture(examples: Examples) -> Figure:
    """Draw the signals of each class beside its name."""
    panels = [
        (group.name if at == 0 else "", row)
        for group in examples.groups
        for at, row in enumerate(_chunks([*zip(group.raw, group.said, strict=True)]))
    ]
    sound = any(heard(examples.rate, len(raw)) for group in examples.groups for raw in group.raw)
    tall = TRACE + (SOUND if sound else 0) + 0.25
    height = tall * len(panels) + 0.3
    figure = Figure(figsize=(WIDE, height))
    limits = _limits(examples)
    for at, (name, row) in enumerate(panels):
        top = height - tall * at - 0.08
        if name:
            figure.text(0.008, (top - 0.1) / height, shorten(name, 12), fontsize=8.5, fontweight="bold", color=INK)
        for column, (raw, said) in enumerate(row):
            left, wide = 0.1 + column * 0.9 / ACROSS, 0.9 / ACROSS - 0.015
            axes = figure.add_axes((left, (top - TRACE) / height, wide, (TRACE - 0.12) / height))
            _trace(axes, raw, examples.rate, limits, first=column == 0)
            if said:
                axes.set_title(shorten(said, 30), fontsize=6.5, fontweight="normal", color=MUTED, pad=2)
            if sound:
                axes.tick_params(labelbottom=False)
                low = (top - TRACE - SOUND) / height
                _spectrogram(figure.add_axes((left, low, wide, (SOUND - 0.04) / height)), raw, examples.rate or 1.0,
                             first=column == 0)  # fmt: skip
    figure.text(0.99, 0.06 / height, "seconds" if examples.rate else "steps", fontsize=7, color=MUTED, ha="right")
    return figure


def _chunks(items: list[tuple[np.ndarray, str]]) -> list[list[tuple[np.ndarray, str]]]:
    return [items[at : at + ACROSS] for at in range(0, len(items), ACROSS)]


def _limits(examples: Examples) -> tuple[float, float]:
    every = np.concatenate([raw.ravel() for group in examples.groups for raw in group.raw])
    low, high = (float(value) for value in np.quantile(every, [0.001, 0.999]))
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _trace(axes: Axes, raw: np.ndarray, rate: float | None, limits: tuple[float, float], *, first: bool) -> None:
    for channel in range(min(CHANNELS, raw.shape[1])):
        steps, values = enveloped(raw[:, channel])
        colour = COLOURS[channel] if raw.shape[1] > 1 else BLUE
        axes.plot(steps / (rate or 1.0), values, color=colour, linewidth=0.9)
    axes.set(xlim=(0, max(1, len(raw) - 1) / (rate or 1.0)), ylim=limits)
    squared(axes, None if rate is None else len(raw) / rate, down=3)
    axes.tick_params(labelsize=6, labelleft=first)


def enveloped(values: np.ndarray, points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Return steps and values (k,) of a line, of more than ``points`` steps the lowest and highest of each stretch.

    >>> enveloped(np.array([0.0, 3.0, 1.0, -2.0, 0.0, 0.0]), points=4)[1].tolist()
    [0.0, 3.0, -2.0, 0.0]
    """
    if len(values) <= points:
        return np.arange(len(values)), values
    borders = np.linspace(0, len(values), points // 2 + 1).astype(int)
    kept = [
        sorted(low + np.argsort(values[low:high], kind="stable")[[0, -1]])
        for low, high in itertools.pairwise(borders.tolist())
    ]
    steps = np.array(kept).ravel()
    return steps, values[steps]


def _spectrogram(axes: Axes, raw: np.ndarray, rate: float, *, first: bool) -> None:
    axes.tick_params(labelsize=6, length=0, labelleft=first)
    for side in axes.spines.values():
        side.set_visible(False)
    if not heard(rate, len(raw)):
        axes.set_axis_off()
        return
    frequencies, times, levels = decibels(raw[:, 0], rate)
    extent = (float(times[0]), float(times[-1]), 0.0, float(frequencies[-1]) / 1000)
    axes.imshow(levels, "magma", origin="lower", aspect="auto", extent=extent, interpolation="none", vmin=FLOOR, vmax=0)
    axes.set_xlim(0, max(1, len(raw) - 1) / rate)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    if first:
        axes.set_ylabel("kHz", fontsize=6, labelpad=1)
