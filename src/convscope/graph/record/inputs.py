"""What a network is given while it is recorded: shapes, types and names, from what the caller wrote."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from convscope.errors import ConfigError
from convscope.graph.node import Shape


@dataclass(frozen=True)
class Input:
    """One input: what it is called, one example's shape, its type, an example if one was given, how it is passed."""

    name: str
    shape: Shape
    dtype: torch.dtype
    example: Tensor | None
    keyword: bool


def inputs(model: nn.Module, given: Any) -> list[Input]:
    """Return the inputs: what was given in strict form, with names from the forward where none is told."""
    many = isinstance(given, list | tuple) and given and not all(isinstance(one, int) for one in given)
    parameters = [
        name
        for name, one in inspect.signature(model.forward).parameters.items()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    ]
    found: list[Input] = []
    for at, one in enumerate(given if many else [given]):
        default = "input" if not many else parameters[at] if at < len(parameters) else f"input{at}"
        found.append(_input(one, default, parameters, _floattype_name(model)))
    return found


def _input(one: Any, name: str, parameters: Sequence[str], floating: torch.dtype) -> Input:
    if isinstance(one, Tensor):
        if not one.ndim:
            raise ConfigError(f"input {name!r}: an example has a batch as its first axis; found a single number")
        return Input(name, tuple(one.shape[1:]), one.dtype, one, False)
    if isinstance(one, str):
        parts = one.split(":")
        sizes = parts[-1].lower().split("x")
        dtype = getattr(torch, parts[-2], None) if len(parts) > 1 else floating
        if len(parts) > 3 or not all(size.isdecimal() for size in sizes) or not isinstance(dtype, torch.dtype):
            raise ConfigError(
                f"input {one!r} is not understood; write NAME:TYPE:SIZES, such as tokens:int64:23, or 3x224x224"
            )
        name = parts[0] if len(parts) == 3 else name
        return Input(name, tuple(map(int, sizes)), dtype, None, len(parts) == 3 and name in parameters)
    if isinstance(one, list | tuple) and all(isinstance(n, int) and n > 0 for n in one):
        return Input(name, tuple(one), floating, None, False)
    raise ConfigError(f"input_shape must be sizes without the batch, such as (3, 224, 224); found {one!r}")


def _floattype_name(model: nn.Module) -> torch.dtype:
    every = (*model.parameters(), *model.buffers())
    return next((one.dtype for one in every if one.is_floating_point()), torch.float32)


def example(one: Input) -> Tensor:
    """Return an input with numbers (1, ...): the example that was given, else normal numbers, or token 0."""
    if one.example is not None:
        return one.example[:1].detach().cpu().clone()
    if not one.dtype.is_floating_point:
        return torch.zeros((1, *one.shape), dtype=one.dtype)
    return torch.randn((1, *one.shape), generator=torch.Generator().manual_seed(0)).to(one.dtype)
