"""How predicted points are written: for a person, and as a line of ``predictions.csv``, read back from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convscope.data.spec import Points
from convscope.tasks.landmarks.evidence import PointErrors
from convscope.tasks.regression.predictions import numbers_of, titles, written


def answer(points: np.ndarray, target: Points) -> dict[str, Any]:
    """Return the points (K, 2) of one image by name, x and y in its pixels.

    >>> answer(np.array([[3.0, 4.5]]), Points(("nose",)))
    {'points': {'nose': [3.0, 4.5]}}
    """
    return {"points": {name: [float(x), float(y)] for name, (x, y) in zip(target.names, points, strict=True)}}


def columns(target: Points) -> tuple[str, ...]:
    """Return the titles after id and split: true x and y of each point, then the predicted ones.

    >>> columns(Points(("nose",)))
    ('true:nose_x', 'true:nose_y', 'predicted:nose_x', 'predicted:nose_y')
    """
    return titles(_coordinates(target))


def cells(predicted: np.ndarray, truth: np.ndarray, target: Points) -> list[str]:
    """Return the cells of one image's points (K, 2) under these titles; a missing one is empty."""
    return [written(value) for value in (*truth.ravel(), *predicted.ravel())]


def read(rows: Sequence[Mapping[str, str]], target: Points) -> PointErrors:
    """Return what such lines say; ``ValueError`` or ``KeyError`` where they are not of these points."""
    truth, predicted = points_of(rows, target)
    return PointErrors.of(truth, predicted, target)


def points_of(rows: Sequence[Mapping[str, str]], target: Points) -> tuple[np.ndarray, np.ndarray]:
    """Return the true and the predicted points (n, K, 2) of such lines; raises as ``read``."""
    truth, predicted = (each.reshape(len(rows), -1, 2) for each in numbers_of(rows, _coordinates(target)))
    return truth, predicted


def _coordinates(target: Points) -> list[str]:
    return [f"{name}_{axis}" for name in target.names for axis in "xy"]
