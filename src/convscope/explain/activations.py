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
from convscope.graph.record import checked, recorded
from convscope.graph.record.inputs import inputs as strict


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
    seen: dict[int, np.ndarray] = {}

    def keep(node: int, one: Tensor) -> None:
        if node not in seen and not one.is_quantized and not is_functorch_wrapped_tensor(one):
            # As it was when it was made.
            wide = one.detach().float() if one.dtype in (torch.bfloat16, torch.float16) else one.detach()
            seen[node] = wide.cpu().numpy().copy()

    graph = recorded(model, given, 1, fake=False, watch=keep)
    nodes = graph.nodes
    return graph, {nodes[at].name: array for at, array in seen.items() if nodes[at].shape == array.shape}


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
