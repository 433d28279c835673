"""How answers in bfloat16 differ from those in float32, of any task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.data.spec import TargetSpec
from convscope.tasks.task import Task
from convscope.text import count

MOST_CHANGED = 0.02  # of the answers, before bfloat16 is refused
NEAR = 0.05  # of the standard deviation of a number over the examples: what moves less is the same answer


@dataclass(frozen=True)
class Agreement:
    """How many of some examples get another answer, and the largest difference of a number in a prediction."""

    examples: int
    changed: int
    difference: float

    @property
    def close(self) -> bool:
        """Whether so few answers change that bfloat16 may stand in for float32."""
        return self.changed <= MOST_CHANGED * self.examples

    def __str__(self) -> str:
        return (
            f"in bfloat16 {self.changed} of the first {count(self.examples, 'example')} get another answer than in "
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


def _shown(predictions: np.ndarray, task: Task, target: TargetSpec) -> Sequence[Any]:
    return [next(iter(task.answer(prediction, target).values())) for prediction in predictions]
