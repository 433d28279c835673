"""Which named examples are looked at closely: right ones from the least certain on, and the surest errors."""

from __future__ import annotations

import numpy as np

from convscope.data.spec import Classes
from convscope.report.sequences.chosen import WRONG, Chosen, Closely, spread
from convscope.report.text import shorten
from convscope.text import percent

NAME = 24  # characters of a class


def closely(predictions: np.ndarray, truth: np.ndarray, target: Classes) -> Closely:
    """Return examples of a split with the probabilities (n, K) and the classes (n,); the named class is explained."""
    answer, sure = predictions.argmax(1), predictions.max(1)
    order = np.argsort(sure, kind="stable")
    right, wrong = (order[keep[order]] for keep in (answer == truth, answer != truth))

    def said(row: int) -> str:
        named, true = (shorten(target.names[int(k)], NAME) for k in (answer[row], truth[row]))
        stated = f"{named}, {percent(float(sure[row]))}"
        return f"rightly {stated}" if named == true else f"is {true}, said {stated}"

    rows = [int(row) for row in (*spread(right), *wrong[::-1][:WRONG])]
    chosen = (Chosen(row, int(answer[row]), said(row), bool(answer[row] == truth[row])) for row in rows)
    return Closely(tuple(chosen), answer)
