"""A data set as the rest of convscope sees it: columns, which of them are learned from which, and splits over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as np

from convscope.data.columns import Column, InMemory, RaggedBatch, Selected, in_memory
from convscope.data.names import check_distinct
from convscope.data.notice import Notice
from convscope.data.transforms import Transform
from convscope.data.transforms.placement import KEPT, placed
from convscope.text import count, shortly

if TYPE_CHECKING:
    from convscope.data.masks import MaskMeaning

__all__ = ["Data", "Dataset", "Example", "Notice", "Split", "SplitName"]

PICTURES = ("mask", "instances", "image")  # kinds of targets that are read example by example
SplitName = Literal["train", "valid", "test", "all"]


class Example(NamedTuple):
    """One example of a split: its raw image (H, W, C), the name of its class, and its own.

    Where the input is no image or the target no class, they stand in their place. In a notebook an image is shown.
    """

    image: np.ndarray
    label: Any
    id: str

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.image.shape))
        return f"<{self.id}: {shortly(self.label)}, {shape} {self.image.dtype}>"

    def _repr_png_(self) -> bytes | None:
        from convscope.data.pictures import png

        return png(self.image) if self.image.ndim == 3 else None


@dataclass(frozen=True, repr=False, eq=False)
class Split:
    """The examples ``rows`` (N,) of a data set, ascending.

    ``split[3]`` is an ``Example``; a slice, a mask (N,) or a list of positions gives a smaller split, and going through
    a split gives its examples.
    """

    dataset: Dataset
    name: SplitName
    rows: np.ndarray

    def __repr__(self) -> str:
        spec = self.input.spec
        shape = " × ".join("?" if size is None else str(size) for size in spec.shape)
        return f"<{self.name}: {len(self):,} {spec.kind}s, {shape} {spec.dtype}>"

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int | np.integer[Any]) -> Example: ...

    @overload
    def __getitem__(self, at: slice | np.ndarray | list[int] | list[bool]) -> Split: ...

    def __getitem__(self, at: Any) -> Example | Split:
        if isinstance(at, int | np.integer) and not isinstance(at, bool):
            if not -len(self) <= at < len(self):
                kind = self.input.spec.kind
                raise IndexError(f"{self.name} has {len(self):,} {kind}s, numbered from 0; there is no {at:,}")
            return self._example(int(at) % len(self))
        where = at if isinstance(at, slice) else np.asarray(at)
        if isinstance(where, np.ndarray) and (where.ndim != 1 or (where.size and where.dtype.kind not in "iub")):
            raise TypeError(f"expected a position, a slice, a mask or a list of positions, found {at!r:.60}")
        where = where if isinstance(where, slice) or where.size else where.astype(int)
        return replace(self, rows=self.rows[where])

    def _example(self, at: int) -> Example:
        values = self.input.take(np.array([at]))[0]
        target: Any = None
        if self.dataset.targets:
            target = self.column(self.dataset.targets[0]).take(np.array([at]))[0]
        if self.dataset.target_kind == "class":
            target = self.classes[target]
        return Example(values, target, str(self.dataset.ids[self.rows[at]]))

    def __iter__(self) -> Iterator[Example]:
        return (self[i] for i in range(len(self)))

    def _repr_html_(self) -> str:
        from convscope.data.shown import split_html

        return split_html(self)

    def column(self, name: str) -> Column:
        """Return a column of this split's examples, numbered from 0."""
        return Selected(self.dataset.columns[name], self.rows)

    @property
    def input(self) -> Column:
        """What is learned from (the first of several)."""
        return self.column(self.dataset.inputs[0])

    @cached_property
    def target(self) -> Any:
        """What is learned (the first of several), as stored: an array (N, ...), of masks and images their column."""
        name = self.dataset.targets[0]
        column = self.column(name)
        return column if column.spec.kind in PICTURES else self._values(name)

    @property
    def target_words(self) -> list[str]:
        """What is learned of each example, as text: the name of its class, or its numbers."""
        if self.dataset.target_kind == "class":
            return [self.classes[label] for label in self.labels]
        if self.dataset.target_kind in PICTURES:
            return [self.target.spec.kind] * len(self)
        return [" ".join(f"{value:g}" for value in np.ravel(values)) for values in self.target]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.dataset.classes

    @property
    def kinds(self) -> tuple[np.ndarray, tuple[str, ...]] | None:
        """The number (N,) of each example's class and the names of classes, learned or not; ``None`` without any."""
        columns = self.dataset.columns.values()
        named = next((column for column in columns if column.spec.kind == "class"), None)
        if named is None or len(named.spec.names) < 2:
            return None
        return np.asarray(named.take(self.rows)).astype(np.int64), named.spec.names

    @cached_property
    def labels(self) -> np.ndarray:
        """The number (N,) of each example's class."""
        return self.dataset.labels[self.rows]

    @cached_property
    def ids(self) -> np.ndarray:
        """The name (N,) of each example: its path inside the set, or ``train/12`` where there are no files."""
        return self.dataset.ids[self.rows]

    @cached_property
    def groups(self) -> np.ndarray | None:
        """What must stay together (N,), if anything; an empty name is no group."""
        return None if self.dataset.groups is None else self.dataset.groups[self.rows]

    @cached_property
    def content(self) -> np.ndarray | None:
        """A hash (N, 16) uint8 of each example's file (or raw values)."""
        return self.input.content

    @cached_property
    def placements(self) -> np.ndarray:
        """Where each image as it was given lies in the stored one, (N, 4): see ``data.transforms.placement``."""
        placements = self.dataset.placements
        return np.tile(KEPT, (len(self), 1)) if placements is None else placements[self.rows]

    @cached_property
    def placed_target(self) -> np.ndarray:
        """What is learned (N, ...), as it is in the stored examples: points in their pixels, all else as given."""
        points = self.dataset.target_kind == "points"
        return placed(self.target, self.placements) if points else self.target

    def with_input(self, column: Column) -> Split:
        """Return the same examples with ``column``, of one value for each of them, in place of what is learned from."""
        data, mine = self.dataset, np.arange(len(self))
        columns = {name: self._alone(name) for name in data.targets}
        alone = replace(
            data, columns={**columns, column.spec.name: column}, inputs=(column.spec.name,), transforms={},
            rows={self.name: mine}, ids=self.ids, groups=self.groups, placements=self.placements,
        )  # fmt: skip
        return Split(alone, self.name, mine)

    def _alone(self, name: str) -> Column:
        """Return a column of these examples and no others: in memory where it is an array there."""
        column = self.column(name)
        return InMemory(column.spec, self._values(name)) if in_memory(column) else column

    def _values(self, name: str) -> np.ndarray:
        values = self.dataset.columns[name].take(self.rows)
        assert isinstance(values, np.ndarray)
        return values

    def with_target(self, values: np.ndarray | Column) -> Split:
        """Return the same examples with other stored ``values`` (N, ...) of what is learned, of masks a column."""
        name = self.dataset.targets[0]
        if not isinstance(values, np.ndarray):
            assert len(values) == len(self.dataset) == len(self)  # examples that stand alone, as in ``with_input``
            return replace(self, dataset=replace(self.dataset, columns={**self.dataset.columns, name: values}))
        everything = np.zeros((len(self.dataset), *values.shape[1:]), values.dtype)
        everything[self.rows] = values
        columns = {**self.dataset.columns, name: InMemory(self.dataset.columns[name].spec, everything)}
        return replace(self, dataset=replace(self.dataset, columns=columns))

    def images(self, at: Any = slice(None)) -> np.ndarray:
        """Return the raw images at positions ``at`` of this split, (N, C, H, W), in the set's dtype."""
        positions = np.asarray(np.arange(len(self))[at])
        images = self.input.take(positions.ravel())
        if isinstance(images, RaggedBatch):
            images = np.stack([*images])
        return np.moveaxis(images.reshape(positions.shape + images.shape[1:]), -1, -3)


