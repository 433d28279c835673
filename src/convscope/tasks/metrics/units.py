"""What a resample draws: single examples, or the groups (patients, slides, sessions) that they come from.

Images of one group resemble each other, so that n images from few groups tell less of new groups than n images from n
groups would. Whatever draws examples anew, shuffles their answers or counts them as trials therefore does so with whole
groups. Field and Welsh, Bootstrapping clustered data, JRSS B 69, 2007.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.data.splits import number_units
from convscope.text import count

FEW = 10  # with fewer units than this an interval is rough: too narrow rather than too wide


@dataclass(frozen=True)
class Units:
    """The unit (n,) of each example, 0 to ``count`` - 1; ``groups`` of the units are named groups, the others single.

    >>> units = Units.of(np.array(["anna", "ben", "anna", ""]), 4)
    >>> units.unit.tolist(), units.count, units.groups, str(units)
    ([0, 1, 0, 2], 3, 2, '2 groups and 1 single example')
    """

    unit: np.ndarray
    count: int
    groups: int

    @classmethod
    def of(cls, groups: np.ndarray | None, n: int) -> Units:
        """Take the names of the groups (n,) of n examples; an empty name is no group, and ``None`` means no groups."""
        unit = np.unique(number_units(groups, n), return_inverse=True)[1]
        alone = n if groups is None else int((groups == "").sum())
        count = int(unit.max(initial=-1)) + 1
        return cls(unit, count, count - alone)

    @property
    def single(self) -> int:
        """How many units are an example of no group."""
        return self.count - self.groups

    @property
    def few(self) -> bool:
        """Whether there are groups, but too few for more than a rough interval."""
        return bool(self.groups) and self.count < FEW

    def __str__(self) -> str:
        return in_words(self.groups, self.single) if self.groups else count(self.count, "example")

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sums (..., count) of values (..., n) over each unit."""
        if self.count == len(self.unit):
            return values[..., np.argsort(self.unit)]
        order = np.argsort(self.unit, kind="stable")
        starts = np.searchsorted(self.unit[order], np.arange(self.count))
        return np.add.reduceat(values[..., order], starts, axis=-1)

    def holding(self, codes: np.ndarray, kinds: int) -> np.ndarray:
        """Return how many units (kinds,) hold an example of each kind, from the kind (n,) of each example."""
        pairs = np.unique(codes.astype(np.int64) * self.count + self.unit)
        return np.bincount(pairs // self.count, minlength=kinds)


def in_words(groups: int, single: int) -> str:
    """Return what is drawn as a whole, where examples of ``groups`` stand beside ``single`` ones.

    >>> in_words(125, 2880), in_words(12, 0)
    ('125 groups and 2,880 single examples', '12 groups')
    """
    return count(groups, "group") + (f" and {count(single, 'single example')}" if single else "")
