"""Training examples: texts in columns, DNA as coloured letters below its logo, signals as traces."""

from __future__ import annotations

from matplotlib.figure import Figure

from convscope.report.contents import Contents
from convscope.report.figures.sequences import example_bases, example_signals, example_texts
from convscope.report.figures.style import Drawing
from convscope.report.sequences.contents import Examples

KINDS = {"letters": example_texts, "bases": example_bases, "steps": example_signals}
TITLES = {"letters": "Training texts", "bases": "Training sequences", "steps": "Training signals"}


def draw(contents: Contents) -> Drawing | None:
    """Draw training examples of each class; ``None`` for inputs that are no sequences."""
    examples = contents.sequences.examples if contents.sequences else None
    if examples is None:
        return None
    return Drawing(picture(examples), TITLES[examples.kind], KINDS[examples.kind].reading(examples))


def picture(examples: Examples) -> Figure:
    """Draw training examples, as their kind is drawn."""
    return KINDS[examples.kind].picture(examples)
