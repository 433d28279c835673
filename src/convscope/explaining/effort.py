"""How much one pass through a network takes, without a clock: the same on every machine."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from convscope.explaining.score import answering


class _Counting(TorchDispatchMode):
    """Adds up how many values operations give that write them."""

    def __init__(self) -> None:
        super().__init__()
        self.values = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and not func.is_view:
            self.values += result.numel()
        return result


def values_computed(model: nn.Module, x: Tensor) -> int:
    """Return how many values all operations of a network give for x (N, ...), views aside.

    Unlike multiply-adds this counts what is done value by value, too, which may be most of it.

    >>> values_computed(nn.Sequential(nn.Conv1d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten()), torch.zeros(1, 1, 10))
    80
    """
    with answering(model), torch.no_grad(), _Counting() as counting:
        model(x)
    return counting.values
