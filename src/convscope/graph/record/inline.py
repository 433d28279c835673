"""PyTorch's functions that are written in Python, entered instead of being called."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

ASKS_MODES = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")


@functools.cache
def inlined(func: Any) -> Callable[..., Any] | None:
    """Return a function of PyTorch's that is written in Python, without the question whether a mode wants to see it.

    So its body is run and the calls in it are seen. None where it is not written in Python.
    """
    if not isinstance(func, types.FunctionType) or not func.__module__.startswith("torch."):
        return None
    if not any(name in func.__globals__ and name in func.__code__.co_names for name in ASKS_MODES):
        return None
    scope: dict[str, Any] = {**func.__globals__, **dict.fromkeys(ASKS_MODES, _no)}
    body = types.FunctionType(func.__code__, scope, func.__name__, func.__defaults__, func.__closure__)
    body.__kwdefaults__ = func.__kwdefaults__
    return body


def _no(*_: Any) -> bool:
    return False
