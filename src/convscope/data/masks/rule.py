"""What each value of a set's masks means, decided once and kept, so that another set is read alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from convscope.data.listing import UNSEEN
from convscope.data.masks.values import connected

MaskKind = Literal["binary", "classes", "instances"]
VOID = 255  # the class number of what is not scored
NO_OBJECT = -1  # likewise among the numbers of objects
_SHORT = (np.dtype(np.uint8), np.dtype(np.uint16))  # of which a table holds every value


@dataclass(frozen=True)
class MaskRule:
    """What values mean: ``classes`` (k,) are the class numbers of the ``values`` (k,), 255 for void.

    Of "instances", the values told of are the background (0) and void; each other value is an object, or with
    ``pieces`` each connected piece of what is not background. With a ``threshold`` a value is class 1 from there on.
    ``nearest``: other values, which are few, mean what the nearest one does. ``palette`` are the
    colours, 0xRRGGBB, that the set shows its classes in, none where it shows none.
    """

    kind: MaskKind
    names: tuple[str, ...]
    values: tuple[float, ...]
    classes: tuple[int, ...]
    colours: bool = False
    threshold: float | None = None
    pieces: bool = False
    nearest: bool = False
    palette: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MaskRule:
        """Rebuild from the values of ``to_dict``.

        >>> rule = MaskRule("binary", ("background", "object"), (0, 7), (0, 1))
        >>> MaskRule.from_dict(rule.to_dict()) == rule
        True
        """
        kept: dict[str, Any] = {key: values[key] for key in values}
        for key in ("names", "values", "classes", "palette"):
            kept[key] = tuple(kept.get(key, ()))
        return cls(**kept)

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Return a mask (H, W) as classes, uint8, or as objects, int32.

        >>> MaskRule("classes", ("a", "b"), (0, 5, 9), (0, 1, 255)).apply(np.array([[5, 0, 9]])).tolist()
        [[1, 0, 255]]

        Raises:
            KeyError: a value that the rule does not tell of; the error's argument is the value.
        """
        if self.kind == "instances":
            return self._objects(values)
        if self.threshold is None:
            return self._looked_up(values)
        with np.errstate(invalid="ignore"):
            mask = (values >= self.threshold).astype(np.uint8)
        mask[self._void(values)] = VOID
        return mask

    def _looked_up(self, values: np.ndarray) -> np.ndarray:
        if values.dtype not in _SHORT:
            return self._numbers(values)
        known = np.flatnonzero(np.bincount(values.reshape(-1)))  # each value once, then all pixels by their number
        table = np.zeros(int(known.max(initial=0)) + 1, np.uint8)
        table[known] = self._numbers(known)
        return table[values]

    def _numbers(self, values: np.ndarray) -> np.ndarray:
        finite = np.isfinite(values) if values.dtype.kind == "f" else np.True_
        order = np.argsort(self.values)
        known = np.array(self.values, np.float64)[order]
        at = np.minimum(np.searchsorted(known, values), len(known) - 1)
        unknown = (known[at] != values) & finite
        if unknown.any():
            if not self.nearest:
                raise KeyError(values[unknown].reshape(-1)[0].item())
            below = np.maximum(at - 1, 0)
            at = np.where(np.abs(values - known[below]) < np.abs(known[at] - values), below, at)
        mask = np.array(self.classes, np.uint8)[order][at]
        return mask if finite is np.True_ else np.where(finite, mask, np.uint8(VOID))

    def _void(self, values: np.ndarray) -> np.ndarray:
        absent = self._among(values, VOID)
        return absent | ~np.isfinite(values) if values.dtype.kind == "f" else absent

    def _among(self, values: np.ndarray, number: int) -> np.ndarray:
        """Return which values are of a class; a few comparisons are faster than ``np.isin``."""
        among = np.zeros(values.shape, bool)
        for value, its in zip(self.values, self.classes, strict=True):
            if its == number:
                among |= values == value
        return among

    def _objects(self, values: np.ndarray) -> np.ndarray:
        if values.dtype in _SHORT and not self.pieces:
            table = np.arange(int(values.max(initial=0)) + 1, dtype=np.int32)
            table[self._among(table, 0)], table[self._void(table)] = 0, NO_OBJECT
            return table[values]
        void = self._void(values)
        inside = ~self._among(values, 0) & ~void
        if self.pieces:
            objects = connected(inside).astype(np.int32)
        elif self.colours or values.dtype.kind == "f" or values.dtype.itemsize > 4 or values.dtype == np.uint32:
            objects = np.zeros(values.shape, np.int32)
            objects[inside] = np.unique(values[inside], return_inverse=True)[1].reshape(-1) + 1
        else:
            objects = np.where(inside, values, 0).astype(np.int32)
        objects[void] = NO_OBJECT
        return objects


def value_text(value: float, *, colours: bool = False) -> str:
    """Return a value for people: a number, or a colour.

    >>> value_text(3.0), value_text(0x00FF00, colours=True)
    ('3', '#00ff00')
    """
    if not colours:
        return f"{value:g}" if value != int(value) else str(int(value))
    number = int(value)
    if number == UNSEEN:
        return "transparent"
    opacity = 255 - (number >> 24)
    return f"#{number & 0xFFFFFF:06x}" + ("" if opacity == 255 else f"{opacity:02x}")
