"""What a network is given while it is recorded: shapes, types and names, from what the caller wrote."""

# What isinstance finds in the arguments of any call has no known types inside.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

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

UNNAMED = re.compile(r"input\d*")  # what an input is called that has no name of its own


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


def bound_inputs(model: nn.Module, shapes: Any) -> list[Input]:
    """Return the inputs in the order given, in strict form, each bound to a parameter of the forward.

    A name that is a parameter of the forward stands for it; the others take the parameters that are left, in order.
    """
    floating = float_type(model)
    if isinstance(shapes, Mapping):
        return _bound([_input(shape, str(name), floating) for name, shape in shapes.items()], model)
    several = isinstance(shapes, list | tuple) and shapes and not all(isinstance(item, int) for item in shapes)
    return _bound([_input(shape, "", floating) for shape in (shapes if several else [shapes])], model)


def _input(shape: Any, name: str, floating: torch.dtype) -> Input:
    """Return one input; its name is empty where none was told."""
    if isinstance(shape, Tensor):
        if not shape.ndim:
            raise ConfigError(f"input {name or shape!r}: an example has its batch as the first axis; found one number")
        return Input(name, tuple(shape.shape[1:]), shape.dtype, shape)
    if isinstance(shape, str):
        parts = shape.split(":")
        sizes = parts[-1].lower().replace("×", "x").split("x")
        dtype = getattr(torch, parts[-2], None) if len(parts) > 1 else floating
        positive = all(size.isdecimal() and int(size) for size in sizes)
        if len(parts) > 3 or not positive or not isinstance(dtype, torch.dtype):
            raise ConfigError(
                f"input {shape!r} is not understood; write NAME:TYPE:SIZES, such as tokens:int64:23, or 3x224x224, "
                "with sizes of at least 1 and without the batch"
            )
        return Input(name or (parts[0] if len(parts) == 3 else ""), tuple(map(int, sizes)), dtype, None)
    if isinstance(shape, list | tuple) and all(isinstance(size, int) and size > 0 for size in shape):
        return Input(name, tuple(shape), floating, None)
    raise ConfigError(f"input_shape must be sizes without the batch, such as (3, 224, 224); found {shape!r}")


def _bound(inputs: list[Input], model: nn.Module) -> list[Input]:
    """Bind inputs to the forward's parameters; ``ConfigError`` for a surplus, missing or twice named input."""
    names = [input.name for input in inputs if input.name]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"there are two inputs called {twice!r}")
    known = inspect.signature(model.forward).parameters
    kinds = {parameter.kind for parameter in known.values()}
    ordered = [name for name, one in known.items() if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    keywords = [name for name, one in known.items() if one.kind is one.KEYWORD_ONLY]
    free = [name for name in (*ordered, *keywords) if name not in names]
    bound: list[Input] = []
    for at, input in enumerate(inputs):
        extra = inspect.Parameter.VAR_KEYWORD in kinds and input.name and not UNNAMED.fullmatch(input.name)
        if input.name in (*ordered, *keywords) or extra:
            parameter = input.name
        elif free and (free[0] in ordered or inspect.Parameter.VAR_POSITIONAL not in kinds):
            parameter = free.pop(0)
        elif inspect.Parameter.VAR_POSITIONAL in kinds:
            parameter = f"input{at}"
            ordered.append(parameter)
        else:
            takes = ", ".join((*ordered, *keywords)) or "none"
            raise ConfigError(f"{type(model).__name__} takes the inputs {takes}; {len(inputs)} were given")
        name = input.name or ("input" if len(inputs) == 1 else parameter)
        bound.append(replace(input, name=name, parameter=parameter))
    filled = {input.parameter for input in bound}
    missing = [
        name for name in (*ordered, *keywords) if name not in filled and known[name].default is inspect.Parameter.empty
    ]
    if missing:
        raise ConfigError(
            f"{type(model).__name__} needs the input{'s' if len(missing) > 1 else ''} {', '.join(missing)} as well; "
            f"give one shape for each input, such as {missing[0]}:float32:3x224x224"
        )
    gap = next((at for at, name in enumerate(ordered) if name not in filled), len(ordered))
    places = {name: at for at, name in enumerate(ordered[:gap])}  # behind a gap they are given by keyword
    return [replace(input, position=places.get(input.parameter)) for input in bound]


def float_type(model: nn.Module, default: torch.dtype = torch.float32) -> torch.dtype:
    """Return the first floating-point type among a network's arrays."""
    arrays = (*model.parameters(), *model.buffers())
    return next((array.dtype for array in arrays if array.is_floating_point()), default)


def example(input: Input) -> Tensor:
    """Return an input with numbers (1, ...): the example that was given, else normal numbers, or token 0."""
    if input.example is not None:
        return input.example[:1].detach().cpu().clone()
    if not input.dtype.is_floating_point:
        return torch.zeros((1, *input.shape), dtype=input.dtype)
    return torch.randn((1, *input.shape), generator=torch.Generator().manual_seed(0)).to(input.dtype)
