"""The calls of a forward in the order in which they were made, and whether two forwards made the same ones."""

# What isinstance finds in the arguments of any call has no known types inside.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from convscope.graph.builder import Ref
from convscope.graph.record.nested import tensors_in
from convscope.graph.record.tensors import Tensors

# The number of a call, and which of its results, or ~i: of what it takes; -1 and which one: what the network was given.
Key = tuple[int, int]
Keep = Callable[[Key, Tensor], None]


@dataclass
class Call:
    """One call: its name, the module it was made in, whether an inlined function made it, its arguments and result."""

    name: str
    path: str
    inner: bool
    arguments: Any
    result: Any = None

    def results(self) -> list[Tensor]:
        """Return the tensors that it made; one that only writes made its first argument."""
        return tensors_in(self.arguments[0][:1] if self.result is None else self.result)


class Log:
    """The calls of one forward, and which result of which call is which node.

    ``keep`` is told every array when it is made, or first taken. ``whole``: arguments are kept, to be compared.
    """

    def __init__(self, tensors: Tensors, keep: Keep | None, *, whole: bool):
        self.tensors, self.keep, self.whole = tensors, keep, whole
        self.calls: list[Call] = []
        self._inputs = self._depth = 0
        self._places: dict[int, Key] = {}
        self._later: list[tuple[Callable[[], Ref], Key]] = []  # what is no node until it is used

    def input(self, tensor: Tensor) -> None:
        """Note an input of the network."""
        self._made((-1, self._inputs), tensor)
        self._inputs += 1

    @contextmanager
    def call(self, name: str, path: str, arguments: Any) -> Generator[Call]:
        """Note a call while it is done."""
        call, number = Call(name, path, self._depth > 0, arguments), len(self.calls)
        # With numbers there are arrays that no call made: they are known by the first call that takes them.
        taken = [] if self.whole else tensors_in(arguments)
        for i, tensor in enumerate(taken):
            self._keep((number, ~i), tensor)
        self.calls.append(call)
        self._depth += 1
        try:
            yield call
        finally:
            self._depth -= 1
        for i, tensor in enumerate(taken):
            self._place(self.tensors.used(tensor), (number, ~i))
        for i, tensor in enumerate(call.results()):
            self._made((number, i), tensor)
        if not self.whole:
            call.arguments = call.result = None

    def _keep(self, key: Key, tensor: Tensor) -> None:
        if self.keep is not None:
            self.keep(key, tensor)

    def _made(self, key: Key, tensor: Tensor) -> None:
        self._keep(key, tensor)
        known = self.tensors.told(tensor)
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
    _made: set[int] = field(default_factory=set[int])

    def difference(self, calls: Sequence[Call], others: Sequence[Call]) -> str | None:
        """Return the path of the first call that is not the same but for the batch; None where there is none."""
        first, second = ([call for call in forward if not call.inner] for forward in (calls, others))
        for a, b in zip(first, second, strict=False):
            if a.name != b.name or not self._same((a.arguments, a.result), (b.arguments, b.result)):
                return a.path
            self._made.update(map(id, (*a.results(), *b.results())))
        if len(first) != len(second):
            return max(first, second, key=len)[min(len(first), len(second))].path
        return None

    def _same(self, a: Any, b: Any) -> bool:
        if a is b:
            return True
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            return a.dtype == b.dtype and self._same(tuple(a.shape), tuple(b.shape)) and self._same_numbers(a, b)
        if all(isinstance(number, int | np.integer) and not isinstance(number, bool) for number in (a, b)):
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


def _plain(number: Any) -> int:
    return int.__add__(number, 0) if isinstance(number, int) else int(number)
