"""A whole signal above a traced number: what of it the number sees, and the step at which the way ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from convscope.report.figures.style import BLUE, INK, MUTED, ORANGE, TEAL
from convscope.report.figures.styles import COLOURS
from convscope.tracing.forward import PIXEL
from convscope.tracing.table import name, number
from convscope.tracing.terms import Trace

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

CHANNELS = 5  # that are drawn


def draw(part: SubFigure, chain: Sequence[Trace], signal: np.ndarray, seen: np.ndarray | None) -> None:
    """Draw a raw signal (C, T); ``seen`` (1, T) are the steps that the first number depends on."""
    axes = part.add_axes((0.05, 0.16, 0.56, 0.74))
    for channel, values in enumerate(signal[:CHANNELS]):
        axes.plot(values, color=BLUE if len(signal) == 1 else COLOURS[channel], linewidth=1.1)
    axes.tick_params(labelsize=6.5)
    axes.set_xlabel("step", fontsize=7, color=MUTED)
    lines = [f"{name(chain[0])} = {number(chain[0].total)}", f"{chain[0].engine}: {number(chain[0].value)}"]
    if seen is not None and seen.any():
        at = np.flatnonzero(seen[0])
        axes.axvspan(at[0] - 0.5, at[-1] + 0.5, color=TEAL, alpha=0.12, linewidth=0)
        lines.append(f"It sees {len(at):,} of {seen.size:,} steps (green).")
    if chain[-1].op == PIXEL:
        channel, step = chain[-1].at
        axes.plot(step, signal[channel, step], "o", color=ORANGE, markersize=5)
        lines += [
            "",
            "Along the largest product in each step the way",
            f"ends at step {step} of channel {channel} (orange):",
        ]
        lines.append(f"{chain[-1].total:g}.")
    for at, line in enumerate(lines):
        bold = "bold" if at == 0 else "normal"
        part.text(0.64, 0.86 - 0.11 * at, line.replace("-", "\N{MINUS SIGN}"), fontsize=9.5 if at == 0 else 8.5,
                  fontweight=bold, va="top", color=INK)  # fmt: skip
