"""A network written as one function, as tests write those that no chain of layers can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn


class Written(nn.Module):
    """A network whose forward is a function of itself and its inputs; ``parts`` are its attributes."""

    def __init__(self, function: Callable[..., Any], **parts: Any):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *given: Tensor) -> Any:
        return self.function(self, *given)
