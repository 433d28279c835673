"""How predicted numbers are written: for a person, and as a line of ``predictions.csv``, read back from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convscope.data.spec import Numbers
from convscope.tasks.regression.evidence import NumberErrors

TRUE, PREDICTED = "true:", "predicted:"


def answer(numbers: np.ndarray, target: Numbers) -> dict[str, Any]:
    """Return the numbers (K,) of one example by name, and the units that there are.

    >>> answer(np.array([41.25]), Numbers(("age",), ("years",), (40.0,), (10.0,)))
    {'numbers': {'age': 41.25}, 'units': {'age': 'years'}}
    """
    units = {name: unit for name, unit in zip(target.names, target.units, strict=True) if unit}
    numbers_by_name = {name: float(value) for name, value in zip(target.names, numbers, strict=True)}
    return {"numbers": numbers_by_name, **({"units": units} if units else {})}


def columns(target: Numbers) -> tuple[str, ...]:
    """Return the titles after id and split: the true numbers, then the predicted ones.

    >>> columns(Numbers(("age",), ("years",), (40.0,), (10.0,)))
    ('true:age', 'predicted:age')
    """
    return titles(target.names)


def titles(names: Sequence[str]) -> tuple[str, ...]:
    """Return the titles of true and predicted numbers with these names."""
    return tuple(f"{whose}{name}" for whose in (TRUE, PREDICTED) for name in names)


def cells(predicted: np.ndarray, truth: np.ndarray, target: Numbers) -> list[str]:
    """Return the cells of one example's numbers (K,) under these titles; one that is missing is empty."""
    return [written(value) for value in (*truth, *predicted)]


def written(value: float) -> str:
    """Return a number with all the digits that are sure to be told apart, and nothing for NaN."""
    return f"{value:.15g}" if np.isfinite(value) else ""


def read(rows: Sequence[Mapping[str, str]], target: Numbers) -> NumberErrors:
    """Return what such lines say; ``ValueError`` or ``KeyError`` where they are not of these numbers."""
    truth, predicted = numbers_of(rows, target.names)
    return NumberErrors.of(truth, predicted, target)


def numbers_of(rows: Sequence[Mapping[str, str]], names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return true and predicted numbers (n, K) of lines with the ``titles`` of K names; raises as ``read``."""
    table = [[float(row[title] or "nan") for title in titles(names)] for row in rows]
    values = np.array(table, np.float64).reshape(len(rows), 2, len(names))
    if not np.isfinite(values[:, 1]).all():
        raise ValueError("a predicted number is missing")
    return values[:, 0], values[:, 1]
