"""Long recordings cut into windows: how long and how far apart, what is trained on, and one answer for a recording.

Recordings are divided into splits whole, and cut afterwards: windows of one recording never stand on both sides. The
windows of a recording overlap, its last one ends where it ends, and each is labelled as the recording is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from convscope.data.columns import Column, InMemory, RaggedBatch, Values
from convscope.data.dataset import Split
from convscope.data.patches import example, sizes_of
from convscope.data.spec import FieldSpec
from convscope.data.transforms import SignalRule, Transform
from convscope.errors import ConfigError
from convscope.text import count

LONG = 10_000  # steps of a recording from which on it is cut where nothing is said
USUAL = 4_096  # steps of a window then
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|)")


class Cut(NamedTuple):
    """How many steps a window has, and how many lie between the begins of two."""

    window: int
    hop: int

    def begins(self, length: int) -> list[int]:
        """Return where the windows of a recording begin.

        >>> Cut(4, 2).begins(9), Cut(4, 2).begins(3)
        ([0, 2, 4, 5], [0])
        """
        last = max(0, length - self.window)
        return [*range(0, last, self.hop), last]


def cut_of(
    lengths: np.ndarray, window: int | str | None, hop: int | str | None, rate: float | None, *, long: int = LONG,
    usual: int = USUAL,
) -> Cut | None:  # fmt: skip
    """Return how recordings of ``lengths`` (n,) steps are cut, ``None`` where each is seen whole.

    ``window`` and ``hop`` are what the user says: steps, or "2s" and "500ms" where the ``rate`` in steps a second is
    known; "none" keeps recordings whole. By default those of more than ``long`` steps are cut into
    windows of ``usual`` steps, which overlap by half.

    Raises:
        ConfigError: no length, seconds without a rate, or a hop that leaves steps out.

    >>> cut_of(np.array([500, 30_000]), None, None, None), cut_of(np.array([500]), "0.5s", "100ms", 100)
    (Cut(window=4096, hop=2048), Cut(window=50, hop=10))
    """
    if window is None and hop is None and lengths.max() <= long:
        return None
    if isinstance(window, str) and window.strip().lower() == "none":
        if hop is not None:
            raise ConfigError(f"--hop {hop}: recordings are seen whole with --window none; leave one of them out")
        return None
    steps = usual if window is None else _steps("window", window, rate)
    between = max(1, steps // 2) if hop is None else _steps("hop", hop, rate)
    if between > steps:
        raise ConfigError(
            f"--hop {hop}: windows of {count(steps, 'step')} that begin {between:,} apart leave steps out; give at "
            "most the window"
        )
    return Cut(steps, between)


def _steps(name: str, said: int | str, rate: float | None) -> int:
    match = _LENGTH.fullmatch(str(said).strip().lower())
    if match is None:
        raise ConfigError(f"--{name} {said}: expected steps such as 512, or a time such as 2s or 500ms")
    if not match[2]:
        steps = float(match[1])
    elif rate is None:
        raise ConfigError(f"--{name} {said}: the set does not say how many steps a second has; give steps, such as 512")
    else:
        steps = float(match[1]) * (1e-3 if match[2] == "ms" else 1) * rate
    if round(steps) < 1 or (not match[2] and steps != int(steps)):
        raise ConfigError(f"--{name} {said}: expected one step or more, found {steps:g}")
    return round(steps)


def said(cut: Cut, lengths: np.ndarray, rate: float | None) -> str:
    """Say how recordings are cut, and into how many windows."""
    total = sum(len(cut.begins(length)) for length in lengths.tolist())
    seconds = f" ({cut.window / rate:.3g} s, {cut.hop / rate:.3g} s)" if rate else ""
    return (
        f"{total:,} of {count(cut.window, 'step')}, one every {cut.hop:,}{seconds}, cut after the splits were made: "
        "training and its curves count windows; all figures count recordings, each answered by the mean over its "
        "windows (--window, --hop)"
    )


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of a column of signals: window i is of example ``at[i]``, from step ``begin[i]`` on."""

    column: Column
    at: np.ndarray
    begin: np.ndarray
    window: int

    @classmethod
    def of(cls, column: Column, cut: Cut) -> Windows:
        """Return all windows of a column, in its order."""
        begins = [cut.begins(length) for length in sizes_of(column)[:, 0].tolist()]
        at = np.repeat(np.arange(len(begins)), [len(each) for each in begins])
        return cls(column, at, np.concatenate([np.array(each, np.int64) for each in begins]), cut.window)

    @property
    def spec(self) -> FieldSpec:
        """What each window is."""
        spec = self.column.spec
        short = len(self.column) > 0 and int(sizes_of(self.column)[:, 0].min()) < self.window
        return replace(spec, shape=(None if short else self.window, *spec.shape[1:]))

    @property
    def content(self) -> np.ndarray | None:
        """No hashes are made."""
        return None

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: np.ndarray) -> Values:
        """Return some windows: one array (k, window, C), or of recordings shorter than a window several lengths."""
        pieces = [self._piece(row) for row in rows.tolist()]
        same = len({len(piece) for piece in pieces}) == 1 and None not in self.spec.shape
        return np.stack(pieces) if same else RaggedBatch.of(pieces)

    def _piece(self, row: int) -> np.ndarray:
        begin = int(self.begin[row])
        return example(self.column, int(self.at[row]))[begin : begin + self.window]

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[Values]:
        """Yield some windows batch by batch."""
        return map(self.take, batches)


def windowed(split: Split, rule: Transform) -> Split:
    """Return what is trained on of a split: the windows of its recordings, each labelled as its recording is.

    The split itself where ``rule`` cuts none.
    """
    cut = cut_by(rule)
    if cut is None:
        return split
    windows = Windows.of(split.input, cut)
    data, rows = split.dataset, np.arange(len(windows))
    targets = {name: split.column(name) for name in data.targets}
    columns: dict[str, Column] = {data.inputs[0]: windows}
    for name, column in targets.items():
        columns[name] = InMemory(column.spec, np.asarray(column.take(windows.at)))
    cut_up = replace(
        data, columns=columns, rows={split.name: rows}, ids=split.ids[windows.at],
        groups=None if split.groups is None else split.groups[windows.at], placements=None,
    )  # fmt: skip
    return Split(cut_up, split.name, rows)


def cut_by(rule: Transform) -> Cut | None:
    """Return how a rule cuts recordings, ``None`` where it sees each whole."""
    if not isinstance(rule, SignalRule) or rule.window is None:
        return None
    return Cut(rule.window, rule.hop or rule.window)


def answers_of_recordings(answers: np.ndarray, windows: Windows) -> np.ndarray:
    """Return one answer (n, ...) for each recording: the mean of those (P, ...) for its windows."""
    begins = np.searchsorted(windows.at, np.arange(len(windows.column)))
    totals = np.add.reduceat(answers, begins, axis=0)
    numbers = np.bincount(windows.at, minlength=len(windows.column))
    return totals / numbers.reshape(-1, *[1] * (answers.ndim - 1))
