"""The windows of training signals that each kernel of the first layer answers most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import nn

from convscope.data.dataset import Split
from convscope.data.transforms import SignalTransform
from convscope.report.sequences.contents import Firing
from convscope.report.sequences.first_layer import First, first_convolutions

SIGNALS, STEPS = 500, 2_000_000  # training signals that are looked at, and their steps together
KERNELS, WINDOWS = 12, 5


def firing(model: nn.Module, split: Split) -> tuple[Firing, ...]:
    """Return the kernels of the first layer with the largest answers, each with its windows, no two of one signal."""
    rule = split.dataset.preprocessing
    if not isinstance(rule, SignalTransform) or not len(split):
        return ()
    rows = _rows(split)
    signals = {int(row): np.asarray(split.input.take(np.array([row]))[0]) for row in rows}  # each (T, C)
    found: list[Firing] = []
    for first in first_convolutions(model, rule.tensor(signals[int(rows[0])][None])):
        found += _windows(first, signals, rule, split)
    found.sort(key=lambda kernel: -float(kernel.answers[0]))
    return tuple(found[:KERNELS])


def _rows(split: Split) -> np.ndarray:
    rows = np.unique(np.linspace(0, len(split) - 1, min(SIGNALS, len(split))).astype(int))
    steps = np.cumsum([len(split.input.take(rows[at : at + 1])[0]) for at in range(len(rows))])
    some = max(1, int((steps <= STEPS).sum()))
    return rows if some == len(rows) else rows[np.linspace(0, len(rows) - 1, some).astype(int)]


def _windows(first: First, signals: dict[int, np.ndarray], rule: SignalTransform, split: Split) -> Iterator[Firing]:
    """Yield the windows of each kernel of a convolution."""
    largest, begins = [], []
    for signal in signals.values():
        answer = first.answers(rule.tensor(signal[None]))[0]  # (O, T')
        highest, at = answer.max(1)
        largest.append(highest.numpy())
        begins.append(first.starts(answer.shape[1])[at.numpy()])
    most, starts = np.array(largest), np.array(begins)  # (signals, O)
    rows = np.array([*signals])
    for kernel, weights in enumerate(first.kernels):
        order = np.argsort(-most[:, kernel], kind="stable")[:WINDOWS]
        cut = [window(signals[int(rows[at])], int(starts[at, kernel]), first.window) for at in order]
        yield Firing(
            f"{first.name} {kernel}", weights, np.stack(cut), most[order, kernel],
            tuple(str(split.ids[rows[at]]) for at in order), starts[order, kernel],
        )  # fmt: skip


def window(signal: np.ndarray, start: int, steps: int) -> np.ndarray:
    """Return ``steps`` steps of a signal (T, C) from ``start`` on, (C, steps), NaN beyond its ends.

    >>> window(np.array([[1.0], [2.0], [3.0]]), -1, 3).tolist()
    [[nan, 1.0, 2.0]]
    """
    cut = np.full((signal.shape[1], steps), np.nan)
    low, high = max(0, start), min(len(signal), start + steps)
    if low < high:
        cut[:, low - start : high - start] = signal[low:high].T
    return cut
