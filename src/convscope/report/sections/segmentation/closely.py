"""Which masks are looked at closely: the best and the worst one."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.data.spec import Instances, PixelClasses
from convscope.report.sequences.chosen import Chosen, Closely
from convscope.tasks.segmentation.evidence import evidence


def closely(predictions: Any, truth: Any, target: PixelClasses | Instances) -> Closely:
    """Return the images of a split with the highest and the lowest figure of merit, of those that have one."""
    figures = np.asarray(evidence(truth, predictions, target).per_example, np.float64)
    order = np.argsort(figures, kind="stable")
    order = order[np.isfinite(figures[order])]
    ends = ((order[-1:], "best", True), (order[:-1][:1], "worst", False))
    chosen = [
        Chosen(int(row), 0, f"its {word} mask, {figures[row]:.3f}", right) for rows, word, right in ends for row in rows
    ]
    return Closely(tuple(chosen), np.zeros(len(figures), int))
