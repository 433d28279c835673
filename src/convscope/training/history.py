"""What happened in training: one row per step, one row per epoch, as CSV on disk and columns in memory."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

import numpy as np

SETTINGS = ("lr", "momentum")  # logged of a step, and no result of it
SPAN, SHARE = 50, 0.1  # steps that a moving average remembers: so many, or of a short training this share


@dataclass
class History:
    """The record of a run so far.

    ``logged`` names what each step is recorded by: its loss and metrics, learning rate and momentum. ``blocks`` hold
    (steps, len(logged) + 1) float64 arrays: these, and the step's epoch; ``epochs`` one dictionary each.
    """

    logged: tuple[str, ...]
    blocks: list[np.ndarray] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)

    def steps(self) -> dict[str, np.ndarray]:
        """Return the step table as columns; shares are in 0..1."""
        table = np.concatenate(self.blocks) if self.blocks else np.empty((0, len(self.logged) + 1))
        columns = dict(zip(self.logged, table.T, strict=False))
        results = [name for name in self.logged if name not in SETTINGS]
        return {
            "step": np.arange(1, len(table) + 1),
            "epoch": table[:, -1].astype(int) + 1,
            **{name: columns[name] for name in results},
            **{f"{name}_average": moving_average(columns[name]) for name in results},
            **{name: columns[name] for name in self.logged if name in SETTINGS},
        }

    def steps_csv(self) -> str:
        """Return the step table as CSV text."""
        columns = self.steps()
        return _csv(tuple(columns), zip(*(values.tolist() for values in columns.values()), strict=True))

    def epochs_csv(self) -> str:
        """Return the epoch table as CSV text."""
        header = tuple(self.epochs[0]) if self.epochs else ("epoch",)
        return _csv(header, ([row[name] for name in header] for row in self.epochs))


def moving_average(values: np.ndarray) -> np.ndarray:
    """Return the exponential moving average of (n,) values over the last tenth of n, at most fifty.

    It is corrected for its start: the first equals the first value. A fixed span would lag behind in short trainings.

    >>> moving_average(np.array([2.0, 2.0, 2.0]))
    array([2., 2., 2.])
    """
    from scipy.signal import lfilter

    if not len(values):
        return values
    kept = 1 - 1 / max(1.0, min(SPAN, SHARE * len(values)))
    weights = 1 - kept ** np.arange(1, len(values) + 1)
    return np.asarray(lfilter([1 - kept], [1, -kept], values)) / weights


def _csv(header: tuple[str, ...], rows: object) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:  # pyright: ignore[reportGeneralTypeIssues]
        writer.writerow([f"{value:.7g}" if isinstance(value, float) else value for value in row])
    return text.getvalue()
