"""What the threshold between two classes trades."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, HALF, ORANGE, TEAL, Drawing, canvas, grid


def draw(contents: Contents) -> Drawing | None:
    """Draw precision, recall and Dice of all pixels over the threshold, the chosen one marked."""
    curve = contents.own.curve
    if curve is None:
        return None
    figure = canvas(HALF, HALF * 0.72)
    axes = figure.subplots()
    for values, label, colour in (
        (curve.precision, "precision", ORANGE), (curve.recall, "recall", TEAL), (curve.dice, "Dice", BLUE)
    ):  # fmt: skip
        axes.plot(curve.thresholds, values, color=colour, label=label)
    axes.axvline(curve.chosen, color=GREY, linewidth=0.9, linestyle="--")
    axes.set(xlabel="probability from which on a pixel counts", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(frameon=False, loc="lower center")
    grid(axes)
    return Drawing(
        figure,
        "Threshold",
        f"All pixels of these images pooled. The dashed line is the threshold {curve.chosen:g}, which the validation"
        " images chose; where the curves are flat, it matters little.",
    )
