"""Numbers that leave PyTorch for Python or NumPy, and what may come back made of them.

Nothing is seen of what Python does with numbers. So once some have left, whatever comes in is unknown, unless it was
there before: tensors that the network held, floats that are literals of its code or stood in its modules.
"""

# What isinstance finds in the arguments of any call has no known types inside.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import gc
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from convscope.graph.builder import Ref
from convscope.graph.record.names import OPERANDS

# What says how a call is made, and holds no numbers.
SETTINGS = (str, type(None), slice, type(...), torch.dtype, torch.device, torch.layout, torch.memory_format)


class Escapes:
    """What has left, as ``left``, and the judgement over what comes in."""

    def __init__(self, model: nn.Module, *, fake: bool):
        self.left: list[Ref] = []
        # Without numbers none can leave: what is there is a constant. Objects are kept, so that no ``id`` is reused.
        self._before = None if fake else [thing for thing in gc.get_objects() if issubclass(type(thing), Tensor)]
        self._tensors = set(map(id, self._before or ()))
        modules = () if fake else model.modules()
        self._floats = [number for module in modules for number in _floats(vars(module), 3)]

    def is_foreign(self, tensor: Tensor) -> bool:
        """Return whether a tensor that no call made may hold numbers of the network."""
        return self._before is not None and id(tensor) not in self._tensors

    def comes_back(self, func: Any, name: str, call: Any, frame: types.FrameType | None) -> bool:
        """Return whether there may be numbers that have left among the arguments of a call; ``frame`` makes it."""
        if self._before is None:
            return False
        values = [value for value in _flat(call) if not isinstance(value, Tensor)]
        if any(isinstance(value, torch.UntypedStorage | torch.TypedStorage) for value in values):  # whoever's it may be
            return True
        if not self.left:
            return False
        if any(not isinstance(value, (int, float, *SETTINGS)) for value in values):  # an array of NumPy's
            return True
        if name in OPERANDS and any(type(value) is int for value in values):
            return True
        floats = [value for value in values if isinstance(value, float)]
        if not floats:
            return False
        sources = [getattr(func, "__defaults__", None), getattr(func, "__kwdefaults__", None)]
        while frame is not None:
            sources.append(frame.f_code.co_consts)
            frame = frame.f_back
        known = {id(number) for source in (self._floats, *sources) for number in _floats(source, 3)}
        return any(id(number) not in known for number in floats)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _floats(value: Any, depth: int) -> Iterator[float]:
    """Yield the floats in a value, in what it holds, and so on ``depth`` levels down."""
    if isinstance(value, float):
        yield value
    elif depth and not isinstance(value, Tensor | nn.Module | str):
        inside: Iterable[Any] = ()
        if isinstance(value, list | tuple | dict):
            inside = value.values() if isinstance(value, dict) else value
        for item in inside or getattr(value, "__dict__", {}).values():  # settings kept as an object
            yield from _floats(item, depth - 1)
