"""Predicted numbers against true ones, and what lies between them."""

from __future__ import annotations

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, WIDE, Drawing, canvas, grid
from convscope.report.sections.regression.contents import Predicted
from convscope.report.text import shorten

MOST = 6  # numbers drawn


def draw(contents: Contents) -> Drawing | None:
    """Draw a row a number: predicted against true on the left, their difference against the true one on the right."""
    own: Predicted = contents.own
    names = own.names
    there = np.flatnonzero(np.isfinite(own.truth).any(axis=0)).tolist()
    shown = there[:MOST]
    if not shown:
        return None
    figure = canvas(WIDE, 3.0 * len(shown))
    for (left, right), k in zip(figure.subplots(len(shown), 2, squeeze=False), shown, strict=True):
        known = np.isfinite(own.truth[:, k])
        truth, predicted = own.truth[known, k], own.predicted[known, k]
        unit = f", {own.units[k]}" if own.units[k] else ""
        ends = [float(min(truth.min(), predicted.min())), float(max(truth.max(), predicted.max()))]
        left.plot(ends, ends, color=GREY, linewidth=1, linestyle=(0, (3, 3)))
        right.axhline(0, color=GREY, linewidth=1, linestyle=(0, (3, 3)))
        for axes, values in ((left, predicted), (right, predicted - truth)):
            axes.plot(truth, values, ".", color=BLUE, alpha=min(0.8, max(0.15, 60 / len(truth))), markersize=5)
            axes.set_xlabel(f"true {shorten(names[k], 24)}{unit}")
            grid(axes)
        left.set_title(f"{shorten(names[k], 30)}: predicted")
        right.set_title("predicted minus true")
    beyond = len(there) - MOST
    more = f" {beyond} further numbers are not shown." if beyond > 0 else ""
    return Drawing(
        figure,
        "Predicted against true",
        "Each dot is an example; on the dashed line the network is right. A slope on the right says that it draws"
        f" towards the mean: small numbers come out too large, and large ones too small.{more}",
    )
