"""Texts or signals of a listing as a data set: one column of them, and one of what is learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convscope.data.columns import InMemory, Ragged
from convscope.data.columns.spilled import spilled
from convscope.data.dataset import Dataset, Notice, Split
from convscope.data.fingerprint import fingerprint
from convscope.data.listing import Listing, Masks
from convscope.data.options import LoadOptions
from convscope.data.transforms import Transform

SPLITS = ("train", "valid", "test")


def dataset_of(
    source: str | Path, listing: Listing, column: InMemory | Ragged, split: np.ndarray, transform: Transform, *,
    facts: dict[str, str], warnings: tuple[Notice, ...], options: LoadOptions,
) -> Dataset:  # fmt: skip
    """Return the examples of a listing, of which ``column`` holds the inputs and ``split`` (n,) says where each is."""
    target = listing.target
    assert column.content is not None and not isinstance(target, Masks)
    learned = InMemory(target.spec, spilled(target.values))
    rows = {name: np.flatnonzero(split == name) for name in SPLITS} | {"all": np.arange(len(listing.ids))}
    return Dataset(
        name=listing.name,
        source=str(source),
        columns={column.spec.name: column, learned.spec.name: learned},
        inputs=(column.spec.name,),
        targets=(learned.spec.name,),
        rows={name: spilled(positions) for name, positions in rows.items()},
        ids=listing.ids,
        groups=listing.groups,
        transforms={column.spec.name: transform},
        fingerprint=fingerprint(learned.spec.names, column.content, target.values, split),
        facts=dict(facts),
        warnings=warnings,
        options=options.to_settings(),
    )


def everything_of(source: str | Path, listing: Listing, column: InMemory | Ragged) -> Split:
    """Return all examples of a listing as one split, to be scored."""
    target = listing.target
    assert not isinstance(target, Masks)
    learned = InMemory(target.spec, target.values)
    columns = {column.spec.name: column, learned.spec.name: learned}
    data = Dataset(
        listing.name, str(source), columns, (column.spec.name,), (learned.spec.name,),
        {"all": np.arange(len(listing.ids))}, listing.ids, listing.groups,
    )  # fmt: skip
    return data.everything
