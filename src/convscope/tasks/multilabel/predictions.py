"""How predicted labels are written: for a person, and as a line of ``predictions.csv``, read back from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convscope.data.spec import Labels
from convscope.tasks.multilabel.evidence import THRESHOLD, LabelAnswers


def answer(probabilities: np.ndarray, target: Labels) -> dict[str, Any]:
    """Return the labels of one example that are likelier than not, the likeliest first, and all probabilities (K,).

    >>> answer(np.array([0.7, 0.2, 0.9]), Labels(("rust", "scab", "rot")))
    {'labels': ['rot', 'rust'], 'probabilities': {'rust': 0.7, 'scab': 0.2, 'rot': 0.9}}
    """
    order = np.argsort(-probabilities, kind="stable")
    return {
        "labels": [target.names[k] for k in order if probabilities[k] >= THRESHOLD],
        "probabilities": {name: float(p) for name, p in zip(target.names, probabilities, strict=True)},
    }


def columns(target: Labels) -> tuple[str, ...]:
    """Return the titles after id and split: whether each label is true, then its probability.

    >>> columns(Labels(("rust", "scab")))
    ('true:rust', 'true:scab', 'p:rust', 'p:scab')
    """
    return tuple(f"{prefix}:{name}" for prefix in ("true", "p") for name in target.names)


def cells(probabilities: np.ndarray, truth: np.ndarray, target: Labels) -> list[str]:
    """Return the cells of one example's labels (K,) under these titles."""
    return [*(str(int(each)) for each in truth), *(f"{p:.6g}" for p in probabilities)]


def read(rows: Sequence[Mapping[str, str]], target: Labels) -> LabelAnswers:
    """Return what such lines say; ``ValueError`` or ``KeyError`` where they are not of these labels."""
    titles = columns(target)
    values = np.array([[row[title] for title in titles] for row in rows], np.float64)
    truth, probabilities = np.split(values.reshape(len(rows), len(titles)), 2, axis=1)
    return LabelAnswers.of(truth, probabilities)
