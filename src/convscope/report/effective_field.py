"""An effective receptive field drawn into a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convscope.analysis.effective_field import EffectiveField
from convscope.report.picture import write_picture

if TYPE_CHECKING:
    from convscope.report.figures.style import Figure


def write_effective_field(effect: EffectiveField, out: Path) -> Path:
    """Draw an effective receptive field into a PNG or SVG file; ``ConfigError`` for another ending."""
    from convscope.report.figures import effective_field as figure

    def draw() -> Figure:
        drawn = figure.draw(effect)
        drawn.figure.suptitle(drawn.title, x=0.01, ha="left", fontsize=9.5, fontweight="bold")
        return drawn.figure

    return write_picture(draw, out)
