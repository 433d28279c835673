"""The slabs of volumes that a split file names: ``stack.tif:0-19`` in train, ``stack.tif:20-23`` in valid, ..."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from convscope.data.names import composed
from convscope.data.split_file import slices_of
from convscope.data.volumes.slabs import Slab
from convscope.errors import DataError
from convscope.text import count, listed


def names_slices(rows: Mapping[str, str], ids: np.ndarray) -> bool:
    """Return whether a row of a split file is of slices of one of the volumes."""
    known = {composed(str(name)) for name in ids}
    return any(name not in known and (slices := slices_of(name)) and slices[0] in known for name in rows)


def slabs_of_file(
    path: str | Path, rows: Mapping[str, str], ids: np.ndarray, depths: Mapping[int, int]
) -> tuple[dict[int, list[Slab]], str]:
    """Return the slabs, in order and without a gap, of each volume that can be used, and say by which rule.

    ``rows`` are the split of whole volumes or of slices, ``depths`` those of the volumes by their number among ``ids``
    (n,). Slices without a row are in no split.

    Raises:
        DataError: a volume without a row, a row of none, slices that are not there or twice, or no slices to train or
            to validate on.
    """
    number_of = {composed(str(name)): at for at, name in enumerate(ids)}
    named: dict[int, list[Slab]] = {volume: [] for volume in depths}
    for name, split in rows.items():
        stack, first, last = _slices(path, name, number_of)
        volume = number_of[stack]
        if volume not in depths:  # left out, since it cannot be read
            continue
        depth = depths[volume]
        last = depth if last is None else last
        if not first < last <= depth:
            raise DataError(
                f"{path}: {name} is none of the slices of {stack}, which are numbered 0 to {depth - 1}; correct the row"
            )
        named[volume].append(Slab(volume, first, last, split))
    if missing := [str(ids[volume]) for volume, slabs in named.items() if not slabs]:
        raise DataError(f"{path}: {count(len(missing), 'volume')} without a row, such as {listed(missing, 2)}")
    present = {slab.split for slabs in named.values() for slab in slabs}
    if lacking := [split for split in ("train", "valid") if split not in present]:
        raise DataError(f"{path}: no slices in {' and '.join(lacking)}; name some")
    filled = {volume: _filled(path, slabs, str(ids[volume]), depths[volume]) for volume, slabs in named.items()}
    unused = [slab.named(str(ids[slab.volume])) for slabs in filled.values() for slab in slabs if not slab.split]
    beside = f"; in no split: {listed(unused)}" if unused else ""
    return filled, f"as {path} says{beside}"


def _slices(path: str | Path, name: str, known: Mapping[str, int]) -> tuple[str, int, int | None]:
    """Return the volume and the slices that a row names; ``None`` for the last of a whole one."""
    if name in known:
        return name, 0, None
    slices = slices_of(name)
    if slices is None or slices[0] not in known:
        raise DataError(
            f"{path}: the row {name} is none of the set's volumes, such as {listed(known, 2)}; slices of one are named "
            f"{next(iter(known))}:0-19"
        )
    return slices


def _filled(path: str | Path, slabs: list[Slab], name: str, depth: int) -> list[Slab]:
    """Return slabs in order, with those between them that are in no split."""
    filled: list[Slab] = []
    at, volume = 0, slabs[0].volume
    for slab in sorted(slabs, key=lambda slab: slab.first):
        if slab.first < at:
            before = filled[-1]
            raise DataError(f"{path}: {slab.named(name)} and {before.named(name)} share slices; name each once")
        if slab.first > at:
            filled.append(Slab(volume, at, slab.first, ""))
        filled.append(slab)
        at = slab.last
    return [*filled, Slab(volume, at, depth, "")] if at < depth else filled
