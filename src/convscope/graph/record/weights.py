"""The arrays of a network: what they are, and their numbers for NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import nn

from convscope.errors import ConfigError
from convscope.graph.node import Parameter
from convscope.graph.record.nested import type_name


def parameters(model: nn.Module) -> tuple[dict[str, Parameter], dict[str, Parameter], dict[str, str]]:
    """Return parameters and buffers, each array once, and the other names of those that are shared."""
    first: dict[int, str] = {}
    shared: dict[str, str] = {}
    learned: dict[str, Parameter] = {}
    buffers: dict[str, Parameter] = {}
    for arrays, named in ((learned, model.named_parameters), (buffers, model.named_buffers)):
        for name, array in named(remove_duplicate=False):
            if id(array) in first:
                shared[name] = first[id(array)]
                continue
            first[id(array)] = name
            arrays[name] = Parameter(tuple(array.shape), type_name(array.dtype), array.requires_grad)
    return learned, buffers, shared


class Weights(Mapping[str, np.ndarray]):
    """The arrays of a network by name, as they are now: views of its memory where that is possible, never to write."""

    def __init__(self, model: nn.Module):
        self._arrays = dict(model.named_parameters()) | dict(model.named_buffers())

    def __getitem__(self, name: str) -> np.ndarray:
        tensor = self._arrays[name].detach()
        if tensor.is_meta:
            raise ConfigError(f"{name} has no numbers: the network was built without weights; give weights to run")
        half = tensor.dtype in (torch.bfloat16, torch.float16)
        array = (tensor.float() if half else tensor).cpu().numpy()
        array.flags.writeable = False
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)
