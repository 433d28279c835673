"""What is learned of numbers: mean and standard deviation of each, and what a network is trained on."""

from __future__ import annotations

import numpy as np

from convscope.data.spec import FieldSpec, Numbers
from convscope.tasks.metrics.counts import mean_of_known


def measured(spec: FieldSpec, values: np.ndarray) -> Numbers:
    """Return what is learned of numbers (n, K): their names and units, and mean and standard deviation of each.

    One that is the same in all training examples gets a standard deviation of 1.
    """
    values = values.reshape(len(values), -1)
    mean = mean_of_known(values)
    std = np.sqrt(mean_of_known((values - mean) ** 2))
    constant = ~(std > 1e-9 * np.abs(mean))
    names = spec.names or (spec.name,)
    units = spec.units or ("",) * len(names)
    centre, spread = np.nan_to_num(mean), np.where(constant, 1.0, std)
    return Numbers(names, units, tuple(centre.tolist()), tuple(spread.tolist()))


def encode(stored: np.ndarray, target: Numbers) -> np.ndarray:
    """Return numbers (n, K) in units of their standard deviation from their mean, float32; NaN where one is missing."""
    values = stored.reshape(len(stored), -1)
    return ((values - np.array(target.mean)) / np.array(target.std)).astype(np.float32)
