"""Images that a run drew, as files: each by itself, and all on one sheet beside what they resemble most."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convscope.data.pictures import pixels_png
from convscope.report.figures.reconstruction.rows import height, lay_rows
from convscope.report.figures.style import MUTED, WIDE, applied, canvas
from convscope.runs.samples import Samples
from convscope.runs.write import write_file

ACROSS, SHEET = 16, "sheet.png"


def write_samples(samples: Samples, folder: Path) -> None:
    """Write ``0001.png``, ... and ``sheet.png`` into a folder; more than three channels as ``samples.npy``."""
    digits = max(4, len(str(len(samples.pictures))))
    if samples.pictures.shape[1] in (1, 3):
        for number, picture in enumerate(samples.pictures, 1):
            write_file(folder / f"{number:0{digits}}.png", pixels_png(np.moveaxis(picture, 0, -1)))
    else:
        np.save(folder / "samples.npy", samples.pictures)
    _sheet(samples, folder / SHEET)


def _sheet(samples: Samples, path: Path) -> None:
    """Draw all pictures in rows, below each the nearest training image where these are known."""
    kinds = [samples.pictures] + ([samples.nearest] if samples.nearest is not None else [])
    rows = [list(kind[first : first + ACROSS]) for first in range(0, len(samples.pictures), ACROSS) for kind in kinds]
    across = min(ACROSS, len(samples.pictures))
    with applied():
        figure = canvas(WIDE, height(len(rows), across, samples.pictures.shape[1:]) + 0.4)
        axes = figure.subplots()
        lay_rows(axes, rows)
        below = "; below each the nearest training image" if samples.nearest is not None else ""
        axes.set_title(f"drawn, none chosen{below}", fontsize=8, color=MUTED)
        figure.savefig(path, dpi=150)
