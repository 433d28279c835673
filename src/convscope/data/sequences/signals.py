"""Signals as a source lists them, and as a column of a data set: values in steps and channels, of any length."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from convscope.data.columns import InMemory, Ragged
from convscope.data.fingerprint import content_of
from convscope.data.notice import Notice
from convscope.text import EXAMPLES, count, listed, part


@dataclass(frozen=True, eq=False)
class Signals:
    """The signals of a listing, each (T, C) float32; ``where`` says of each (n,) where it stands.

    ``channels`` are their names, () where the source gives none, and ``rate`` how many steps a second has.
    """

    values: Sequence[np.ndarray]
    where: Sequence[str]
    channels: tuple[str, ...] = ()
    rate: float | None = None

    def __len__(self) -> int:
        return len(self.values)

    def fingerprint(self) -> str:
        """Return a hash of all signals."""
        hashed = hashlib.blake2b(digest_size=16)
        for signal in self.values:
            hashed.update(f"{signal.shape}".encode() + np.ascontiguousarray(signal).data)
        return hashed.hexdigest()


def signal_column(signals: Sequence[np.ndarray]) -> InMemory | Ragged:
    """Return signals (T, C) as a column, with a hash of each: an array where all have one length.

    >>> signal_column([np.zeros((4, 2), np.float32), np.zeros((7, 2), np.float32)]).spec.shape
    (None, 2)
    """
    same = len({signal.shape for signal in signals}) == 1
    column = InMemory.of("signal", np.stack(signals)) if same else Ragged.of("signal", signals)
    return type(column)(**{**vars(column), "content": content_of(signals)})


def lengths_said(signals: Sequence[np.ndarray]) -> str:
    """Say how many signals there are, and how long.

    >>> lengths_said([np.zeros((4, 2)), np.zeros((7, 2))])
    '2, 4 to 7 steps, 5 in the middle, 2 channels'
    """
    lengths = np.array([len(signal) for signal in signals])
    least, most = lengths.min(), lengths.max()
    middle = f"{least:,} to {most:,} steps, {int(np.median(lengths)):,} in the middle"
    steps = f"{most:,} steps" if least == most else middle
    return f"{len(signals):,}, {steps}, {count(signals[0].shape[1], 'channel')}"


def constant_notices(signals: Signals, train: np.ndarray) -> Iterator[Notice]:
    """Notice signals of one value, and channels that have one value in all of the rows ``train``."""
    low, high = (np.stack([edge(signal, axis=0) for signal in signals.values]) for edge in (np.min, np.max))  # (n, C)
    flat = np.flatnonzero((low == high).all(axis=1))
    if len(flat):
        yield Notice(
            "constant-signals",
            f"{part(len(flat), len(signals), 'signal', 'has', 'have')} one value from begin to end: there is nothing "
            "to learn from them; look at them and remove them",
            tuple(f"{signals.where[at]} ({low[at, 0]:g})" for at in flat[:EXAMPLES]),
        )
    same = np.flatnonzero(low[train].min(axis=0) == high[train].max(axis=0))
    if len(same):
        names = signals.channels or tuple(map(str, range(low.shape[1])))
        yield Notice(
            "constant-channels",
            f"{count(len(same), 'channel has', 'channels have')} one value in all training signals "
            f"({listed(f'{names[at]}: {low[train[0], at]:g}' for at in same.tolist())}): nothing can be learned from "
            "it; leave it out",
            tuple(names[at] for at in same.tolist()),
        )
