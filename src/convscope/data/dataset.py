"""A data set as the rest of convscope sees it: splits over one memory-mapped array of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, overload

import numpy as np

from convscope.data.names import check_distinct
from convscope.data.preprocessing import Preprocessing
from convscope.data.streaming import take
from convscope.text import count

SplitName = Literal["train", "valid", "test", "all"]


@dataclass(frozen=True)
class Notice:
    """One thing a check found: a short code, a sentence for the user, and files or rows it is about.

    ``examples`` need not be all of them: the sentence counts.
    """

    code: str
    text: str
    examples: tuple[str, ...] = ()


class Example(NamedTuple):
    """One image of a split: its raw pixels (H, W, C), the name of its class, and its own.

    In a notebook it is shown as a picture.
    """

    image: np.ndarray
    label: str
    id: str

    def __repr__(self) -> str:
        H, W, C = self.image.shape
        return f"<{self.id}: {self.label}, {H} × {W} × {C} {self.image.dtype}>"

    def _repr_png_(self) -> bytes:
        from convscope.data.pictures import png

        return png(self.image)


@dataclass(frozen=True, repr=False)
class Split:
    """The examples of one split.

    ``pixels`` is the whole set's array (set size, H, W, C), shared by the splits and usually memory-mapped; ``rows``
    (N,) are this split's indices into it, ascending. ``labels`` (N,) index the classes. ``ids`` (N,) name each example
    (path inside the set, or ``train/12`` where there are no files) and ``groups`` (N,) name what must stay together,
    if anything; an empty name is no group. ``content`` (N, 16) uint8 is a hash of each example's file (or raw pixels).

    ``split[3]`` is an ``Example``; a slice, a mask (N,) or a list of positions gives a smaller split, and going through
    a split gives its examples.
    """

    name: SplitName
    pixels: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    ids: np.ndarray
    groups: np.ndarray | None = None
    content: np.ndarray | None = None
    classes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def target(self) -> np.ndarray:
        """The stored targets (N, ...)."""
        return self.labels

    def __repr__(self) -> str:
        H, W, C = self.pixels.shape[1:]
        return f"<{self.name}: {len(self):,} images, {H} × {W} × {C} {self.pixels.dtype}>"

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int | np.integer[Any]) -> Example: ...

    @overload
    def __getitem__(self, at: slice | np.ndarray | list[int] | list[bool]) -> Split: ...

    def __getitem__(self, at: Any) -> Example | Split:
        if isinstance(at, int | np.integer) and not isinstance(at, bool):
            if not -len(self) <= at < len(self):
                raise IndexError(f"{self.name} has {len(self):,} images, numbered from 0; there is no {at:,}")
            label = int(self.labels[at])
            name = self.classes[label] if self.classes else str(label)
            return Example(self.pixels[self.rows[at]], name, str(self.ids[at]))
        where = at if isinstance(at, slice) else np.asarray(at)
        if isinstance(where, np.ndarray) and (where.ndim != 1 or (where.size and where.dtype.kind not in "iub")):
            raise TypeError(f"expected a position, a slice, a mask or a list of positions, found {at!r:.60}")
        where = where if isinstance(where, slice) or where.size else where.astype(int)

        def some(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[where]

        rows, labels, ids = self.rows[where], self.labels[where], self.ids[where]
        return Split(self.name, self.pixels, rows, labels, ids, some(self.groups), some(self.content), self.classes)

    def __iter__(self) -> Iterator[Example]:
        return (self[i] for i in range(len(self)))

    def _repr_html_(self) -> str:
        from convscope.data.shown import split_html

        return split_html(self)

    def images(self, at: Any = slice(None)) -> np.ndarray:
        """Return the raw images at positions ``at`` of this split, (N, C, H, W), in the set's dtype."""
        rows = np.asarray(self.rows[at])
        images = take(self.pixels, rows.ravel())
        return np.moveaxis(images.reshape(rows.shape + images.shape[1:]), -1, -3)


@dataclass(frozen=True, repr=False)
class Data:
    """A loaded set: its classes, its splits, how its images become numbers, and what the checks found.

    ``test`` is ``None`` where the set came with a train and a valid split only: nothing is taken away from either.
    ``facts`` says in plain words what was found and decided, in the order to print it (kind, images, sizes, dtype,
    range, split rule, ...). ``fingerprint`` is a hash of every image's content, its label and its split. ``options``
    are the settings that it was loaded with, by the names that a training gives them.
    """

    name: str
    source: str
    classes: tuple[str, ...]
    train: Split
    valid: Split
    test: Split | None
    preprocessing: Preprocessing
    fingerprint: str
    facts: dict[str, str] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()
    cache: Path | None = None
    decoding: float = 0.0  # seconds that decoding all images took, when it was done
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_distinct(self.classes, self.source)
        for name in ("train", "valid", "test"):
            split = getattr(self, name)
            if split is not None and split.classes != self.classes:  # so that its examples have names
                object.__setattr__(self, name, replace(split, classes=self.classes))

    def __repr__(self) -> str:
        splits = ", ".join(f"{split.name} {len(split):,}" for split in self.splits)
        return f"<data {self.name}: {count(len(self.classes), 'class', 'classes')}; {splits}>"

    def _repr_html_(self) -> str:
        from convscope.data.shown import data_html

        return data_html(self)

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that exist, in the order train, valid, test."""
        return tuple(s for s in (self.train, self.valid, self.test) if s is not None)
