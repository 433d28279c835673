"""What a network is given while it is recorded: shapes, types and names, from what the caller wrote."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from convscope.errors import ConfigError
from convscope.graph.node import Shape

UNTOLD = re.compile(r"input\d*")  # what an input is called that has no name of its own


@dataclass(frozen=True)
class Input:
    """One input: what it is called, one example's shape, its type, an example if one was given.

    ``position``: its place among the forward's arguments; None where it is given by keyword, as ``parameter``.
    """

    name: str
    shape: Shape
    dtype: torch.dtype
    example: Tensor | None
    position: int | None = None
    parameter: str = ""


def inputs(model: nn.Module, given: Any) -> list[Input]:
    """Return the inputs, in the order in which they were given: in strict form, each tied to what the forward takes.

    A name that is a parameter of the forward stands for it; the others take the parameters that are left, in order.
    """
    floating = _float_type(model)
    if isinstance(given, Mapping):
        pairs = [(str(name), one) for name, one in given.items()]
    elif isinstance(given, list | tuple) and given and not all(isinstance(one, int) for one in given):
        pairs = [(None, one) for one in given]
    else:
        pairs = [(None, given)]
    return _bound([_input(one, name, floating) for name, one in pairs], model)


def _input(one: Any, name: str | None, floating: torch.dtype) -> Input:
    """Return one input; its name is empty where none was told."""
    if isinstance(one, Tensor):
        if not one.ndim:
            raise ConfigError(f"input {name or one!r}: an example has a batch as its first axis; found a single number")
        return Input(name or "", tuple(one.shape[1:]), one.dtype, one)
    if isinstance(one, str):
        parts = one.split(":")
        sizes = parts[-1].lower().replace("×", "x").split("x")
        dtype = getattr(torch, parts[-2], None) if len(parts) > 1 else floating
        positive = all(size.isdecimal() and int(size) for size in sizes)
        if len(parts) > 3 or not positive or not isinstance(dtype, torch.dtype):
            raise ConfigError(
                f"input {one!r} is not understood; write NAME:TYPE:SIZES, such as tokens:int64:23, or 3x224x224, with "
                "sizes of at least 1 and without the batch"
            )
        return Input(name or (parts[0] if len(parts) == 3 else ""), tuple(map(int, sizes)), dtype, None)
    if isinstance(one, list | tuple) and all(isinstance(n, int) and n > 0 for n in one):
        return Input(name or "", tuple(one), floating, None)
    raise ConfigError(f"input_shape must be sizes without the batch, such as (3, 224, 224); found {one!r}")


def _bound(given: list[Input], model: nn.Module) -> list[Input]:
    """Tie inputs to the parameters of the forward; ``ConfigError`` for one too many, one missing, two of one name."""
    names = [one.name for one in given if one.name]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"there are two inputs called {twice!r}")
    known = inspect.signature(model.forward).parameters
    ordered = [name for name, one in known.items() if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    keywords = [name for name, one in known.items() if one.kind is one.KEYWORD_ONLY]
    kinds = {one.kind for one in known.values()}
    free = [name for name in (*ordered, *keywords) if name not in names]
    bound: list[Input] = []
    for at, one in enumerate(given):
        extra = inspect.Parameter.VAR_KEYWORD in kinds and one.name and not UNTOLD.fullmatch(one.name)
        if one.name in (*ordered, *keywords) or extra:
            parameter = one.name
        elif free and (free[0] in ordered or inspect.Parameter.VAR_POSITIONAL not in kinds):
            parameter = free.pop(0)
        elif inspect.Parameter.VAR_POSITIONAL in kinds:
            parameter = f"input{at}"
            ordered.append(parameter)
        else:
            takes = ", ".join((*ordered, *keywords)) or "none"
            raise ConfigError(f"{type(model).__name__} takes the inputs {takes}; {len(given)} were given")
        name = one.name or ("input" if len(given) == 1 else parameter)
        bound.append(replace(one, name=name, parameter=parameter))
    filled = {one.parameter for one in bound}
    needed = [name for name in (*ordered, *keywords) if name not in filled and name in known]
    needed = [name for name in needed if known[name].default is inspect.Parameter.empty]
    if needed:
        raise ConfigError(
            f"{type(model).__name__} needs the input{'s' if len(needed) > 1 else ''} {', '.join(needed)} as well; give "
            f"one shape for each input, such as {needed[0]}:float32:3x224x224"
        )
    whole = next((at for at, name in enumerate(ordered) if name not in filled), len(ordered))
    places = {name: at for at, name in enumerate(ordered[:whole])}  # behind a gap they are given by keyword
    return [replace(one, position=places.get(one.parameter)) for one in bound]


def _float_type(model: nn.Module) -> torch.dtype:
    every = (*model.parameters(), *model.buffers())
    return next((one.dtype for one in every if one.is_floating_point()), torch.float32)


def example(one: Input) -> Tensor:
    """Return an input with numbers (1, ...): the example that was given, else normal numbers, or token 0."""
    if one.example is not None:
        return one.example[:1].detach().cpu().clone()
    if not one.dtype.is_floating_point:
        return torch.zeros((1, *one.shape), dtype=one.dtype)
    return torch.randn((1, *one.shape), generator=torch.Generator().manual_seed(0)).to(one.dtype)
