"""What PyTorch computes at every node of a network's graph, for one input; the network is left as it was."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch._C._functorch import is_functorch_wrapped_tensor  # pyright: ignore[reportMissingModuleSource]

from convscope.errors import ConfigError, ShapeError
from convscope.graph.node import Graph
from convscope.graph.record import Recording, checked, recorded, recording
from convscope.graph.record.inputs import Input
from convscope.graph.record.inputs import inputs as strict
from convscope.graph.record.log import Key


def activations(model: nn.Module, inputs: Sequence[Any] | Mapping[str, Any]) -> tuple[Graph, dict[str, np.ndarray]]:
    """Return the graph of what a network does with one example (1, ...), and PyTorch's number of each node by name.

    The inputs are tensors or arrays, several by the names of the forward where their order does not say which is which;
    floating ones are brought to the network's own type. A node that is no call of
    PyTorch's own (a part of one that is several primitives) has no entry. Raises as ``graph.record``, ``ShapeError``
    for more than one example, and ``ConfigError`` for a network without weights.
    """
    model = with_numbers(model)
    if any(one.device.type != "cpu" for one in model.parameters()):
        model = copy.deepcopy(model).cpu()
    if isinstance(inputs, Mapping):
        given = strict(model, {name: _fitting(one, model) for name, one in inputs.items()})
    else:
        given = strict(model, [_fitting(one, model) for one in inputs])
    first = recording(model, given)
    second, values = _with_values(model, given, first)
    if [one.name for one in second.calls] != [one.name for one in first.calls]:  # it goes another way by these numbers
        first, values = second, _with_values(model, given, second)[1]
    nodes = first.graph.nodes
    arrays = {nodes[at].name: values[key] for at, key in first.places.items() if key in values}
    return first.graph, {name: one for name, one in arrays.items() if first.graph[name].shape == one.shape}


def _with_values(model: nn.Module, given: list[Input], known: Recording) -> tuple[Recording, dict[Key, np.ndarray]]:
    """Run a network on real numbers, and return those of the results that are nodes of a recording of it."""
    wanted, values = set(known.places.values()), {}

    def keep(key: Key, one: Tensor) -> None:
        if key in wanted and not one.is_quantized and not is_functorch_wrapped_tensor(one):
            # As it was when it was made.
            wide = one.detach().float() if one.dtype in (torch.bfloat16, torch.float16) else one.detach()
            values[key] = wide.cpu().numpy().copy()

    return recorded(model, given, 1, fake=False, keep=keep), values


def with_numbers(model: Any) -> nn.Module:
    """Return the module to run; raises as ``graph.record``, and ``ConfigError`` for a network without weights."""
    model = checked(model)
    if any(one.is_meta for one in (*model.parameters(), *model.buffers())):
        raise ConfigError(f"{type(model).__name__} was built without weights, so it has no numbers: build it with them")
    return model


def _fitting(one: Any, model: nn.Module) -> Tensor:
    try:
        tensor = torch.as_tensor(one)
    except (TypeError, ValueError, RuntimeError):
        raise ConfigError(f"an input must be an array or a tensor of numbers, found {type(one).__name__}") from None
    if not tensor.ndim or tensor.shape[0] != 1:
        raise ShapeError(
            f"an input must be one example with its batch axis, (1, ...), found {tuple(tensor.shape)}; "
            "add the axis with x[None], or take one of a batch with x[:1]"
        )
    types = (each.dtype for each in (*model.parameters(), *model.buffers()) if each.is_floating_point())
    return tensor.to(next(types, tensor.dtype)) if tensor.is_floating_point() else tensor
