"""A temporal convolutional network (Bai, Kolter and Koltun 2018): no step is computed from later ones.

The answer is read at the last step of a signal, from a window that doubles with each level until it covers the signal.
Not the paper's weight norm: batch norm, as in the networks beside it.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from convscope.models.blocks.masked import Last, Told, Unit, chain

UNKNOWN = 2048  # steps to cover where signals differ in length


class Level(Told):
    """Two causal convolutions ``dilation`` steps apart, with dropout, beside a shortcut."""

    def __init__(self, inputs: int, width: int, kernel: int, dilation: int, dropout: float, *, masked: bool):
        super().__init__()
        self.conv1 = Unit(inputs, width, kernel, masked=masked, dilation=dilation, causal=True)
        self.conv2 = Unit(width, width, kernel, masked=masked, dilation=dilation, causal=True)
        self.dropout = nn.Dropout(dropout)
        self.shortcut = Unit(inputs, width, 1, masked=masked, relu=False) if inputs != width else None
        self.relu = nn.ReLU()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return relu(shortcut(x) + convolutions(x)), (N, width, T)."""
        beside = x if self.shortcut is None else self.shortcut(x, mask)
        for unit in (self.conv1, self.conv2):
            x = self.dropout(unit(x, mask))
        return self.relu(x + beside)


def levels_for(steps: int, kernel: int) -> int:
    """Return how many levels cover so many steps: L of them see 1 + 2 (kernel - 1) (2^L - 1).

    >>> levels_for(96, 5), levels_for(1, 5), levels_for(9, 5), levels_for(10, 5)
    (4, 1, 1, 2)
    """
    return max(1, math.ceil(math.log2(1 + (steps - 1) / (2 * max(1, kernel - 1)))))


def tcn(
    *, classes: int, channels: int = 1, size: tuple[int, ...] | None = None, width: int = 64, kernel: int = 5,
    dropout: float = 0.2,
) -> nn.Sequential:  # fmt: skip
    """Build as many levels as see a whole signal, each of ``width`` kernels over ``kernel`` steps."""
    masked = size is None
    levels = {
        f"level{at + 1}": Level(width if at else channels, width, kernel, 2**at, dropout, masked=masked)
        for at in range(levels_for(size[0] if size else UNKNOWN, kernel))
    }
    return chain({**levels, "last": Last(), "flatten": nn.Flatten(), "fc": nn.Linear(width, classes)}, size)
