"""What the masks of a whole set hold: of each value how many pixels, in how many pieces, in how many masks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from convscope.data.masks.store import DTYPES, Raw
from convscope.errors import DataError
from convscope.text import count

SPECK = 12  # pixels of a connected piece on average: smaller ones are the soft edges of others
FEW_SOFT = 3  # values that are soft edges; fewer may be classes of small things
BRIGHT, RINGING = 128, 16  # but not beside a bright value: there JPEG leaves 254 beside 255


@dataclass(frozen=True)
class Census:
    """The distinct ``values`` (k,) of all good masks; ``pixels`` (k,), ``masks`` (k,) that hold each.

    ``row``, ``at`` and ``pieces`` (m,) are what each mask holds: the mask, which value, in how many pieces (0: not
    counted), on how many pixels (``area``).
    """

    values: np.ndarray
    pixels: np.ndarray
    masks: np.ndarray
    row: np.ndarray
    at: np.ndarray
    pieces: np.ndarray
    area: np.ndarray
    colours: bool
    deep: bool

    @property
    def grain(self) -> np.ndarray:
        """How many pixels a piece of each value has on average, (k,); infinity where pieces were not counted."""
        counted = self.pieces > 0
        pieces = np.bincount(self.at[counted], self.pieces[counted], len(self.values))
        area = np.bincount(self.at[counted], self.area[counted], len(self.values))
        return np.divide(area, pieces, out=np.full(len(self.values), np.inf), where=pieces > 0)

    def without(self, which: np.ndarray) -> Census:
        """Return what is held beside some of the values."""
        place = np.cumsum(~which) - 1
        kept = ~which[self.at]
        return replace(
            self, values=self.values[~which], pixels=self.pixels[~which], masks=self.masks[~which],
            row=self.row[kept], at=place[self.at[kept]], pieces=self.pieces[kept], area=self.area[kept],
        )  # fmt: skip

    def soft(self) -> np.ndarray:
        """Return which values are shades between others, (k,): specks, and more than a few of them."""
        main = self.grain >= SPECK
        if not main.any():
            return ~main if len(self.values) > FEW_SOFT else np.zeros(len(main), bool)
        low, high = self.values[main][[0, -1]]
        between = np.True_ if self.colours else (self.values > low) & (self.values < high)
        soft = ~main & between
        if self.colours or soft.sum() >= FEW_SOFT:
            return soft if soft.sum() >= FEW_SOFT else np.zeros(len(main), bool)
        ringing = high >= BRIGHT and (self.values[soft] >= high - RINGING).any()
        return soft if ringing else np.zeros(len(main), bool)


def census(raw: Raw, names: np.ndarray, rows: np.ndarray, *, by_class: bool) -> Census:
    """Return what the masks ``rows`` hold; ``names`` (n,) are those of their files.

    Where the source tells the classes of objects, the values are those, if ``by_class``.

    Raises:
        DataError: some masks are colours, others numbers.
    """
    held = raw.values[np.isin(raw.values["row"], rows)]
    coloured = raw.masks["colours"][rows]
    value = held["value"].copy()
    colours = bool(coloured.any())
    if colours and not coloured.all():
        a, b = names[rows[np.argmax(coloured)]], names[rows[np.argmin(coloured)]]
        grey = _grey(held["value"][raw.masks["colours"][held["row"]]])
        if grey is None:
            raise DataError(
                f"the masks are of two kinds: {count(int(coloured.sum()), 'file')} of colours ({a}), the others of "
                f"numbers ({b}); save them alike"
            )
    if colours:
        packed = raw.masks["colours"][held["row"]]
        grey = _grey(value[packed])
        if grey is not None:
            value[packed], colours = grey, False
    for row in raw.classes:
        mine = held["row"] == row
        value[mine] = raw.meanings(row, by_class=by_class)[value[mine].astype(np.int64)]
    values, at = np.unique(value, return_inverse=True)
    at = at.reshape(-1)
    in_masks = np.unique(held["row"] * len(values) + at) % max(1, len(values))
    names_of_types = {str(name) for name in np.array(DTYPES)[raw.masks["dtype"][rows]]}
    return Census(
        values, np.bincount(at, held["pixels"], len(values)).astype(np.int64),
        np.bincount(in_masks, minlength=len(values)),
        held["row"], at, held["pieces"], held["pixels"], colours,
        deep=not names_of_types <= {"uint8", "int8"} and not colours,
    )  # fmt: skip


def _grey(colours: np.ndarray) -> np.ndarray | None:
    """Return colours as shades of grey, where all are; else ``None``."""
    number = colours.astype(np.int64)
    red, green, blue = number >> 16, number >> 8 & 255, number & 255
    return blue.astype(np.float64) if ((red == green) & (green == blue)).all() else None
