"""What is to be learned of each example of a listing, as a column: numbers in memory, masks once they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from convscope.data.columns import Column, InMemory, Ragged, Selected
from convscope.data.fingerprint import content_of
from convscope.data.ingest.build import Progress
from convscope.data.ingest.store import Entry
from convscope.data.listing import Listing, Masks
from convscope.data.masks import MaskMeaning, MaskRule, MasksRead, ValueRow, check_split_classes, read_masks
from convscope.data.notice import Notice
from convscope.data.options import LoadOptions
from convscope.data.patches import Examples
from convscope.text import count, listed

SHOWN = 12  # values of masks that are told of on one line


@dataclass(frozen=True, eq=False)
class Learned:
    """A column of n examples: ``facts`` say what it holds, ``bad`` which rows are no use, ``read`` what masks are."""

    column: Column
    facts: dict[str, str] = field(default_factory=dict[str, str])
    notices: tuple[Notice, ...] = ()
    bad: tuple[int, ...] = ()
    read: MasksRead | None = None

    @property
    def meaning(self) -> MaskMeaning | None:
        """What the values of masks mean, where there are any."""
        return None if self.read is None else self.read.meaning

    def of_splits(self, rows: np.ndarray | slice, split: np.ndarray) -> Iterator[Notice]:
        """Yield what the ``split`` (k,) of some examples lacks."""
        if self.read is not None:
            of_all = np.full(len(self.column), "", "<U5")
            of_all[rows] = split
            yield from check_split_classes(self.read, of_all)

    def hashed(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return what tells the targets of some examples from others: their values, or a hash of each mask."""
        if isinstance(self.column, InMemory):
            return self.column.values[rows]
        assert isinstance(self.column, Ragged)
        return content_of(Examples(Selected(self.column, np.arange(len(self.column))[rows])))


def learned_of(
    listing: Listing, entry: Entry, options: LoadOptions, root: Path, progress: Progress, rule: MaskRule | None = None
) -> Learned:
    """Return the column of what a listing's examples are to be learned as; masks are read for it.

    ``rule`` is that of the masks that a network was trained on, if this is another set.

    Raises:
        DataError: masks that cannot be read, or do not fit their images (see ``masks.read_masks``).
        ConfigError: settings of masks that fit nothing.
    """
    target = listing.target
    if not isinstance(target, Masks):
        return Learned(InMemory(target.spec, target.values))
    sizes = np.stack([entry.index["height"], entry.index["width"]], axis=1).astype(np.int64)
    return learned_masks(target, sizes, options, root, progress, rule)


def learned_masks(
    masks: Masks, sizes: np.ndarray, options: LoadOptions, root: Path, progress: Progress, rule: MaskRule | None = None
) -> Learned:
    """Return the column of the masks of images of ``sizes`` (n, 2); raises as ``learned_of``."""
    read = read_masks(masks, sizes, options, root, options.processes, progress, rule=rule)
    facts = {**read.facts, "mask values": mask_values_said(read.table)}
    return Learned(read.column, facts, read.notices, tuple(read.bad), read)


def mask_values_said(table: Sequence[ValueRow]) -> str:
    """Say what each value of masks was taken for."""
    return listed(_said(table), SHOWN)


def _said(table: Sequence[ValueRow]) -> Iterator[str]:
    for row in table:
        yield f"{row.value}: {row.name} ({100 * row.share:.3g} % of the pixels, {count(row.masks, 'mask')})"
