"""Figures of merit of any task, so that report, comparison and command line need not know which one it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

UNIT = (0.0, 1.0)  # the limits of an area, a balance or a mean precision


@dataclass(frozen=True)
class About:
    """What a figure is called, what it means in a sentence, its unit, and which way is better.

    The unit "share" is shown in per cent; "" is a plain number. ``limits`` are the least and the greatest value that
    the figure can have: by default 0 to 1 for a share, and 0 or more for what is better when lower.

    >>> About("Accuracy", "", "share").within(1.2), About("R²", "", limits=(-math.inf, 1.0)).within(-3.0)
    (1.0, -3.0)
    """

    title: str
    meaning: str
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    limits: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, str]:
        """Return what files and pages say of the figure; its limits stay with the task."""
        return {"title": self.title, "meaning": self.meaning, "unit": self.unit, "better": self.better}

    def within(self, value: float) -> float:
        """Return the value, or the limit beyond which it lies: an interval may not promise what cannot be."""
        usual = (0.0, 1.0 if self.unit == "share" else math.inf)
        if self.unit != "share" and self.better == "higher":
            usual = (-math.inf, math.inf)
        least, most = self.limits or usual
        return min(max(value, least), most)


@dataclass(frozen=True)
class Metric:
    """One figure with its 95 % interval; ``None`` where it has no meaning or no interval is known."""

    value: float | None
    low: float | None
    high: float | None
    about: About

    def to_dict(self) -> dict[str, float | None]:
        """Return value and interval as plain values."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Table:
    """Rows under titles; ``numeric`` columns are set to the right, ``notes`` say more of each row."""

    titles: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    numeric: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scores:
    """All that a task says of predictions.

    ``main`` is the figure at the head of the report, that networks are compared by. ``per_example`` (n,) are the values
    whose mean the main figure is (or close to, such as errors), ``None`` where there is no such thing. ``resampled``
    says in words what the intervals drew; ``groups`` is the number of groups, ``None`` where there are none, ``single``
    that of examples in no group. ``details`` are what else the task writes down, fit for JSON (a confusion matrix,
    figures of each class or point).
    """

    main: str
    metrics: Mapping[str, Metric]
    examples: int
    resampled: str
    groups: int | None = None
    per_example: np.ndarray | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    single: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON: each figure under its name, and what the names mean."""
        return {
            "main": self.main,
            "metrics": {name: metric.about.to_dict() for name, metric in self.metrics.items()},
            "examples": self.examples,
            "groups": self.groups,
            **({"single": self.single} if self.groups else {}),
            "interval": self.resampled,
            **{name: metric.to_dict() for name, metric in self.metrics.items()},
            **self.details,
        }


class Evidence(Protocol):
    """What predictions show of each example: enough for figures with intervals, and to compare networks."""

    @property
    def per_example(self) -> np.ndarray:
        """The main figure of each example, (n,): right or not (bool), an error, a Dice."""
        ...

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each figure (r,) under the weights (n, r) of the examples, a column a resample."""
        ...