@dataclass(frozen=True, repr=False, eq=False)
class Dataset:
    """A loaded set of n examples.

    ``columns`` hold a field of each example; ``inputs`` and ``targets`` name those that are learned from and those that
    are learned. ``rows`` are the examples of each split, ascending, and of "all" where some cannot be read; without
    "test" nothing is taken away from train or valid. ``ids`` (n,) name each example and ``groups`` (n,) name what must
    stay together. ``transforms`` say how each input becomes what a network sees. ``placements`` (n, 4) say where each
    image as it was given lies in the stored one (``transforms.placement``), ``None`` where they are the same.
    ``masks`` says what the values of masks mean, ``None`` where there are none.
    ``facts`` says in plain words what was found and decided, in the order to print it (kind, images, sizes, dtype,
    range, split rule, ...), ``warnings`` what the checks found. ``fingerprint`` is a hash of every example's content,
    its target and its split. ``options`` are the settings that it was loaded with, by the names that a training gives
    them.
    """

    name: str
    source: str
    columns: Mapping[str, Column]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    rows: Mapping[str, np.ndarray]
    ids: np.ndarray
    groups: np.ndarray | None = None
    transforms: Mapping[str, Transform] = field(default_factory=dict)
    placements: np.ndarray | None = None
    fingerprint: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()
    cache: Path | None = None
    decoding: float = 0.0  # seconds that decoding all files took, when it was done
    options: dict[str, Any] = field(default_factory=dict)
    masks: MaskMeaning | None = None

    def __post_init__(self) -> None:
        for name in self.targets:
            if self.columns[name].spec.kind in ("class", "multilabel"):
                check_distinct(self.columns[name].spec.names, self.source)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        splits = ", ".join(f"{split.name} {len(split):,}" for split in self.splits)
        return f"<data {self.name}: {self._targets_said()}; {splits}>"

    def _targets_said(self) -> str:
        specs = [self.columns[name].spec for name in self.targets]
        if [spec.kind for spec in specs] == ["class"]:
            return count(len(specs[0].names), "class", "classes")
        return ", ".join(spec.name for spec in specs) or "nothing to learn"

    def _repr_html_(self) -> str:
        from convscope.data.shown import data_html

        return data_html(self)

    # Not kept: a split holds its set, so that a set that held its splits would be freed late, and its map with it.
    @property
    def train(self) -> Split:
        """The examples to learn from."""
        return self._split("train")

    @property
    def valid(self) -> Split:
        """The examples that choose the epoch."""
        return self._split("valid")

    @property
    def test(self) -> Split | None:
        """The examples that judge; ``None`` where the set came with a train and a valid split only."""
        return self._split("test") if len(self.rows.get("test", ())) else None

    @property
    def everything(self) -> Split:
        """All examples that can be read, whether a split has them or not."""
        return Split(self, "all", self.rows.get("all", np.arange(len(self))))

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that exist, in the order train, valid, test."""
        return tuple(split for split in (self.train, self.valid, self.test) if split is not None)

    def _split(self, name: SplitName) -> Split:
        return Split(self, name, self.rows.get(name, np.arange(0)))

    @property
    def target_kind(self) -> str:
        """The kind of what is learned (the first of several), "" for nothing."""
        return self.columns[self.targets[0]].spec.kind if self.targets else ""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; ``AttributeError`` for a set of other targets."""
        return self._class_column.spec.names

    @property
    def labels(self) -> np.ndarray:
        """The number (n,) of each example's class."""
        return self._class_column.values

    @property
    def _class_column(self) -> InMemory:
        column = self.columns[self.targets[0]] if self.targets else None
        if not isinstance(column, InMemory) or column.spec.kind != "class":
            raise AttributeError(f"{self.name} has no classes: what is learned is {self._targets_said()}")
        return column

    @property
    def preprocessing(self) -> Any:
        """How the first input becomes what a network sees."""
        return self.transforms[self.inputs[0]]

    def with_transform(self, transform: Transform) -> Dataset:
        """Return the set with another transform of its first input."""
        return replace(self, transforms={**self.transforms, self.inputs[0]: transform})


Data = Dataset
