"""One image under two labels: at most one of them is right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.checks.duplicates import identities
from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import EXAMPLES, count


def check(examined: Examined) -> Iterator[Notice]:
    """Notice identical images of different classes."""
    identity = identities(examined.content)
    first = np.unique(identity, return_index=True)[1][identity]  # the first image of the same content
    odd = np.flatnonzero(examined.labels != examined.labels[first])
    if len(odd):
        noun, most = examined.noun, ceiling(identity, examined.labels)
        yield Notice(
            "conflicting-labels",
            f"{count(len(np.unique(identity[odd])), f'{noun} has', f'{noun}s have')} more than one label: no network "
            f"can get all of them right, and none more than {most:.2%} of the set; correct the label or remove them",
            tuple(f"{_named(examined, int(first[i]))} = {_named(examined, i)}" for i in odd[:EXAMPLES].tolist()),
        )


def ceiling(identity: np.ndarray, labels: np.ndarray) -> float:
    """Return the largest accuracy (0..1) on examples (n,), of which those of equal ``identity`` get one answer.

    >>> ceiling(np.array([0, 0, 0, 1]), np.array([1, 1, 0, 0]))
    0.75
    """
    classes = int(labels.max()) + 1
    pairs, counts = np.unique(identity * classes + labels, return_counts=True)
    most = np.zeros(identity.max() + 1, np.int64)
    np.maximum.at(most, pairs // classes, counts)
    return float(most.sum() / len(identity))


def _named(examined: Examined, row: int) -> str:
    return f"{examined.ids[row]} ({examined.classes[examined.labels[row]]})"
