"""Texts of a split as simple methods see them: whole, and the counts of their runs of characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convscope.data.dataset import Split
from convscope.data.transforms.text import text_of

LONGEST = 5  # characters of an n-gram
LETTERS_A_SECOND = 1.5e5  # learned from by the n-grams: one thread of a 2023 server, with room to spare


def texts_of(split: Split, at: np.ndarray | None = None) -> list[str]:
    """Return the texts at positions ``at`` of a split, all by default."""
    rows = np.arange(len(split)) if at is None else at
    return [text_of(np.asarray(text)) for text in split.input.take(rows)]


def gram_counts(count: int) -> Any:
    """Return scikit-learn's counter of runs of one to five characters, for ``count`` texts to learn from."""
    from sklearn.feature_extraction.text import CountVectorizer

    rare = 2 if count > 1000 else 1  # texts at least that have a run of characters
    return CountVectorizer(analyzer="char", ngram_range=(1, LONGEST), lowercase=False, min_df=rare)


def sizes(texts: Sequence[str]) -> np.ndarray:
    """Return the logarithm of each text's length and how many spaces it has, (n, 2).

    >>> sizes(["a b"]).round(2).tolist()
    [[1.39, 1.0]]
    """
    return np.array([(np.log1p(len(text)), text.count(" ")) for text in texts], np.float64)
