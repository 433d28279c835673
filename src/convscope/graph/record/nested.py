"""Tensors inside of tuples, lists, dictionaries and dataclasses."""

# What isinstance finds in the arguments of any call has no known types inside.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor


def type_name(dtype: torch.dtype) -> str:
    """Return a type's name as NumPy has it."""
    return str(dtype).removeprefix("torch.")


def tensors_in(value: Any) -> list[Tensor]:
    """Return the tensors in nested tuples, lists, dictionaries and dataclasses."""
    return [tensor for _, tensor in named_tensors(value)]


def named_tensors(value: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors in nested tuples, lists, dictionaries and dataclasses, with names such as ``logits`` or 0.1."""
    if isinstance(value, Tensor):
        yield name, value
        return
    inside: Any = ()
    if isinstance(value, Mapping):
        inside = value.items()
    elif isinstance(value, list | tuple):
        inside = zip(getattr(value, "_fields", range(len(value))), value, strict=True)
    elif isinstance(value, slice):
        yield from named_tensors((value.start, value.stop, value.step), name)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        inside = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    for key, item in inside:
        yield from named_tensors(item, f"{name}.{key}" if name else str(key))


def mapped(value: Any, change: Callable[[Tensor], Any], device: str | None = None) -> Any:
    """Return nested arguments with every tensor changed, and every device replaced where one is given."""
    if isinstance(value, Tensor):
        return change(value)
    if device and (isinstance(value, torch.device) or _is_device(value)):
        return torch.device(device)
    if isinstance(value, dict):
        return {key: mapped(item, change, device) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(mapped(item, change, device) for item in value)
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, slice):
        return slice(*(mapped(end, change, device) for end in (value.start, value.stop, value.step)))
    return value


def _is_device(value: Any) -> bool:
    return isinstance(value, str) and value.partition(":")[0] in ("cpu", "cuda", "meta", "mps", "xpu")
