"""How many objects are found, the more exactly they have to be met."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, HALF, ORANGE, TEAL, Drawing, canvas, grid

LINES = (("ap", "AP", BLUE), ("f1", "F1", ORANGE), ("pq", "panoptic quality", TEAL))


def draw(contents: Contents) -> Drawing | None:
    """Draw average precision, F1 and panoptic quality over the IoU that a match needs."""
    objects = contents.metrics.get("objects")
    if objects is None or all(each["value"] is None for each in objects["ap"]):
        return None
    figure = canvas(HALF, HALF * 0.72)
    axes = figure.subplots()
    for name, label, colour in LINES:
        known = [
            (at, each)
            for at, each in zip(objects["thresholds"], objects[name], strict=True)
            if each["value"] is not None
        ]
        axes.plot([at for at, _ in known], [each["value"] for _, each in known], color=colour, label=label)
        spread = [(at, each["low"], each["high"]) for at, each in known if each["low"] is not None]
        if spread:
            at, low, high = zip(*spread, strict=True)
            axes.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set(xlabel="IoU from which a match counts", ylim=(0, 1))
    axes.legend(frameon=False, loc="lower left")
    grid(axes)
    return Drawing(
        figure,
        "Objects matched",
        "A predicted object matches a true one if their intersection over union is at least this. AP: matches over"
        " matches, misses and inventions; mean over images, bands are 95 % intervals.",
    )
