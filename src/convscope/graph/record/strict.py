"""The arguments of a call as the rules of ``translate`` take them: arrays as ``Ref``, all else as plain Python."""

# What isinstance finds in the arguments of any call has no known types inside.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.record.batch_size import Growing, grows

PLAIN = (bool, int, float, complex, str, slice, type(None), type(...), torch.dtype, torch.device, torch.layout)
OTHER = (torch.memory_format, torch.Generator, torch.Size, type)


@functools.cache
def signature(rule: Callable[..., Any]) -> inspect.Signature:
    """Return the parameters of a rule."""
    return inspect.signature(rule)


def strict(rule: Callable[..., Any], builder: GraphBuilder, call: Any) -> inspect.BoundArguments | None:
    """Return the arguments of a call bound to a rule's parameters, None where the rule does not know them.

    Numbers of NumPy's, and constants of one number where no array is meant, become plain ones. Raises ``Unknown`` for a
    setting that the network computes or holds as a weight, and for what is neither an array nor plain Python.
    """
    args, kwargs = call
    try:
        bound = signature(rule).bind(builder, *args, **kwargs)
    except TypeError:
        return None
    for name, value in list(bound.arguments.items())[1:]:
        bound.arguments[name] = _strict(value, takes_array=_takes_array(rule, name), builder=builder)
    return bound


def _strict(value: Any, *, takes_array: bool | None, builder: GraphBuilder) -> Any:
    if isinstance(value, Ref):
        if takes_array is True or (takes_array is None and (value.shape or value.value is None)):
            return value
        if value.shape or value.value is None:
            raise Unknown("a setting that is an array")
        value = value.value
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim):
        value = value.item()
    if isinstance(value, int) and grows(value, builder.batch):
        return Growing(value, builder)
    if isinstance(value, list | tuple):
        inside = [_strict(item, takes_array=takes_array, builder=builder) for item in value]
        return inside if type(value) is list else tuple(inside)
    if isinstance(value, Mapping):
        return {key: _strict(item, takes_array=takes_array, builder=builder) for key, item in value.items()}
    if isinstance(value, slice):
        ends = (value.start, value.stop, value.step)
        return slice(*(_strict(end, takes_array=False, builder=builder) for end in ends))
    if not isinstance(value, (*PLAIN, *OTHER)):
        raise Unknown(f"a setting of the type {type(value).__name__}")
    return value


@functools.cache
def _takes_array(rule: Callable[..., Any], name: str) -> bool | None:
    """Return whether a parameter of a rule is an array, by what its rule writes beside it; None: or a number."""
    kind = str(signature(rule).parameters[name].annotation)
    return True if "Ref" in kind else None if "Any" in kind or "_empty" in kind else False
