"""Texts as a source lists them, and as a column of a data set: code points, one text after the other."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convscope.data.columns import Ragged
from convscope.data.columns.ragged import shape_of
from convscope.data.fingerprint import content_of
from convscope.data.spec import FieldSpec
from convscope.data.transforms.text import points_of


@dataclass(frozen=True, eq=False)
class Texts:
    """The texts of a listing, in one Unicode form; ``where`` says of each (n,) where it stands."""

    values: Sequence[str]
    where: Sequence[str]

    def __len__(self) -> int:
        return len(self.values)

    def fingerprint(self) -> str:
        """Return a hash of all texts."""
        hashed = hashlib.blake2b(digest_size=16)
        for text in self.values:
            hashed.update(text.encode() + b"\0")
        return hashed.hexdigest()


def text_column(texts: Sequence[str], name: str = "text") -> Ragged:
    """Return texts as code points (L,) int32, with a hash of each.

    >>> column = text_column(["ana", "li"])
    >>> column.spec.shape, column.take(np.array([1]))[0].tolist()
    ((None,), [108, 105])
    """
    lengths = np.array([len(text) for text in texts], np.int64)
    values = points_of("".join(texts))
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    content = content_of([values[a:b] for a, b in itertools.pairwise(offsets)])
    spec = FieldSpec(name, "text", shape_of(lengths[:, None]), values.dtype.name)
    return Ragged(spec, values, offsets, lengths[:, None], content)
