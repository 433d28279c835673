"""Texts as a source lists them, and as a column of a data set: code points, one text after the other."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from convscope.data.columns import Ragged
from convscope.data.columns.ragged import shape_of
from convscope.data.columns.spilled import blocks, empty
from convscope.data.fingerprint import content_of
from convscope.data.spec import FieldSpec
from convscope.data.transforms.text import points_of


@dataclass(frozen=True, eq=False)
class Texts:
    """The texts of a listing, in one Unicode form; ``where`` says of each (n,) where it stands ("7 of a.csv").

    ``line_of`` tells, of texts that go over several lines, in which line a letter (from 0) of a text (from 0) stands.
    """

    values: Sequence[str]
    where: Sequence[str]
    line_of: Callable[[int, int], int] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def place(self, row: int, letter: int | None = None) -> str:
        """Say where a text stands, or one of its letters.

        >>> Texts(["ACGT"], ["7 of a.csv"]).place(0)
        'row 7 of a.csv'
        >>> Texts(["ACGT"], ["7 of a.fa"], lambda row, letter: 9).place(0, 3)
        'line 9 of a.fa'
        """
        if self.line_of is None:
            return f"row {self.where[row]}"
        head, _, name = self.where[row].partition(" of ")
        return f"line {head if letter is None else self.line_of(row, letter)} of {name}"

    def fingerprint(self) -> str:
        """Return a hash of all texts."""
        hashed = hashlib.blake2b(digest_size=16)
        for text in self.values:
            hashed.update(text.encode() + b"\0")
        return hashed.hexdigest()


def text_column(texts: Sequence[str], name: str = "text") -> Ragged:
    """Return texts as code points (L,) int32, with a hash of each: of many, in files that are mapped.

    >>> column = text_column(["ana", "li"])
    >>> column.spec.shape, column.take(np.array([1]))[0].tolist()
    ((None,), [108, 105])
    """
    lengths = empty((len(texts), 1), np.int64)
    lengths[:, 0] = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    offsets = empty(len(texts) + 1, np.int64)
    offsets[0] = 0
    np.cumsum(lengths[:, 0], out=offsets[1:])
    values, content = empty(int(offsets[-1]), np.int32), empty((len(texts), 16), np.uint8)
    at = 0
    for block in blocks(texts):
        first, last = int(offsets[at]), int(offsets[at + len(block)])
        points = values[first:last]
        points[:] = points_of("".join(block))
        bounds = (offsets[at : at + len(block) + 1] - first).tolist()
        content[at : at + len(block)] = content_of([points[a:b] for a, b in itertools.pairwise(bounds)])
        at += len(block)
    return Ragged(FieldSpec(name, "text", shape_of(lengths), "int32"), values, offsets, lengths, content)
