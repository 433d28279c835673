"""Numbers that leave PyTorch for Python or NumPy, and what may come back made of them.

Nothing is seen of what Python does with numbers. So once some have left, whatever comes in is unknown, unless it was
there before: tensors that the network held, floats that are literals of its code or stood in its modules.
"""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from convscope.graph.record.names import OPERANDS
from convscope.graph.tape import Ref

# What says how a call is made, and holds no numbers.
SETTINGS = (str, type(None), slice, type(...), torch.dtype, torch.device, torch.layout, torch.memory_format)


class Leaving:
    """What has left, as ``left``, and the judgement over what comes in."""

    def __init__(self, model: nn.Module, *, fake: bool):
        self.left: list[Ref] = []
        # Without numbers none can leave: what is there is a constant. Objects are kept, so that no ``id`` is reused.
        self._before = None if fake else [one for one in gc.get_objects() if issubclass(type(one), Tensor)]
        self._tensors = {id(one) for one in self._before or ()}
        modules = () if fake else model.modules()
        self._floats = [one for module in modules for one in _floats(vars(module), 3)]

    def is_foreign(self, one: Tensor) -> bool:
        """Return whether a tensor that no call made may hold numbers of the network."""
        return self._before is not None and id(one) not in self._tensors

    def comes_back(self, func: Any, name: str, call: Any, frame: types.FrameType | None) -> bool:
        """Return whether there may be numbers that have left among the arguments of a call; ``frame`` makes it."""
        if self._before is None:
            return False
        found = [one for one in _parts(call) if not isinstance(one, Tensor)]
        if any(isinstance(one, torch.UntypedStorage | torch.TypedStorage) for one in found):  # whoever's it may be
            return True
        if not self.left:
            return False
        if any(not isinstance(one, (int, float, *SETTINGS)) for one in found):  # an array of NumPy's
            return True
        if name in OPERANDS and any(type(one) is int for one in found):
            return True
        floats = [one for one in found if isinstance(one, float)]
        if not floats:
            return False
        known = {id(one) for one in self._floats}
        known.update(id(one) for one in _floats(getattr(func, "__defaults__", None), 1))
        known.update(id(one) for one in _floats(getattr(func, "__kwdefaults__", None), 1))
        while frame is not None:
            known.update(id(one) for one in _floats(frame.f_code.co_consts, 3))
            frame = frame.f_back
        return any(id(one) not in known for one in floats)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _parts(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _parts(one)
    else:
        yield value


def _floats(value: Any, depth: int) -> Iterator[float]:
    """Yield the floats in a value, in what it holds, and so on ``depth`` levels down."""
    if isinstance(value, float):
        yield value
    elif depth and not isinstance(value, Tensor | nn.Module | str):
        inside = value if isinstance(value, list | tuple) else value.values() if isinstance(value, dict) else ()
        inside = inside or getattr(value, "__dict__", {}).values()  # settings kept as an object
        for one in inside:
            yield from _floats(one, depth - 1)
