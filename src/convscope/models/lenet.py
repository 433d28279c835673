"""The LeNet line: convolution, pooling, and dense layers on top (LeCun et al. 1998, "Gradient-based learning").

Max pooling stands before its activation: an increasing function keeps the order, so the outcome is the same, from a
quarter of the work.
"""

from __future__ import annotations

from torch import nn

from convscope.models.blocks import size_after


def _with_head(
    features: list[nn.Module],
    out_channels: int,
    head: list[int],
    size: tuple[int, int],
    act: type[nn.Module],
    dropout: float,
) -> nn.Sequential:
    height, width = size_after(features, size)
    layers: list[nn.Module] = [*features, nn.Flatten()]
    inputs = out_channels * height * width
    for outputs in head[:-1]:
        layers += [nn.Linear(inputs, outputs), act()]
        inputs = outputs
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(inputs, head[-1]))


def lenet(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.5) -> nn.Sequential:
    """Build conv 32 k3 p1, SELU, pool, conv 32 k5, SELU, pool, 256, SELU, dropout: 233,578 weights on 1×28×28."""
    features = [
        nn.Conv2d(channels, 32, 3, padding=1), nn.MaxPool2d(2), nn.SELU(),
        nn.Conv2d(32, 32, 5), nn.MaxPool2d(2), nn.SELU(),
    ]  # fmt: skip
    return _with_head(features, 32, [256, classes], size, nn.SELU, dropout)


def lenet5(*, classes: int, channels: int, size: tuple[int, int]) -> nn.Sequential:
    """Build the original of 1998 with a softmax on top: 61,706 weights on 1×28×28, which it pads to 32×32."""
    features = [
        nn.Conv2d(channels, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
    ]  # fmt: skip
    return _with_head(features, 16, [120, 84, classes], size, nn.Tanh, 0.0)


def tiny(*, classes: int, channels: int, size: tuple[int, int]) -> nn.Sequential:
    """Build conv 8 k3 p1, ReLU, pool, conv 16 k3 p1, ReLU, pool, linear: 3,818 weights on 1×16×16 and ten classes."""
    features = [
        nn.Conv2d(channels, 8, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(),
    ]  # fmt: skip
    return _with_head(features, 16, [classes], size, nn.ReLU, 0.0)
