"""Few volumes cut into slabs along their first axis, so that there is something to train on, to choose by and to judge.

Neighbouring slices are alike: a slab is contiguous, and no slice of it is in another split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from convscope.data.columns import Ragged
from convscope.data.columns.ragged import shape_of
from convscope.data.splits import TEST_SHARE, VALID_SHARE
from convscope.errors import ConfigError, DataError
from convscope.text import count

END = 1 << 62  # behind the last slice of any volume


@dataclass(frozen=True)
class Slab:
    """Slices ``first`` to ``last``, which is not in it, of a ``volume``, counted from 0, in a ``split``.

    One in no split ("") is not used: a whole volume that cannot be, or slices between others.
    """

    volume: int
    first: int
    last: int
    split: str

    def named(self, name: str) -> str:
        """Return what a slab of a volume is called.

        >>> Slab(0, 20, 24, "valid").named("cells.tif")
        'cells.tif[20:24]'
        """
        return f"{name}[{self.first}:{self.last}]"


def cut_slabs(
    depths: Sequence[int], split: Sequence[str], valid: float | int | None, test: float | int | None
) -> tuple[list[Slab], str]:
    """Return slabs of volumes of ``depths`` for the splits that ``split`` does not give, and say by which rule.

    A volume that is given to a split stays whole. Of each other one the first slices are trained on, then follow those
    for validation and for test: shares of the slices, or numbers of them; test is of all, valid of the rest.

    Raises:
        ConfigError: a share or number that leaves nothing, or one of a split that is given.
        DataError: too few slices.

    >>> slabs, rule = cut_slabs([30], [""], valid=4, test=6)
    >>> [(slab.split, slab.first, slab.last) for slab in slabs]
    [('train', 0, 20), ('valid', 20, 24), ('test', 24, 30)]
    """
    kept = {name for name in ("valid", "test") if name in split}
    for name, asked in (("valid", valid), ("test", test)):
        if asked is not None and name in kept:
            raise ConfigError(f"{name}={asked:g}: this set brings its own {name} split, kept as given")
    wanted = {"test": 0 if "test" in kept or (kept and test is None) else TEST_SHARE if test is None else test}
    wanted["valid"] = 0 if "valid" in kept else VALID_SHARE if valid is None else valid
    slabs: list[Slab] = []
    for volume, (depth, given) in enumerate(zip(depths, split, strict=True)):
        if given in ("valid", "test"):
            slabs.append(Slab(volume, 0, depth, given))
            continue
        tested = _slices(wanted["test"], depth)
        judged = _slices(wanted["valid"], depth - tested)
        ends = [("train", depth - tested - judged), ("valid", depth - tested), ("test", depth)]
        if ends[0][1] < 1:
            raise DataError(
                f"a volume of {count(depth, 'slice')} cannot be divided into training, validation and test; give "
                "further volumes, or say which are which (folders train, valid and test)"
            )
        first = 0
        for name, last in ends:
            if last > first:
                slabs.append(Slab(volume, first, last, name))
            first = last
    cut = {slab.split: slab for slab in reversed(slabs)}
    said = ", ".join(
        f"{name} slices {cut[name].first:,} to {cut[name].last - 1:,}"
        for name in ("train", "valid", "test")
        if name in cut and name not in kept
    )
    of = "" if len(depths) == 1 else " of the first volume"
    return slabs, f"contiguous slabs, since there are few volumes: {said}{of}"


def _slices(asked: float | int, depth: int) -> int:
    """Return how many slices a share or a number is, at least one where any are asked for."""
    return max(1, round(asked * depth)) if isinstance(asked, float) and asked < 1 and asked > 0 else int(asked)


def slab_column(column: Ragged, slabs: Sequence[Slab]) -> Ragged:
    """Return the slabs of a column's volumes (D, H, W, ...) as a column: no value is moved.

    >>> whole = Ragged.of("volume", [np.arange(12).reshape(3, 2, 2)])
    >>> slab_column(whole, [Slab(0, 1, 3, "train")]).take(np.array([0]))[0].ravel().tolist()
    [4, 5, 6, 7, 8, 9, 10, 11]
    """
    shapes = np.stack([column.shapes[slab.volume] for slab in slabs])
    slice_size = shapes[:, 1:].prod(1)
    first = np.array([column.offsets[slab.volume] for slab in slabs])
    begins = first + slice_size * np.array([slab.first for slab in slabs])
    shapes[:, 0] = [
        min(slab.last, depth) - slab.first for slab, depth in zip(slabs, shapes[:, 0].tolist(), strict=True)
    ]
    ends = begins + shapes.prod(1)
    if not (begins[1:] == ends[:-1]).all():
        raise ValueError("slabs must follow each other, as they lie in the volumes")
    offsets = np.append(begins, ends[-1])
    spec = replace(column.spec, shape=shape_of(shapes))
    return Ragged(spec, column.values, offsets, shapes)
