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
        yield Notice(
            "conflicting-labels",
            f"{count(len(np.unique(identity[odd])), f'{examined.noun} has', f'{examined.noun}s have')} more than one label: "
            "no network can get all of them right; correct the label or remove them",
            tuple(f"{_named(examined, int(first[i]))} = {_named(examined, i)}" for i in odd[:EXAMPLES].tolist()),
        )


def _named(examined: Examined, row: int) -> str:
    return f"{examined.ids[row]} ({examined.classes[examined.labels[row]]})"
