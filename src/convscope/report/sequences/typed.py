"""What a network answers after each letter of a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convscope.data.columns import Ragged
from convscope.data.dataset import Split
from convscope.data.transforms import TextTransform
from convscope.data.transforms.text import text_of
from convscope.report.sequences.chosen import Chosen
from convscope.report.sequences.contents import Typed
from convscope.runs.predictor import Predictor

LETTERS = 60  # of a text


def prefixes(points: np.ndarray, most: int = LETTERS) -> list[np.ndarray]:
    """Return the beginnings of a text as code points (L,), of one letter, two, ..., at most ``most``."""
    return [points[:end] for end in range(1, min(len(points), most) + 1)]


def typed(predictor: Predictor, split: Split, examples: Sequence[Chosen]) -> tuple[Typed, ...]:
    """Return what is answered after each letter of some texts; none where the network takes no texts of any length.

    Each beginning is answered by itself: no other text stands beside it, and no padding behind it.
    """
    rule = predictor.transform
    if not isinstance(rule, TextTransform) or rule.dna or rule.length is not None:
        return ()
    shown: list[Typed] = []
    for example in examples:
        points = np.asarray(split.input.take(np.array([example.row]))[0])
        if len(points) > 1:
            values = predictor.predict_column(Ragged.of("text", prefixes(points)))
            shown.append(Typed(example.said, tuple(text_of(points[: len(values)])), values))
    return tuple(shown)
