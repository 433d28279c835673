"""The calls of a forward in the order in which they were made, and whether two forwards made the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from convscope.graph.record.nested import leaves
from convscope.graph.record.tensors import Tensors
from convscope.graph.tape import Ref

# The number of a call, and which of its results, or ~i: of what it takes; -1 and which one: what the network was given.
Key = tuple[int, int]
Keep = Callable[[Key, Tensor], None]


@dataclass
class Call:
    """One call: its name, the module it was made in, whether a function that was entered made it, and its arguments."""

    name: str
    path: str
    inner: bool
    given: Any
    made: Any = None

    def results(self) -> list[Tensor]:
        """Return the tensors that it made; one that only writes made its first argument."""
        made = self.given[0][:1] if self.made is None else self.made
        return [one for _, one in leaves(made, "")]


class Log:
    """The calls of one forward, and which result of which call is which node.

    ``keep`` is told every array when it is made, or first taken. ``whole``: arguments are kept, to be compared.
    """

    def __init__(self, tensors: Tensors, keep: Keep | None, *, whole: bool):
        self.tensors, self.keep, self.whole = tensors, keep, whole
        self.calls: list[Call] = []
        self._given = self._depth = 0
        self._places: dict[int, Key] = {}
        self._later: list[tuple[Callable[[], Ref], Key]] = []  # what is no node until it is used

    def given(self, one: Tensor) -> None:
        """Note an input of the network."""
        self._keep((-1, self._given), one)
        self._note((-1, self._given), one)
        self._given += 1

    @contextmanager
    def call(self, name: str, path: str, given: Any) -> Iterator[Call]:
        """Note a call while it is done."""
        call, number = Call(name, path, self._depth > 0, given), len(self.calls)
        # With numbers there are arrays that no call made: they are known by the first call that takes them.
        taken = [] if self.whole else [one for _, one in leaves(given, "")]
        for i, one in enumerate(taken):
            self._keep((number, ~i), one)
        self.calls.append(call)
        self._depth += 1
        try:
            yield call
        finally:
            self._depth -= 1
        for i, one in enumerate(taken):
            self._place(self.tensors.used(one), (number, ~i))
        for i, one in enumerate(call.results()):
            self._keep((number, i), one)
            self._note((number, i), one)
        if not self.whole:
            call.given = call.made = None

    def _keep(self, key: Key, one: Tensor) -> None:
        if self.keep is not None:
            self.keep(key, one)

    def _note(self, key: Key, one: Tensor) -> None:
        known = self.tensors.told(one)
        if isinstance(known, Ref):
            self._place(known, key)
        elif known is not None:
            self._later.append((known, key))

    def _place(self, ref: Ref | None, key: Key) -> None:
        if ref is not None and ref.node is not None:
            self._places.setdefault(ref.node, key)

    def places(self) -> dict[int, Key]:
        """Return for each node that is a result of a call which one it is."""
        for known, key in self._later:
            self._place(self.tensors.written(known), key)
        return self._places


@dataclass
class Comparison:
    """Two forwards of the same network, one with a batch of ``batches[0]``, one with ``batches[1]``."""

    batches: tuple[int, int]
    _made: set[int] = field(default_factory=set)

    def difference(self, calls: Sequence[Call], others: Sequence[Call]) -> str | None:
        """Return the path of the first call that is not the same but for the batch; None where there is none."""
        first, second = ([one for one in every if not one.inner] for every in (calls, others))
        for a, b in zip(first, second, strict=False):
            if a.name != b.name or not self._same((a.given, a.made), (b.given, b.made)):
                return a.path
            self._made.update(id(one) for one in (*a.results(), *b.results()))
        if len(first) != len(second):
            return max(first, second, key=len)[min(len(first), len(second))].path
        return None

    def _same(self, a: Any, b: Any) -> bool:
        if a is b:
            return True
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            return a.dtype == b.dtype and self._same(tuple(a.shape), tuple(b.shape)) and self._same_numbers(a, b)
        if all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in (a, b)):
            first, second = _plain(a), _plain(b)
            return first == second or first * self.batches[1] == second * self.batches[0]
        if type(a) is not type(b):
            return False
        if isinstance(a, float):
            return a == b or (a != a and b != b)
        if isinstance(a, Mapping):
            return a.keys() == b.keys() and all(self._same(a[key], b[key]) for key in a)
        if isinstance(a, list | tuple):
            return len(a) == len(b) and all(map(self._same, a, b))
        if isinstance(a, slice):
            return self._same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
        if isinstance(a, np.ndarray):
            return a.shape == b.shape and a.tobytes() == b.tobytes()
        return not isinstance(a, bool | str | torch.dtype | complex) or a == b

    def _same_numbers(self, a: Tensor, b: Tensor) -> bool:
        """Return whether constants that no call made are the same ones."""
        if a.is_meta or b.is_meta or id(a) in self._made or a.shape != b.shape:
            return True
        return bool(torch.equal(a, b)) or bool(torch.allclose(a, b, rtol=0, atol=0, equal_nan=True))


def _plain(one: Any) -> int:
    return int.__add__(one, 0) if isinstance(one, int) else int(one)
