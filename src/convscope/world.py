"""The processes that train one network together: what each of them asks the others. Today there is one, ``ALONE``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

Value = TypeVar("Value")


class World(Protocol):
    """One of ``size`` processes, the ``rank``-th from 0; each method is called by all of them, in the same order."""

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        ...

    @property
    def size(self) -> int:
        """How many processes there are."""
        ...

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set in any process."""
        ...

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of all processes' values, element by element."""
        ...

    def same(self, value: Value) -> Value:
        """Return the value of process 0."""
        ...


class Alone:
    """The world of a single process: each answer is its own.

    >>> ALONE.size, ALONE.any(False), ALONE.same(0.5)
    (1, False, 0.5)
    """

    rank, size = 0, 1

    def any(self, flag: bool) -> bool:
        """Return the flag."""
        return flag

    def mean(self, values: Tensor) -> Tensor:
        """Return the values."""
        return values

    def same(self, value: Value) -> Value:
        """Return the value."""
        return value


ALONE = Alone()
