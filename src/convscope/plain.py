"""Any value as what JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def plain(value: Any, unknown: Callable[[float], Any] = lambda number: None) -> Any:
    """Return a value as dictionaries, lists, texts and numbers; NaN and infinity become ``unknown`` of them.

    >>> import numpy as np
    >>> plain({"a": (1, np.float32(0.5)), "b": math.nan, 3: np.arange(2)})
    {'a': [1, 0.5], 'b': None, '3': [0, 1]}
    """
    if isinstance(value, bool | str | int | None):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else unknown(value)
    if hasattr(value, "tolist"):  # of NumPy, which a command that only prints names need not load
        return plain(value.tolist(), unknown)
    if isinstance(value, Mapping):
        return {str(key): plain(item, unknown) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name), unknown) for field in fields(value)}
    if isinstance(value, Iterable):
        return [plain(item, unknown) for item in value]
    return str(value)
