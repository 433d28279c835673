"""Signals that were read from rows of files, brought into a listing: what they are labelled with, which are bad."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from convscope.data.listing import Listing, Target
from convscope.data.notice import Notice
from convscope.data.numerals import REAL
from convscope.data.sequences.signals import Signals
from convscope.data.sources.candidate import SPLITS, in_order, numbered
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import ending, strings
from convscope.data.sources.quantities import number_target
from convscope.data.sources.signal_cells import fillable
from convscope.data.sources.splitnames import BySplit
from convscope.errors import DataError
from convscope.text import count, listed

SHOWN = 20
SPLIT_WORD = re.compile(rf"[_\-. ]({'|'.join(SPLITS)})$", re.IGNORECASE)


@dataclass(frozen=True)
class SignalRows:
    """The signals of one file: what each is called in messages, its label, and its values (T, C).

    ``bad`` says of each row that cannot be used why; ``channels`` are names, () where there are none.
    """

    refs: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    channels: tuple[str, ...] = ()

    def without(self, whys: Sequence[str]) -> SignalRows:
        """Return the rows without those that cannot be used, of which ``whys`` (n,) says why, "" of the others."""
        kept = [at for at, why in enumerate(whys) if not why]
        refs, labels, values = ([each[at] for at in kept] for each in (self.refs, self.labels, self.values))
        odd = {ref: why for ref, why in zip(self.refs, whys, strict=True) if why}
        return replace(self, refs=refs, labels=labels, values=values, bad=self.bad | odd)

    @property
    def said(self) -> list[str]:
        """Which rows are bad, and why."""
        return [f"row {ref}: {why}" for ref, why in self.bad.items()]


def listing_of(by_split: BySplit, parts: Sequence[SignalRows], columns: Columns, said: str) -> Listing:
    """Return the signals of a file, or of one for each split, as a listing; ``said`` is what a row holds.

    Raises:
        DataError: real numbers for classes. Bad rows, and those of other channels than most, are the listing's
            ``absent``.
    """
    whys = iter(odd_channels([signal for part in parts for signal in part.values]))
    parts = [part.without([next(whys) for _ in part.refs]) for part in parts]
    where = ", ".join(by_split.values())
    refs = [ref for part in parts for ref in part.refs]
    values = [signal for part in parts for signal in part.values]
    target, notices = _target(where, [label for part in parts for label in part.labels], refs, columns)
    first = next(iter(by_split.values())).rpartition("/")[2]
    return Listing(
        name=SPLIT_WORD.sub("", first[: -len(end)] if (end := ending(first)) else first),
        kind=f"signals in {where} ({said})",
        images=Signals(values, refs, parts[0].channels),
        ids=strings(refs),
        target=target,
        split=np.repeat([*by_split], [len(part.refs) for part in parts]).astype("<U5"),
        notices=(
            *notices,
            *(notice for part in parts for notice in part.notices),
            *lengths_notices(where, values, [f"row {ref}" for ref in refs]),
        ),
        absent=bad_notice(where, [text for part in parts for text in part.said], len(refs)),
    )  # fmt: skip


def odd_channels(signals: Sequence[np.ndarray], remedy: str = "give all the same channels") -> list[str]:
    """Return of each signal (T, C) why it cannot be used, if it has other channels than most; else "".

    ``remedy`` says what to do; {} in it is the number that most have.

    >>> odd_channels([np.zeros((9, 1)), np.zeros((9, 1)), np.zeros((9, 2))])
    ['', '', 'has 2 channels, most 1: give all the same channels']
    """
    numbers = [signal.shape[1] for signal in signals]
    counts = Counter(numbers)
    usual = max(counts, key=lambda number: (counts[number], -number), default=0)
    odd = f"most {usual:,}: {remedy.format(usual)}"
    return ["" if each == usual else f"has {count(each, 'channel')}, {odd}" for each in numbers]


def bad_notice(where: str, bad: list[str], good: int) -> Notice | None:
    """Return what is told of rows that cannot be used, if any."""
    if not bad:
        return None
    text = f"{where}: {len(bad):,} of {count(good + len(bad), 'row')} cannot be used: {listed(bad, 3)}"
    if fillable(bad):
        text += "; --nodata nan fills missing values by the line between their neighbours"
    return Notice("bad-rows", text, tuple(bad[:SHOWN]))


def _target(where: str, labels: list[str], refs: list[str], columns: Columns) -> tuple[Target, tuple[Notice, ...]]:
    """Return what rows are labelled with: classes as they are written, or with the task regression a number."""
    real = [REAL.fullmatch(label) is not None for label in labels]
    if columns.task == "regression":
        if not all(real):
            odd = real.index(False)
            raise DataError(f"{where}: row {refs[odd]}: expected a number to learn, found {labels[odd][:20]!r}")
        numbers = np.array(labels, np.float64)[:, None]
        return number_target(where, ("number",), [f"row {ref}" for ref in refs], numbers)
    if not all(real):
        classes = in_order(labels)
        return Target("class", numbered(labels, classes), classes), ()
    broken = [(ref, label) for ref, label in zip(refs, labels, strict=True) if not float(label).is_integer()]
    if broken:
        shown = listed(dict.fromkeys(label for _, label in broken), 3)
        raise DataError(
            f"{where}: expected classes, whole numbers or words, found real numbers in {count(len(broken), 'row')} "
            f"({shown}; the first is row {broken[0][0]}); put the class where it belongs, or learn these numbers with "
            "--task regression"
        )
    whole = [int(float(label)) for label in labels]
    names = {number: str(number) for number in sorted(set(whole))}
    classes = tuple(names.values())
    return Target("class", numbered([names[number] for number in whole], classes), classes), ()


def lengths_notices(where: str, values: list[np.ndarray], refs: list[str]) -> tuple[Notice, ...]:
    """Tell of signals of other lengths than most have; ``refs`` are what messages call each."""
    lengths = Counter(map(len, values))
    if len(lengths) == 1:
        return ()
    usual = lengths.most_common(1)[0][0]
    other = [f"{ref}: {len(signal):,}" for signal, ref in zip(values, refs, strict=True) if len(signal) != usual]
    text = (
        f"{where}: signals of {min(lengths):,} to {max(lengths):,} values ({lengths[usual]:,} have {usual:,}; "
        f"{listed(other, 3)}): each is read in its own length; complete rows that were cut short by mistake"
    )
    return (Notice("lengths", text, tuple(other[:SHOWN])),)
