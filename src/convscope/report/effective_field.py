"""An effective receptive field drawn into a file."""

from __future__ import annotations

import io
from pathlib import Path

from convscope.analysis.effective_field import EffectiveField
from convscope.errors import ConfigError
from convscope.runs.write import write_file

KINDS, DPI = (".png", ".svg"), 150


def write_effective_field(found: EffectiveField, out: Path) -> Path:
    """Draw an effective receptive field into a PNG or SVG file; ``ConfigError`` for another ending."""
    from convscope.report.figures import effective_field as figure
    from convscope.report.figures import style

    kind = out.suffix.lower()
    if kind not in KINDS:
        raise ConfigError(f"--out {out}: a picture's name ends in {' or '.join(KINDS)}")
    file = io.BytesIO()
    with style.applied():
        drawn = figure.draw(found)
        drawn.figure.suptitle(drawn.title, x=0.01, ha="left", fontsize=9.5, fontweight="bold")
        metadata = {"Date": None} if kind == ".svg" else None
        drawn.figure.savefig(file, format=kind[1:], dpi=DPI, metadata=metadata)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_file(out, file.getvalue())
    return out
