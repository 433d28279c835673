"""Tensors inside of tuples, lists, dictionaries and dataclasses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor


def type_name(dtype: torch.dtype) -> str:
    """Return a type's name as NumPy has it."""
    return str(dtype).removeprefix("torch.")


def leaves(value: Any, key: str) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors in nested tuples, lists, dictionaries and dataclasses, with names such as ``logits`` or 0.1."""
    if isinstance(value, Tensor):
        yield key, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from leaves(one, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        names = getattr(value, "_fields", range(len(value)))
        for name, one in zip(names, value, strict=True):
            yield from leaves(one, f"{key}.{name}" if key else str(name))
    elif isinstance(value, slice):
        yield from leaves((value.start, value.stop, value.step), key)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for one in dataclasses.fields(value):
            yield from leaves(getattr(value, one.name), f"{key}.{one.name}" if key else one.name)


def mapped(value: Any, change: Callable[[Tensor], Any], device: str | None = None) -> Any:
    """Return nested arguments with every tensor changed, and every device replaced where one is given."""
    if isinstance(value, Tensor):
        return change(value)
    if device and (isinstance(value, torch.device) or _is_device(value)):
        return torch.device(device)
    if isinstance(value, dict):
        return {key: mapped(one, change, device) for key, one in value.items()}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields") and type(value) in (list, tuple):
        return type(value)(mapped(one, change, device) for one in value)
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, slice):
        return slice(*(mapped(one, change, device) for one in (value.start, value.stop, value.step)))
    return value


def _is_device(value: Any) -> bool:
    return isinstance(value, str) and value.partition(":")[0] in ("cpu", "cuda", "meta", "mps", "xpu")
