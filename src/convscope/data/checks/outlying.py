"""A value far outside all others, as -9999 and the like: it probably means that there is no data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import EXAMPLES, count


def check(examined: Examined) -> Iterator[Notice]:
    """Notice each value that is far outside all others of its image and channel, the most frequent first."""
    if examined.outlier is None or examined.outliers is None or examined.numbers is None:
        return
    values, numbers = np.unique(examined.outlier[~np.isnan(examined.outlier)], return_counts=True)
    for value in values[np.argsort(-numbers, kind="stable")][:EXAMPLES]:
        rows = np.flatnonzero(examined.outlier == value)
        share = examined.outliers[rows].sum() / examined.numbers[rows].sum()
        said = f"{value:.9g}"
        way = f"have it filled with --nodata {said}"
        if examined.nodata is not None:
            way = f"write {examined.nodata:g} for it in the files, since --nodata takes one value"
        yield Notice(
            "outlying-values",
            f"{count(len(rows), 'image')} of {len(examined.ids):,} with the value {said} far outside all others "
            f"({share:.2%} of their numbers): if it means that there is no data, {way}; "
            "left as it is, it hides everything else from the network",
            tuple(f"{examined.ids[i]} ({examined.outliers[i]:,} times)" for i in rows[:EXAMPLES]),
        )
