"""What happened in training: one row a step, one row an epoch, as CSV on disk and columns in memory."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

import numpy as np

STEP_COLUMNS = ("step", "epoch", "loss", "accuracy", "loss_average", "accuracy_average", "lr", "momentum")
EPOCH_COLUMNS = (
    "epoch", "stage", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr", "images_per_second",
    "seconds",
)  # fmt: skip
AVERAGE = 0.98  # the moving averages of the step table remember about fifty steps


@dataclass
class History:
    """The record of a run so far.

    ``blocks`` hold (steps, 5) float64 arrays: loss, accuracy, lr, momentum and the epoch of each step; ``epochs`` one
    dictionary each.
    """

    blocks: list[np.ndarray] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)

    def steps(self) -> dict[str, np.ndarray]:
        """Return the step table as columns; accuracy and its moving average are shares in 0..1."""
        table = np.concatenate(self.blocks) if self.blocks else np.empty((0, 5))
        loss, accuracy, lr, momentum, epoch = table.T
        return {
            "step": np.arange(1, len(table) + 1),
            "epoch": epoch.astype(int) + 1,
            "loss": loss,
            "accuracy": accuracy,
            "loss_average": moving_average(loss),
            "accuracy_average": moving_average(accuracy),
            "lr": lr,
            "momentum": momentum,
        }

    def steps_csv(self) -> str:
        """Return the step table as CSV text."""
        columns = self.steps()
        return _csv(STEP_COLUMNS, zip(*(columns[name].tolist() for name in STEP_COLUMNS), strict=True))

    def epochs_csv(self) -> str:
        """Return the epoch table as CSV text."""
        return _csv(EPOCH_COLUMNS, ([row[name] for name in EPOCH_COLUMNS] for row in self.epochs))


def moving_average(values: np.ndarray) -> np.ndarray:
    """Return the exponential moving average of (n,) values, corrected for its start so that the first equals the
    first value.

    >>> moving_average(np.array([2.0, 2.0, 2.0]))
    array([2., 2., 2.])
    """
    from scipy.signal import lfilter

    if not len(values):
        return values
    weights = 1 - AVERAGE ** np.arange(1, len(values) + 1)
    return np.asarray(lfilter([1 - AVERAGE], [1, -AVERAGE], values)) / weights


def _csv(header: tuple[str, ...], rows: object) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:  # pyright: ignore[reportGeneralTypeIssues]
        writer.writerow([f"{value:.7g}" if isinstance(value, float) else value for value in row])
    return text.getvalue()
