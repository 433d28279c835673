"""What a source found at a path, before any image is decoded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from convscope.data.notice import Notice
from convscope.data.spec import FieldSpec

# kind of a target: the dtype of its values, and their shape behind (n,)
_STORED: dict[str, tuple[type[np.generic], int]] = {
    "class": (np.int64, 0),
    "multilabel": (np.uint8, 1),
    "number": (np.float64, 1),
    "points": (np.float64, 2),
}


class Images(Protocol):
    """Where a listing's pixels come from: files to decode, or an array at hand."""

    def __len__(self) -> int: ...

    def fingerprint(self) -> str:
        """Return a hash that changes when any image may have changed, without decoding one."""
        ...


@dataclass(frozen=True)
class Target:
    """What is to be learned of each of n examples, as the source says it.

    ============  ===================  ==========================  =======
    ``kind``      ``values``           ``names``                   units
    ============  ===================  ==========================  =======
    class         (n,) int64           the classes they number     ()
    multilabel    (n, K) uint8, 0 1    the K labels                ()
    number        (n, K) float64       the K columns               of each, "" for none
    points        (n, K, 2) float64    the K points                ()
    ============  ===================  ==========================  =======

    Points are x and y in pixels of the image as stored; a number or a point that is missing is NaN. ``name`` is that of
    the column of the data set.

    >>> Target("class", np.array([1, 0]), ("ant", "bee")).spec
    FieldSpec(name='class', kind='class', shape=(), dtype='int64', names=('ant', 'bee'), units=(), ignore=None)
    """

    kind: Literal["class", "multilabel", "number", "points"]
    values: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        dtype, axes = _STORED[self.kind]
        assert self.values.ndim == 1 + axes, f"{self.kind}: {self.values.shape}"
        if self.values.dtype != dtype:
            object.__setattr__(self, "values", self.values.astype(dtype))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, at: slice | np.ndarray) -> Target:
        """Return the target of some of the examples."""
        return replace(self, values=self.values[at])

    @property
    def spec(self) -> FieldSpec:
        """The column that these values make in a data set."""
        shape = self.values.shape[1:]
        return FieldSpec(self.name or self.kind, self.kind, shape, self.values.dtype.name, self.names, self.units)


@dataclass(frozen=True)
class Listing:
    """Every example of a set: its name, target, given split and group, and where its pixels are.

    All arrays are (n,), in one order. ``split`` holds "train", "valid", "test" or "" (not given). ``kind`` says in
    plain words what was recognised ("class folders", "table labels.csv", "IDX files", ...). ``absent`` says which
    examples are named without being there, if any: they are not listed. ``columns`` are the names of a table's columns
    or of an archive's arrays.
    """

    name: str
    kind: str
    images: Images
    ids: np.ndarray
    target: Target
    split: np.ndarray
    groups: np.ndarray | None = None
    notices: tuple[Notice, ...] = ()
    absent: Notice | None = None
    columns: tuple[str, ...] = ()

    @property
    def labels(self) -> np.ndarray:
        """Numbers (n,) that are the same where the same is to be told: of classes, of sets of labels, of tenths of the
        first number; 0 for points.
        """
        if self.target.kind == "class":
            return self.target.values
        if self.target.kind == "multilabel":
            return np.unique(self.target.values, axis=0, return_inverse=True)[1].reshape(-1)
        first = self.target.values[:, 0]
        if self.target.kind == "points" or np.isnan(first).all():
            return np.zeros(len(self.target), np.int64)
        return np.searchsorted(np.nanquantile(first, np.arange(1, 10) / 10), first, side="right")

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, none where other things than classes are learned."""
        return self.target.names if self.target.kind == "class" else ()
