"""What a source found at a path, before any image is decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
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


NOTHING = "nothing"  # the name of a target of one class that says nothing, of images that stand alone


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


@dataclass(frozen=True, eq=False)
class RawMask:
    """One mask as it is stored: ``values`` (H, W), whole numbers or real ones, of a palette image its indices.

    ``colours`` says that they are colours, 0xRRGGBB; one that is not opaque has 255 less its opacity in the byte above,
    and one that is not seen at all is ``UNSEEN``. ``palette`` is the RGB of a palette's indices, three bytes each.
    ``classes`` (k,) are the classes of the objects 0..k-1 that the values number, where the source tells them; -1 means
    void.
    """

    values: np.ndarray
    colours: bool = False
    palette: bytes = b""
    classes: np.ndarray | None = None


UNSEEN = 0xFF000000  # the value of a colour without opacity


class MaskReader(Protocol):
    """Where a listing's masks come from."""

    @property
    def names(self) -> np.ndarray:
        """What messages call each mask, (n,)."""
        ...

    def __len__(self) -> int: ...

    def fingerprint(self) -> str:
        """Return a hash that changes when any mask may have changed, without decoding one."""
        ...

    def read(self, row: int) -> RawMask:
        """Return one mask; ``Unreadable`` where it is none."""
        ...

    def each(self, max_pixels: int) -> Iterator[tuple[int, Callable[[], RawMask]]]:
        """Yield (row, what decodes its mask, also in another process), cheapest order first."""
        ...


@dataclass(frozen=True, eq=False)
class Masks:
    """What is to be learned of each of n images, where that is a mask; what its values mean, ``data.masks`` finds out.

    ``names`` are those of values, where the source tells them. ``objects`` says that each value but 0 is one object, or
    that none is; ``None`` leaves it to the values. ``rows`` (n,) are those of the ``reader`` that are meant, all of
    them for ``None``. ``kind`` is that of the column: "mask" until all were looked at.
    """

    reader: MaskReader
    names: Mapping[float, str] = field(default_factory=dict)
    objects: bool | None = None
    name: str = "mask"
    kind: Literal["mask", "instances"] = "mask"
    rows: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.reader) if self.rows is None else len(self.rows)

    def __getitem__(self, at: slice | np.ndarray) -> Masks:
        """Return the masks of some of the images."""
        rows = np.arange(len(self.reader)) if self.rows is None else self.rows
        return replace(self, rows=rows[at])

    @property
    def files(self) -> np.ndarray:
        """What each mask is called in messages, (n,)."""
        return self.reader.names if self.rows is None else self.reader.names[self.rows]


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
    target: Target | Masks
    split: np.ndarray
    groups: np.ndarray | None = None
    notices: tuple[Notice, ...] = ()
    absent: Notice | None = None
    columns: tuple[str, ...] = ()

    @property
    def labels(self) -> np.ndarray:
        """Numbers (n,) that are the same where the same is to be told: of classes, of sets of labels, of tenths of the
        first number; 0 for points and masks.
        """
        if isinstance(self.target, Masks):
            return np.zeros(len(self.target), np.int64)
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
        return self.target.names if isinstance(self.target, Target) and self.target.kind == "class" else ()
