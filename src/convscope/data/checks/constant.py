"""Images of a single value: a scan that failed, a crop beside the tissue, a wrong channel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import EXAMPLES, part


def check(examined: Examined) -> Iterator[Notice]:
    """Notice images whose smallest and largest value are equal."""
    flat = np.flatnonzero(examined.low == examined.high)
    if len(flat):
        yield Notice(
            "constant-images",
            f"{part(len(flat), len(examined.ids), 'image', 'has', 'have')} one value in every pixel: there is nothing "
            "to learn from them; look at them and remove them",
            tuple(f"{examined.ids[i]} (all {examined.low[i]:g})" for i in flat[:EXAMPLES]),
        )
