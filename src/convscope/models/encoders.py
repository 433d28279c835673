"""The decoder of a U-Net on the features of another network, ``unet:ENCODER``, which may begin with its weights."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import groupby

from torch import nn

from convscope.errors import ConfigError
from convscope.models.blocks import Surroundings
from convscope.models.blocks.decoder import Decoder, Parts
from convscope.models.network_entry import Entry
from convscope.models.transfer import CHAINS, cut, shape_after
from convscope.models.unet import UNet

SIDE = 256  # of an image that an encoder is shown, to see where its maps become smaller
WIDEST, NARROWEST = 512, 16  # channels of the decoder: half those of the level below, within these
_WINDOWED = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)


def unet(
    encoder: Entry, builder: Callable[..., nn.Module], *, classes: int, channels: int, up: str = "transposed"
) -> UNet:
    """Build a U-Net on the backbone of a network for classes, with its weights' names, and a decoder of its own.

    What the backbone gives last at each size is a level; there are levels without it where it skips a size. Windows
    that would leave no whole fraction of the sides are padded, which changes no weight.

    Raises:
        ConfigError: its features are no maps whose sides are halved from level to level.
    """
    side = max(SIDE, encoder.side)
    net = builder(classes=encoder.classes, channels=channels, size=(side, side))
    try:
        backbone, _ = cut(net, encoder.head)
        _pad(backbone)
        levels = _levels(backbone, channels)
    except (ConfigError, RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"model {encoder.name!r} cannot be the encoder of a U-Net: {reason}") from None
    deepest, path, width = levels[-1]
    at = {stride: (path, width) for stride, path, width in levels}
    aside = [at[2**level][1] if 2**level in at else 0 for level in reversed(range(deepest.bit_length() - 1))]
    widths, below = [], min(width, WIDEST)
    for _ in aside:
        below = max(NARROWEST, below // 2)
        widths.append(below)
    pad = Surroundings((deepest, deepest))
    chain = nn.Sequential(OrderedDict(pad=pad, **dict(_until(backbone, path))))
    taps = [path for stride, path, _ in levels]
    return UNet(chain, taps, Decoder(width, aside, widths, classes, Parts(up=up)))


def _pad(backbone: nn.Sequential) -> None:
    """Pad windows wider than their stride so that a map of n positions becomes one of ⌈n / stride⌉, in place."""
    for module in backbone.modules():
        if not isinstance(module, _WINDOWED) or isinstance(module.padding, str) or getattr(module, "ceil_mode", False):
            continue
        settings = (module.kernel_size, module.stride, module.padding, getattr(module, "dilation", 1))
        pairs = zip(*(s if isinstance(s, tuple) else (s, s) for s in settings), strict=True)
        module.padding = tuple(
            (kernel - 1) * dilation // 2 if kernel > stride else around for kernel, stride, around, dilation in pairs
        )


def _levels(backbone: nn.Sequential, channels: int) -> list[tuple[int, str, int]]:
    """Return (stride, path, channels) of the last layer of each size; those at the end that only pool are no level."""
    shape, sizes = (channels, SIDE, SIDE), []
    for path, layer in _unrolled(backbone):
        shape = shape_after(layer, shape)[1:]
        if len(shape) != 3 or shape[1] != shape[2]:
            raise ConfigError(f"layer {path} gives no maps (channels, height, width), but {shape}")
        sizes.append((SIDE / shape[1], path, shape[0], any(True for _ in layer.parameters())))
    levels: list[tuple[int, str, int]] = []
    for stride, layers in groupby(sizes, lambda each: each[0]):
        *_, (_, path, width, _) = group = list(layers)
        if not any(weights for *_, weights in group):
            continue
        if stride not in {2.0**k for k in range(9)}:
            raise ConfigError(f"the sides of its maps are divided by {stride:.4g} behind layer {path}, no power of 2")
        levels.append((int(stride), path, width))
    if not levels or levels[-1][0] == 1:
        raise ConfigError("it does not make its maps smaller, or has none before its head")
    return levels


def _unrolled(chain: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, child in chain.named_children():
        if name in CHAINS and isinstance(child, nn.Sequential):
            yield from _unrolled(child, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", child


def _until(chain: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    """Yield the children of a chain until the one at ``path``, which may lie in a chain of them."""
    first, _, rest = path.partition(".")
    for name, child in chain.named_children():
        yield name, nn.Sequential(OrderedDict(_until(child, rest))) if name == first and rest else child
        if name == first:
            return
