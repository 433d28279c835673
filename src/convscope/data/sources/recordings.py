"""Recordings in WAV files: a folder a class, with or without split folders, or the class in each file's name.

Names like ``7_jackson_0.wav`` are read as class, speaker and number: recordings of a speaker stay in one split.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.wav import read_wav, resampled
from convscope.data.listing import Listing, Target
from convscope.data.notice import Notice
from convscope.data.sequences.signals import Signals
from convscope.data.sources.candidate import Candidate, in_order, numbered
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, ending, is_image, set_name, strings
from convscope.data.sources.rates import one_rate
from convscope.data.sources.recording_names import FORMS, name_fields, speaker_notices
from convscope.data.sources.signal_rows import odd_channels
from convscope.data.sources.splitnames import split_of
from convscope.errors import DataError
from convscope.text import count

SHOWN = 5
MIX = "bring it to {0} (ffmpeg -i IN.wav -ac {0} OUT.wav)"


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate where there are WAV files that folders or names sort into classes, and no images."""
    names = [name for name in files.names if ending(name) == ".wav"]
    if not names or any(map(is_image, files.names)):
        return []
    read_all = functools.partial(read, files, names, columns)
    return [Candidate("recordings", ".", read_all, sure=name_fields(names) is not None, files=tuple(names))]


def read(files: Files, names: Sequence[str], columns: Columns) -> Listing:
    """List the recordings ``names``, all at the rate that most of them have.

    Raises:
        DataError: neither folders nor names tell classes, a column that is no part of the names, no file that can be
            read. Single files that cannot be read, or have other channels than most, are the listing's ``absent``.
    """
    said = name_fields(names)
    if said is None:
        raise DataError(
            f"{files.path} holds {count(len(names), 'WAV file')} without classes: put each into the folder of its "
            f"class, or call them {FORMS}"
        )
    where, kind = str(files.path), f"recordings ({said.words})"
    replace(columns, label=None, group=None).refuse_without(where, kind)
    all_labels, all_groups = said.labels(columns, where), said.groups(columns, where)
    decoded, bad = _decoded(files, names)
    odd = odd_channels([values for values, _ in decoded.values()], MIX)
    bad |= {name: why for name, why in zip(decoded, odd, strict=True) if why}
    kept = [at for at, name in enumerate(names) if name in decoded and name not in bad]
    if not kept:
        raise DataError(f"{where}: no recording can be used: {_said(bad, 3)}")
    rate, notices = one_rate({names[at]: decoded[names[at]][1] for at in kept})
    labels = [all_labels[at] for at in kept]
    classes = in_order(labels)
    values = [resampled(*decoded[names[at]], rate) for at in kept]
    return Listing(
        name=set_name(files.path),
        kind=f"{kind}, {rate:,} steps a second",
        images=Signals(values, [names[at] for at in kept], rate=rate),
        ids=strings([names[at] for at in kept]),
        target=Target("class", numbered(labels, classes), classes),
        split=np.array([split_of(names[at].split("/")[:-1]) for at in kept], "<U5"),
        groups=None if all_groups is None else strings([all_groups[at] for at in kept]),
        notices=(*notices, *speaker_notices(said, all_groups, names, asked=columns.group is not None)),
        absent=_bad(where, bad, len(names)),
        columns=tuple(said.columns),
    )


def _decoded(files: Files, names: Sequence[str]) -> tuple[dict[str, tuple[np.ndarray, int]], dict[str, str]]:
    """Return the values and the rate of each recording by its name, and why others cannot be read."""
    decoded: dict[str, tuple[np.ndarray, int]] = {}
    bad: dict[str, str] = {}
    for name in names:
        try:
            decoded[name] = read_wav(files.read(name))
        except Unreadable as error:
            bad[name] = str(error)
        except OSError as error:
            bad[name] = f"cannot be opened: {error.strerror}"
    return decoded, bad


def _said(bad: Mapping[str, str], most: int) -> str:
    more = f"; and {len(bad) - most:,} more" if len(bad) > most else ""
    return "; ".join(f"{name} {why}" for name, why in [*bad.items()][:most]) + more


def _bad(where: str, bad: Mapping[str, str], total: int) -> Notice | None:
    """Return what is told of files that cannot be used, if any."""
    if not bad:
        return None
    text = f"{where}: {len(bad):,} of {count(total, 'recording')} cannot be used: {_said(bad, SHOWN)}"
    return Notice("unreadable", text, tuple(bad))
