"""What the worst mistakes of a run rest on."""

from __future__ import annotations

from dataclasses import replace

from convscope.explaining.methods import METHODS
from convscope.report.contents import Contents
from convscope.report.explained.look import Look
from convscope.report.figures.explained import sheet
from convscope.report.figures.style import Drawing
from convscope.report.text import sentence


def draw(contents: Contents) -> Drawing | None:
    """Draw each mistake with its map; ``None`` where there are none."""
    inside = contents.inside
    drawing = (
        sheet.draw(inside.worst, Look(), said=lambda each: each.note) if inside is not None and inside.worst else None
    )
    if drawing is None or inside is None:
        return None
    method = METHODS[next(iter(inside.worst[0].maps))]
    verdict = (
        f"{sentence(inside.verdict)} Only this was checked here, on few images; "
        if inside.verdict
        else "Not checked here; "
    )
    more = "convscope explain checks more, shows other methods, and any image."
    reading = f"{method.title}: {method.about} Explained is what was said, not what is true. {verdict}{more}"
    return replace(drawing, title="What its worst mistakes rest on", reading=reading)
