"""A value far outside all others, as -9999 and the like: it probably means that there is no data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import EXAMPLES, part


def check(examined: Examined) -> Iterator[Notice]:
    """Notice each value that is far outside all others of its image and channel, the most frequent first."""
    if examined.outlier is None or examined.outliers is None or examined.numbers is None:
        return
    values, numbers = np.unique(examined.outlier[~np.isnan(examined.outlier)], return_counts=True)
    for value in values[np.argsort(-numbers, kind="stable")][:EXAMPLES]:
        rows = np.flatnonzero(examined.outlier == value)
        share = examined.outliers[rows].sum() / examined.numbers[rows].sum()
        written = f"{value:.9g}"
        remedy = f"have it filled with --nodata {written}"
        if examined.nodata is not None:
            remedy = f"write {examined.nodata:g} for it in the files, since --nodata takes one value"
        yield Notice(
            "outlying-values",
            f"{part(len(rows), len(examined.ids), 'image', 'holds', 'hold')} the value {written}, far outside all "
            f"others ({share:.2%} of their numbers): if it means that there is no data, {remedy}; left as it is, it "
            "hides everything else from the network",
            tuple(f"{examined.ids[i]} ({examined.outliers[i]:,} times)" for i in rows[:EXAMPLES]),
        )
