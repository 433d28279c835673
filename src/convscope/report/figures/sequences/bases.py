"""In-silico mutagenesis of DNA: every base of a sequence against every other, and how much each place counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from convscope.data.transforms.dna import BASES
from convscope.explaining.mutagenesis import importance
from convscope.report.contents import Contents
from convscope.report.figures.sequences.glyphs import letter
from convscope.report.figures.sequences.scale import CELLS, around_zero, legend
from convscope.report.figures.style import FAINT, INK, MUTED, WIDE, Drawing
from convscope.report.sequences.contents import Explained
from convscope.report.text import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, FOOT = 1.5, 0.62  # inches of a sequence, and of the scale
ACROSS = 100  # letters drawn of a longer sequence: those about what counts most


def draw(contents: Contents) -> Drawing | None:
    """Draw the sequences; ``None`` where no bases were mutated."""
    explained = contents.sequences and contents.sequences.explanations
    if not explained or explained.kind != "bases":
        return None
    longest = max(len(example.letters) for example in explained.examples)
    part = f" Of {longest:,} letters the {ACROSS} about what counts most are drawn." if longest > ACROSS else ""
    reading = f"{explained.method} Violet makes the answer surer, orange less sure.{part}"
    return Drawing(picture(explained.examples), "Mutagenesis maps", reading)


def picture(examples: Sequence[Explained]) -> Figure:
    """Draw each sequence as letters, as high as they count, above a map of what every other base would do."""
    norm = around_zero([example.effect for example in examples])
    counted = [importance(example.effect) for example in examples]
    highest = max(float(np.abs(each).max(initial=0)) for each in counted) or 1.0
    height = ROW * len(examples) + FOOT
    figure = Figure(figsize=(WIDE, height))
    for at, (example, counts) in enumerate(zip(examples, counted, strict=True)):
        top = height - ROW * at
        letters = figure.add_axes((0.035, (top - 0.82) / height, 0.955, 0.58 / height))
        cells = figure.add_axes((0.035, (top - 1.32) / height, 0.955, 0.48 / height))
        part = _part(counts)
        _letters(letters, example, counts[part], part.start, highest)
        _map(cells, example.effect[:, part], part.start, norm)
    bar = figure.add_axes((0.035, 0.24 / height, 0.25, 0.1 / height))
    legend(bar, norm, CELLS, "the score changes by so much with that base")
    return figure


def _part(counts: np.ndarray) -> slice:
    """Return the places that are drawn."""
    if len(counts) <= ACROSS:
        return slice(0, len(counts))
    weights = np.convolve(np.abs(counts), np.ones(ACROSS), "valid")
    start = int(np.argsort(-weights, kind="stable")[0])
    return slice(start, start + ACROSS)


def _letters(axes: Axes, example: Explained, counts: np.ndarray, start: int, highest: float) -> None:
    axes.set(xlim=(-0.5, len(counts) - 0.5), ylim=(-0.35 * highest, highest))
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=0)
    low = float(counts.min(initial=0))
    if low < -0.35 * highest:
        axes.set_ylim(low, highest)
    for at, count in enumerate(counts):
        if abs(count) > 0.01 * highest:
            letter(axes, example.letters[start + at], at, 0, float(count))
    axes.text(0, 1.1, example.said, transform=axes.transAxes, fontsize=8, color=INK)
    axes.text(1, 1.1, shorten(example.id, 44), transform=axes.transAxes, fontsize=7, color=MUTED, ha="right")


def _map(axes: Axes, effect: np.ndarray, start: int, norm: Normalize) -> None:
    extent = (start + 0.5, start + effect.shape[1] + 0.5, 3.5, -0.5)
    axes.imshow(effect, CELLS, norm=norm, interpolation="none", aspect="auto", extent=extent)
    axes.set_yticks(range(4), [*BASES], fontsize=6)
    axes.xaxis.set_major_locator(MaxNLocator(12, integer=True))
    axes.tick_params(axis="x", labelsize=6, length=2, pad=1)
    for side in axes.spines.values():
        side.set_visible(False)
