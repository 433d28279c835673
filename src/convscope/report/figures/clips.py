"""Training clips as strips of their frames."""

from __future__ import annotations

import numpy as np

from convscope.data.clips.sampling import sampled
from convscope.data.pictures import Display
from convscope.report.contents import Contents
from convscope.report.figures.contact_sheet import lay, tiles
from convscope.report.figures.style import INK, WIDE, Drawing, canvas
from convscope.report.text import shorten

ACROSS = 12  # frames of a clip


def draw(contents: Contents) -> Drawing | None:
    """Draw a row of frames per clip, the first on the left."""
    clips = contents.clips
    if clips is None:
        return None
    count, length, *_ = clips.frames.shape
    at = sampled(length, min(ACROSS, length))
    frames = np.moveaxis(clips.frames[:, at], -1, 2)  # (n, k, C, H, W)
    display = Display.of(frames.reshape(-1, *frames.shape[2:]))
    rows = [tiles(clip, display) for clip in frames]
    h, w = rows[0][0].shape[:2]
    gap = max(1, h // 16)
    unit = min(1 / 72, (WIDE - 1.3) / (len(at) * (w + gap)))  # inches a pixel
    figure = canvas(WIDE, max(0.8, unit * count * (h + gap) + 0.1))
    axes = figure.subplots()
    lay(axes, rows, gap=gap)
    for row, word in enumerate(clips.words):
        axes.annotate(
            shorten(word, 16), (0, row * (h + gap) + h / 2), (-6, 0), textcoords="offset points", ha="right",
            va="center", color=INK,
        )  # fmt: skip
    each = "frame" if contents.noun == "clip" else "slice"
    seen = f"{len(at)} of {length} {each}s" if len(at) < length else f"all {length} {each}s"
    return Drawing(
        figure, f"Training {contents.noun}s", f"A {contents.noun} a row, {seen} from left to right. {display.sentence}"
    )
