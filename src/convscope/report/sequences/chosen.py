"""Which examples are looked at closely: a few that the network got right, and those it got most wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from convscope.data.spec import Classes, Numbers, TargetSpec
from convscope.report.text import shorten
from convscope.text import percent

RIGHT, WRONG = 4, 4
NAME = 24  # characters of a class


@dataclass(frozen=True)
class Chosen:
    """An example at a position of the split, the number of the answer that is explained, and what there is to say."""

    row: int
    answer: int
    said: str
    right: bool


def chosen(predictions: np.ndarray, truth: np.ndarray, target: TargetSpec) -> list[Chosen]:
    """Return right answers from the least to the most certain, then the worst wrong ones; none of other targets."""
    rule = _RULES.get(type(target))
    return [] if rule is None else rule(np.asarray(predictions), np.asarray(truth), target)


def answers(predictions: np.ndarray, target: TargetSpec) -> np.ndarray:
    """Return the number of the answer that is explained of each example, (n,): the likeliest class, the first number.

    >>> answers(np.array([[0.2, 0.8], [0.6, 0.4]]), Classes(("ant", "bee"))).tolist()
    [1, 0]
    """
    return predictions.argmax(1) if isinstance(target, Classes) else np.zeros(len(predictions), int)


def _spread(rows: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` of some rows at even distances, the last one included."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int))] if len(rows) else rows


def _of_classes(predictions: np.ndarray, truth: np.ndarray, target: Classes) -> list[Chosen]:
    answer = predictions.argmax(1)
    sure = predictions.max(1)
    order = np.argsort(sure, kind="stable")
    right, wrong = (order[keep[order]] for keep in (answer == truth, answer != truth))

    def said(row: int) -> str:
        named, is_ = (shorten(target.names[int(k)], NAME) for k in (answer[row], truth[row]))
        stated = f"{named}, {percent(float(sure[row]))}"
        return f"rightly {stated}" if named == is_ else f"is {is_}, said {stated}"

    rows = [*_spread(right, RIGHT), *wrong[::-1][:WRONG]]
    return [Chosen(int(row), int(answer[row]), said(row), bool(answer[row] == truth[row])) for row in rows]


def _of_numbers(predictions: np.ndarray, truth: np.ndarray, target: Numbers) -> list[Chosen]:
    apart = np.abs(predictions[:, 0] - truth[:, 0])
    order = np.argsort(apart, kind="stable")
    order = order[np.isfinite(apart[order])]
    half = max(1, len(order) // 2)
    unit = f" {target.units[0]}" if target.units[0] else ""

    def said(row: int) -> str:
        return f"{target.names[0]} is {truth[row, 0]:.4g}{unit}, said {predictions[row, 0]:.4g}{unit}"

    rows = [(row, True) for row in _spread(order[:half], RIGHT)]
    rows += [(row, False) for row in order[half:][::-1][:WRONG]]
    return [Chosen(int(row), 0, said(int(row)), right) for row, right in rows]


_RULES: dict[type, Callable[..., list[Chosen]]] = {Classes: _of_classes, Numbers: _of_numbers}
