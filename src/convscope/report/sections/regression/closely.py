"""Which predicted numbers are looked at closely: some of small errors, and those of the largest."""

from __future__ import annotations

import numpy as np

from convscope.data.spec import Numbers
from convscope.report.sequences.chosen import WRONG, Chosen, Closely, spread


def closely(predictions: np.ndarray, truth: np.ndarray, target: Numbers) -> Closely:
    """Return examples of a split with predicted and true numbers (n, K); the first number is explained."""
    apart = np.abs(predictions[:, 0] - truth[:, 0])
    order = np.argsort(apart, kind="stable")
    order = order[np.isfinite(apart[order])]
    half = max(1, len(order) // 2)
    unit = f" {target.units[0]}" if target.units[0] else ""

    def said(row: int) -> str:
        return f"{target.names[0]} is {truth[row, 0]:.4g}{unit}, said {predictions[row, 0]:.4g}{unit}"

    rows = [*((int(row), True) for row in spread(order[:half])),
            *((int(row), False) for row in order[half:][::-1][:WRONG])]  # fmt: skip
    chosen = tuple(Chosen(row, 0, said(row), right) for row, right in rows)
    return Closely(chosen, np.zeros(len(predictions), int))
