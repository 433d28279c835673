"""What PyTorch computes at every node of a network's graph, for one input; the network is left as it was."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.errors import ConfigError, ShapeError
from convscope.graph.node import Graph
from convscope.graph.record import checked, recorded
from convscope.graph.record.calls import Recorder
from convscope.graph.record.inputs import inputs as strict
from convscope.graph.tape import Ref


def activations(model: nn.Module, inputs: Sequence[Any]) -> tuple[Graph, dict[str, np.ndarray]]:
    """Return the graph of what a network does with one example (1, ...), and PyTorch's number of each node by name.

    The inputs are tensors or arrays; floating ones are brought to the network's own type. A node that is no call of
    PyTorch's own (a part of one that is several primitives) has no entry. Raises as ``graph.record``, ``ShapeError``
    for more than one example, and ``ConfigError`` for a network without weights.
    """
    model = checked(model)
    if any(one.is_meta for one in (*model.parameters(), *model.buffers())):
        raise ConfigError(f"{type(model).__name__} was built without weights, so it has no numbers: build it with them")
    if any(one.device.type != "cpu" for one in model.parameters()):
        model = copy.deepcopy(model).cpu()
    tensors = [_fitting(one, model) for one in inputs]
    given = strict(model, tensors if len(tensors) > 1 else tensors[0])
    graph, watcher = recorded(model, given, 1, fake=False, kind=_Watcher)
    nodes = graph.nodes
    return graph, {nodes[at].name: array for at, array in watcher.seen.items() if nodes[at].shape == array.shape}


def _fitting(one: Any, model: nn.Module) -> Tensor:
    tensor = torch.as_tensor(one)
    if not tensor.ndim or tensor.shape[0] != 1:
        raise ShapeError(
            f"an input must be one example with its batch axis, (1, ...), found {tuple(tensor.shape)}; "
            "add the axis with x[None], or take one of a batch with x[:1]"
        )
    types = (each.dtype for each in (*model.parameters(), *model.buffers()) if each.is_floating_point())
    return tensor.to(next(types, tensor.dtype)) if tensor.is_floating_point() else tensor


class _Watcher(Recorder):
    """A recorder on numbers, which keeps them as they were when they were made."""

    def __init__(self, model: nn.Module, batch: int, *, fake: bool):
        super().__init__(model, batch, fake=fake)
        self.seen: dict[int, np.ndarray] = {}

    def _learn(self, one: Tensor, ref: Any) -> None:
        super()._learn(one, ref)
        self._see(one, ref)

    def _ref(self, one: Tensor) -> Ref:
        ref = super()._ref(one)
        self._see(one, ref)
        return ref

    def _see(self, one: Tensor, ref: Any) -> None:
        if isinstance(ref, Ref) and ref.node is not None and ref.node not in self.seen:
            wide = one.detach().float() if one.dtype in (torch.bfloat16, torch.float16) else one.detach()
            self.seen[ref.node] = wide.cpu().numpy().copy()
