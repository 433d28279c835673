"""U-Net (Ronneberger et al. 2015): a number per class at each position; and its encoder, for classes.

Unlike in the paper the convolutions are padded, so that a map keeps its size until it is pooled, and batch norm stands
behind them unless ``norm="none"``. Images of any size are taken: they are continued by their mirror image, behind the
last row and column, to a multiple of what the poolings divide by, and the answer is cut back.

With ``padding="valid"`` no convolution is padded, as in the paper, and 572×572 positions become 388×388: each of these
has its whole field inside. The image is then mirrored by as much on all sides (92, the paper's overlap-tile strategy),
so that the answer at row i and column j still is that of the image's pixel (i, j).
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from convscope.errors import ConfigError
from convscope.models.blocks import Surroundings, draw_he, size_after
from convscope.models.blocks.decoder import Decoder, Parts
from convscope.models.branched import Branched


def encoder(channels: int, width: int, levels: int, parts: Parts | None = None) -> OrderedDict[str, nn.Module]:
    """Build the parts level1, pool1, level2, ..., to be run one after the other.

    ``levelN`` returns ``width`` · 2^(N-1) channels, at sides divided by 2^(N-1), rounded down: what a decoder takes.
    """
    parts = parts or Parts()
    chain: OrderedDict[str, nn.Module] = OrderedDict()
    inputs, outputs = channels, width
    for at in range(1, levels + 1):
        if at > 1:
            chain[f"pool{at - 1}"] = parts.pooled(at - 1)
        chain[f"level{at}"] = nn.Sequential(parts.level(inputs, outputs, at))
        inputs, outputs = outputs, 2 * outputs
    draw_he(*chain.values())
    return chain


class UNet(Branched):
    """A backbone with a decoder on its levels: images (N, C, *space) to (N, classes, *space)."""

    decoder: Decoder

    def __init__(self, backbone: nn.Sequential, taps: list[str], decoder: Decoder):
        super().__init__(backbone, taps, decoder, "decoder")

    def forward(self, input: Tensor) -> Tensor:
        """Return a number per class at each position of images (N, C, *space)."""
        return self.decoder(self.maps(input), input)


def _unet(classes: int, channels: int, width: int, levels: int, parts: Parts) -> UNet:
    if levels < 1:
        raise ConfigError(f"option 'levels' must be at least 1, found {levels}")
    chain = encoder(channels, width, levels, parts)
    widths = [width * 2**at for at in range(levels)]
    deepest, *finer = reversed(widths)
    margin, least = (2 * (2**levels + 2 ** (levels - 1) - 2), 4) if parts.padding == "valid" else (0, 0)
    flat = 2 ** max(0, levels - 1 - parts.flat)
    grid = (flat, *(2 ** (levels - 1),) * (parts.axes - 1))
    backbone = nn.Sequential(OrderedDict(pad=Surroundings(grid, margin, least), **chain))
    taps = [name for name in chain if name.startswith("level")]
    return UNet(backbone, taps, Decoder(deepest, finer, finer, classes, parts))


def unet(
    *, classes: int, channels: int, width: int = 64, levels: int = 5, norm: str = "batch", up: str = "transposed",
    padding: str = "same",
) -> UNet:  # fmt: skip
    """Build the network of the paper: five levels of 64 to 1,024 channels, 31.0 million weights."""
    return _unet(classes, channels, width, levels, Parts(norm=norm, up=up, padding=padding))


def unet_mini(
    *, classes: int, channels: int, width: int = 16, levels: int = 4, norm: str = "batch", up: str = "transposed",
    padding: str = "same",
) -> UNet:  # fmt: skip
    """Build four levels of 16 to 128 channels: 0.5 million weights, to be trained on a CPU.

    A fifth level takes a tenth more time, but doubles what a number sees, and with it what tiles must overlap by.
    """
    return _unet(classes, channels, width, levels, Parts(norm=norm, up=up, padding=padding))


def unet3d_mini(
    *, classes: int, channels: int, width: int = 16, levels: int = 4, norm: str = "batch", up: str = "transposed",
    flat: int = 0,
) -> UNet:  # fmt: skip
    """Build four levels of 16 to 128 channels for volumes (depth, height, width).

    Where slices lie further apart than pixels, nothing is done across them in the first ``flat`` levels.
    """
    return _unet(classes, channels, width, levels, Parts(3, norm, "same", up, flat))


def _classifier(
    width: int, levels: int, *, classes: int, channels: int, size: tuple[int, int], norm: str, dropout: float
) -> nn.Sequential:
    net = nn.Sequential(encoder(channels, width, levels, Parts(norm=norm)))
    for name, module in (
        ("avgpool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()), ("dropout", nn.Dropout(dropout)),
        ("fc", nn.Linear(width * 2 ** (levels - 1), classes)),
    ):  # fmt: skip
        net.add_module(name, module)
    size_after(net, size)
    return net


def unet_encoder(
    *, classes: int, channels: int, size: tuple[int, int], width: int = 64, norm: str = "batch", dropout: float = 0.5
) -> nn.Sequential:
    """Build the five levels of the paper, 64 to 1,024 channels, the mean of the last map, dropout, linear."""
    return _classifier(width, 5, classes=classes, channels=channels, size=size, norm=norm, dropout=dropout)


def unet_encoder_mini(
    *, classes: int, channels: int, size: tuple[int, int], width: int = 16, norm: str = "batch", dropout: float = 0.1
) -> nn.Sequential:
    """Build four levels of 16 to 128 channels, for images of about 28×28."""
    return _classifier(width, 4, classes=classes, channels=channels, size=size, norm=norm, dropout=dropout)
