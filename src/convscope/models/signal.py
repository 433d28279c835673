"""Networks for signals (N, C, T), ``conv1d`` for tokens too: kernels over time, their mean, one linear layer.

``size`` is (T,) where all signals have one length; ``None`` builds the same layers with masks, so that the zeros behind
shorter signals change nothing (``blocks.masked``).
"""

from __future__ import annotations

from torch import Tensor, nn

from convscope.errors import ConfigError
from convscope.models.blocks.masked import Embedded, Told, Unit, Within, chain, pool

Size = tuple[int, ...] | None


def conv1d(
    *, classes: int, channels: int = 1, size: Size = None, vocabulary: int | None = None, width: int = 8,
    kernel: int = 5, layers: int = 1, embedding: int = 32,
) -> nn.Sequential:  # fmt: skip
    """Build ``layers`` of ``width`` kernels with ReLU, and the mean of each kernel's responses over time.

    With a ``vocabulary`` it takes tokens (N, L), each as ``embedding`` numbers. Where these have one length their
    places tell something, and the responses at all of them are kept.

    >>> sum(p.numel() for p in conv1d(classes=1).parameters())
    57
    """
    if layers < 1:
        raise ConfigError(f"layers: expected at least 1, found {layers}")
    inputs = channels if vocabulary is None else embedding
    kept = size is not None and vocabulary is not None
    parts: dict[str, nn.Module] = {} if vocabulary is None else {"embedding": Embedded(vocabulary, embedding)}
    for layer in range(1, layers + 1):
        number = "" if layer == 1 else str(layer)
        if number and size is None:
            parts[f"within{number}"] = Within()
        parts[f"conv{number}"] = nn.Conv1d(inputs, width, kernel, padding=kernel // 2)
        parts[f"relu{number}"] = nn.ReLU()
        inputs = width
    if not kept:
        parts["pool"] = pool(size)
    last = size[0] + (kernel % 2 == 0) * layers if size is not None and kept else 1  # an even kernel adds a step
    return chain({**parts, "flatten": nn.Flatten(), "fc": nn.Linear(width * last, classes)}, size)


def fcn(*, classes: int, channels: int = 1, size: Size = None, width: int = 128) -> nn.Sequential:
    """Build the fully convolutional network of Wang et al. 2017: kernels of 8, 5 and 3 steps, 128, 256 and 128 wide.

    ``width`` is the number of kernels of the first and the last layer.
    """
    masked = size is None
    return chain(
        {
            "conv1": Unit(channels, width, 8, masked=masked), "conv2": Unit(width, 2 * width, 5, masked=masked),
            "conv3": Unit(2 * width, width, 3, masked=masked), **_head(width, classes, size),
        },
        size,
    )  # fmt: skip


def resnet1d(*, classes: int, channels: int = 1, size: Size = None, width: int = 64) -> nn.Sequential:
    """Build the residual network of Wang et al. 2017: three blocks of kernels of 8, 5 and 3 steps, 64, 128, 128 wide.

    ``width`` is the number of kernels in the first block.
    """
    masked = size is None
    wide = 2 * width
    return chain(
        {
            "block1": Residual(channels, width, masked=masked), "block2": Residual(width, wide, masked=masked),
            "block3": Residual(wide, wide, masked=masked), **_head(wide, classes, size),
        },
        size,
    )  # fmt: skip


class Residual(Told):
    """Convolutions over 8, 5 and 3 steps beside a shortcut: the input normalised, behind a 1×1 convolution if wider."""

    def __init__(self, inputs: int, outputs: int, *, masked: bool):
        super().__init__()
        self.conv1 = Unit(inputs, outputs, 8, masked=masked)
        self.conv2 = Unit(outputs, outputs, 5, masked=masked)
        self.conv3 = Unit(outputs, outputs, 3, masked=masked, relu=False)
        self.shortcut = Unit(inputs, outputs, 1, masked=masked, relu=False)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return relu(shortcut(x) + convolutions(x)), (N, outputs, T)."""
        beside = self.shortcut(x, mask)
        for unit in (self.conv1, self.conv2, self.conv3):
            x = unit(x, mask)
        return self.relu(x + beside)


def _head(width: int, classes: int, size: Size) -> dict[str, nn.Module]:
    return {"pool": pool(size), "flatten": nn.Flatten(), "fc": nn.Linear(width, classes)}
