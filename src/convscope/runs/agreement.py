"""How answers in bfloat16 differ from those in float32, of any task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.data.columns import Column, Ragged
from convscope.data.patches import example
from convscope.data.spec import TargetSpec
from convscope.tasks.task import Task
from convscope.text import count

MOST_CHANGED = 0.02  # of the answers, before bfloat16 is refused
FEW, SIDE = 4, 512  # images whose pixels are compared, and how large a part of each
NEAR = 0.05  # of the standard deviation of a number over the examples: what moves less is the same answer


@dataclass(frozen=True)
class Agreement:
    """How many of some examples, or pixels, get another answer, and the largest difference of a number predicted."""

    examples: int
    changed: int
    difference: float
    noun: str = "example"

    @property
    def close(self) -> bool:
        """Whether so few answers change that bfloat16 may stand in for float32."""
        return self.changed <= MOST_CHANGED * self.examples

    def __str__(self) -> str:
        return (
            f"in bfloat16 {self.changed:,} of the first {count(self.examples, self.noun)} get another answer than in "
            f"float32; predictions differ by at most {self.difference:.2g}"
        )


def agreement(exact: np.ndarray, fast: np.ndarray, task: Task, target: TargetSpec) -> Agreement:
    """Compare predictions (n, ...) in float32 with those in bfloat16.

    Where a task shows a text, such as the name of a class, another text is another answer; else a number that moves by
    more than ``NEAR`` of its standard deviation over the examples.
    """
    shown = [_shown(predictions, task, target) for predictions in (exact, fast)]
    if all(isinstance(value, str) for values in shown for value in values):
        changed = sum(a != b for a, b in zip(*shown, strict=True))
    else:
        far = abs(exact - fast) > NEAR * exact.std(axis=0)
        changed = int(far.reshape(len(exact), -1).any(axis=1).sum())
    return Agreement(len(exact), changed, float(abs(exact - fast).max()))


def agreement_of_maps(
    exact: Sequence[np.ndarray], fast: Sequence[np.ndarray], task: Task, target: TargetSpec
) -> Agreement:
    """Compare predictions (H, W, K) in float32 with those in bfloat16, pixel by pixel: in the picture that is shown."""
    pixels = changed = 0
    difference = 0.0
    for a, b in zip(exact, fast, strict=True):
        assert task.pictured is not None  # of maps something is
        shown = [next(iter(task.pictured(prediction, target)[1].values())) for prediction in (a, b)]
        pixels += shown[0].size
        changed += int((shown[0] != shown[1]).sum())
        difference = max(difference, float(abs(a - b).max()))
    return Agreement(pixels, changed, difference, "pixel")


def first_parts(column: Column) -> Ragged:
    """Return the first of a column's images, of large ones the middle."""
    parts: list[np.ndarray] = []
    for at in range(min(FEW, len(column))):
        image = example(column, at)
        starts = [max(0, (length - SIDE) // 2) for length in image.shape[:-1]]
        parts.append(image[tuple(slice(start, start + SIDE) for start in starts)])
    return Ragged.of(column.spec.kind, parts)


def _shown(predictions: np.ndarray, task: Task, target: TargetSpec) -> Sequence[Any]:
    return [next(iter(task.answer(prediction, target).values())) for prediction in predictions]
