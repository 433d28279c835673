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
from convscope.graph.graph import Graph
from convscope.graph.record import Recording, checked, record_forward, recording
from convscope.graph.record.inputs import Input, bound_inputs, float_type
from convscope.graph.record.log import Key


def activations(model: nn.Module, inputs: Sequence[Any] | Mapping[str, Any]) -> tuple[Graph, dict[str, np.ndarray]]:
    """Return the graph of what a network does with one example (1, ...), and PyTorch's number of each node by name.

    The inputs are tensors or arrays, several by the names of the forward where their order does not say which is which;
    floating ones are brought to the network's own type. A node that is no call of PyTorch's own (one of several
    primitives that a call is made of) has no entry. Raises as ``graph.record``, ``ShapeError`` for more than one
    example, and ``ConfigError`` for a network without weights.
    """
    model = with_numbers(model)
    if any(parameter.device.type != "cpu" for parameter in model.parameters()):
        model = copy.deepcopy(model).cpu()
    if isinstance(inputs, Mapping):
        examples = bound_inputs(model, {name: _fitting(array, model) for name, array in inputs.items()})
    else:
        examples = bound_inputs(model, [_fitting(array, model) for array in inputs])
    first = recording(model, examples)
    second, values = _with_values(model, examples, first)
    if [call.name for call in second.calls] != [call.name for call in first.calls]:  # these numbers take another branch
        first, values = second, _with_values(model, examples, second)[1]
    graph = first.graph
    arrays = {graph.nodes[at].name: values[key] for at, key in first.places.items() if key in values}
    return graph, {name: array for name, array in arrays.items() if graph[name].shape == array.shape}


def _with_values(model: nn.Module, examples: list[Input], known: Recording) -> tuple[Recording, dict[Key, np.ndarray]]:
    """Run a network on real numbers, and return those of the results that are nodes of a recording of it."""
    wanted = set(known.places.values())
    values: dict[Key, np.ndarray] = {}

    def keep(key: Key, tensor: Tensor) -> None:
        if key in wanted and not tensor.is_quantized and not is_functorch_wrapped_tensor(tensor):
            # As it was when it was made.
            half = tensor.dtype in (torch.bfloat16, torch.float16)
            values[key] = (tensor.detach().float() if half else tensor.detach()).cpu().numpy().copy()

    return record_forward(model, examples, 1, fake=False, keep=keep), values


def with_numbers(model: Any) -> nn.Module:
    """Return the module to run; raises as ``graph.record``, and ``ConfigError`` for a network without weights."""
    model = checked(model)
    if any(array.is_meta for array in (*model.parameters(), *model.buffers())):
        raise ConfigError(f"{type(model).__name__} was built without weights, so it has no numbers: build it with them")
    return model


def _fitting(array: Any, model: nn.Module) -> Tensor:
    """Return one example as a tensor, a floating one in the network's type."""
    try:
        tensor = torch.as_tensor(array)
    except (TypeError, ValueError, RuntimeError):
        raise ConfigError(f"an input must be an array or a tensor of numbers, found {type(array).__name__}") from None
    if not tensor.ndim or tensor.shape[0] != 1:
        raise ShapeError(
            f"an input must be one example with its batch axis, (1, ...), found {tuple(tensor.shape)}; "
            "add the axis with x[None], or take one of a batch with x[:1]"
        )
    return tensor.to(float_type(model, tensor.dtype)) if tensor.is_floating_point() else tensor
