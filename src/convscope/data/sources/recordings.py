"""Recordings in WAV files: a folder a class, with or without split folders, or the class in each file's name.

Names like ``7_jackson_0.wav`` are read as class, speaker and number: recordings of a speaker stay in one split.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.wav import read_wav, resampled
from convscope.data.listing import Listing, Target
from convscope.data.notice import Notice
from convscope.data.sequences.signals import Signals
from convscope.data.sources.candidate import SPLITS, Candidate, in_order, numbered
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, ending, is_image, set_name, strings
from convscope.data.sources.rates import one_rate
from convscope.data.sources.splitnames import split_of
from convscope.errors import DataError
from convscope.text import count, listed

SHOWN = 20


class _Said(NamedTuple):
    """What folders or names say of each recording: class and speaker ("" for none), and how that was read."""

    labels: list[str]
    groups: list[str]
    words: str


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate where there are WAV files that folders or names sort into classes, and no images."""
    names = [name for name in files.names if ending(name) == ".wav"]
    if not names or any(map(is_image, files.names)):
        return []
    read_all = functools.partial(read, files, names, columns)
    return [Candidate("recordings", ".", read_all, sure=_said(names) is not None, files=tuple(names))]


def read(files: Files, names: Sequence[str], columns: Columns) -> Listing:
    """List the recordings ``names``, all at the rate that most of them have.

    Raises:
        DataError: neither folders nor names tell classes, mono beside stereo, no file that can be read. Single files
            that cannot be read are the listing's ``absent``.
    """
    said = _said(names)
    if said is None:
        raise DataError(
            f"{files.path} holds {count(len(names), 'WAV file')} without classes: put each into the folder of its "
            "class, or call them CLASS_SPEAKER_NUMBER.wav or CLASS_NUMBER.wav"
        )
    values, rates, bad = _decoded(files, names)
    if not values:
        raise DataError(f"{files.path}: no recording can be read: {listed(bad, 3)}")
    kept = sorted(values)
    _refuse_channels(files, [(names[at], values[at].shape[1]) for at in kept])
    rate, notices = one_rate({names[at]: rates[at] for at in kept})
    labels = [said.labels[at] for at in kept]
    classes = in_order(labels)
    groups = [said.groups[at] for at in kept] if any(said.groups) and columns.group != "none" else None
    if groups:
        text = (
            f"{count(len(set(groups)), 'speaker')} read from names like {names[0].rpartition('/')[2]} "
            f"({listed(in_order(groups))}): recordings of one stay in one split; --group none tears them apart"
        )
        notices = (*notices, Notice("speakers", text))
    return Listing(
        name=set_name(files.path),
        kind=f"recordings ({said.words}), {rate:,} steps a second",
        images=Signals([resampled(values[at], rates[at], rate) for at in kept], [names[at] for at in kept], rate=rate),
        ids=strings([names[at] for at in kept]),
        target=Target("class", numbered(labels, classes), classes),
        split=np.array([split_of(names[at].split("/")[:-1]) for at in kept], "<U5"),
        groups=None if groups is None else strings(groups),
        notices=notices,
        absent=_bad(files, bad, len(names)),
    )


def _said(names: Sequence[str]) -> _Said | None:
    """Return what folders say of recordings, else what names do; ``None`` where neither tells classes."""
    folders = [[part for part in name.split("/")[:-1] if part.lower() not in SPLITS] for name in names]
    labels = [parts[-1] if parts else "" for parts in folders]
    if all(labels) and len(set(labels)) > 1:
        return _Said(labels, [""] * len(names), "a folder a class")
    words = [name.rpartition("/")[2].rpartition(".")[0].split("_") for name in names]
    number = {len(each) for each in words}
    if len(number) != 1 or number.pop() not in (2, 3) or not all(each[-1].isdecimal() for each in words):
        return None
    labels = [each[0] for each in words]
    if not all(labels) or len(set(labels)) < 2:
        return None
    if len(words[0]) == 2:
        return _Said(labels, [""] * len(names), "named CLASS_NUMBER")
    return _Said(labels, [each[1] for each in words], "named CLASS_SPEAKER_NUMBER")


def _decoded(files: Files, names: Sequence[str]) -> tuple[dict[int, np.ndarray], dict[int, int], list[str]]:
    """Return the values and the rate of each recording by its place in ``names``, and why others cannot be read."""
    values: dict[int, np.ndarray] = {}
    rates: dict[int, int] = {}
    bad: list[str] = []
    for at, name in enumerate(names):
        try:
            values[at], rates[at] = read_wav(files.read(name))
        except Unreadable as error:
            bad.append(f"{name} {error}")
        except OSError as error:
            bad.append(f"{name} cannot be opened: {error.strerror}")
    return values, rates, bad


def _refuse_channels(files: Files, channels: list[tuple[str, int]]) -> None:
    counts = Counter(number for _, number in channels)
    if len(counts) > 1:
        usual = counts.most_common(1)[0][0]
        name, number = next((name, number) for name, number in channels if number != usual)
        raise DataError(
            f"{files.path}: {name} has {count(number, 'channel')}, most recordings {usual:,}; bring all to the same "
            "channels"
        )


def _bad(files: Files, bad: list[str], total: int) -> Notice | None:
    """Return what is told of files that cannot be read, if any."""
    if not bad:
        return None
    text = f"{files.path}: {len(bad):,} of {count(total, 'recording')} cannot be used: {listed(bad, 3)}"
    return Notice("unreadable", text, tuple(bad[:SHOWN]))
