"""What a source found at a path, before any image is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from convscope.data.dataset import Notice


class Images(Protocol):
    """Where a listing's pixels come from: files to decode, or an array at hand."""

    def __len__(self) -> int: ...

    def fingerprint(self) -> str:
        """Return a hash that changes when any image may have changed, without decoding one."""
        ...


@dataclass(frozen=True)
class Listing:
    """Every example of a set: its name, class, given split and group, and where its pixels are.

    All arrays are (n,), in one order. ``split`` holds "train", "valid", "test" or "" (not given). ``kind`` says in
    plain words what was recognised ("class folders", "table labels.csv", "IDX files", ...). ``absent`` says which
    examples are named without being there, if any: they are not listed. ``columns`` are the names of a table's columns
    or of an archive's arrays.
    """

    name: str
    kind: str
    images: Images
    ids: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    split: np.ndarray
    groups: np.ndarray | None = None
    notices: tuple[Notice, ...] = ()
    absent: Notice | None = None
    columns: tuple[str, ...] = ()
