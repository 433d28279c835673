"""The names of the networks, what each is, and how one is built. Listing them imports no torch."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convscope.errors import ConfigError, ShapeError, nearest

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Entry:
    """One network: where its builder stands, what it is in a line, where it comes from, and how it likes to be trained.

    ``lr`` is AdamW's highest rate; ``channels_last`` says that its layers run faster with the channels innermost in
    memory.
    """

    name: str
    builder: str
    summary: str
    source: str
    lr: float
    channels_last: bool = False


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "lenet", "lenet:lenet", "two convolutions of 32 kernels, SELU, a hidden layer of 256, dropout",
        "LeCun et al. 1998, widened", lr=0.004, channels_last=True,
    ),
    Entry(
        "lenet5", "lenet:lenet5", "the original: 6 and 16 kernels of 5×5, tanh, average pooling, 120-84",
        "LeCun et al. 1998", lr=0.005,
    ),
    Entry(
        "mlp", "mlp:mlp", "no convolution at all: the pixels through two hidden layers", "the baseline to beat",
        lr=0.002,
    ),
    *(
        Entry(
            f"resnet{depth}", f"resnet:resnet{depth}", f"{depth} layers for images of about 32×32",
            "He et al. 2016, CIFAR", lr=0.004, channels_last=True,
        )
        for depth in (20, 32, 44, 56, 110)
    ),
    *(
        Entry(
            f"resnet{depth}", f"resnet:resnet{depth}", f"{depth} layers for photographs: stem of 7×7, {what}",
            "He et al. 2016", lr=0.002, channels_last=True,
        )
        for depth, what in (
            (18, "blocks of two 3×3"), (34, "blocks of two 3×3"),
            (50, "blocks of 1×1, 3×3, 1×1"), (101, "blocks of 1×1, 3×3, 1×1"), (152, "blocks of 1×1, 3×3, 1×1"),
        )
    ),
    Entry(
        "resnet_mini", "resnet:resnet_mini", "a small residual network that fits itself to the image size",
        "He et al. 2016, Page 2018", lr=0.004, channels_last=True,
    ),
    Entry(
        "single_kernel", "detector:single_kernel", "one kernel, its largest response, one weight: for two classes",
        "a hand-made detector, learned", lr=0.05,
    ),
    Entry(
        "tiny", "lenet:tiny", "two convolutions of 8 and 16 kernels of 3×3, one linear layer",
        "the smallest useful CNN", lr=0.01,
    ),
)  # fmt: skip
_BY_NAME = {entry.name: entry for entry in ENTRIES}


def names() -> tuple[str, ...]:
    """Return the names that ``create`` knows, sorted.

    >>> "lenet" in names()
    True
    """
    return tuple(sorted(_BY_NAME))


def entry(name: str) -> Entry:
    """Return the entry of one network; ``ConfigError`` with the nearest name where it is unknown."""
    if name not in _BY_NAME:
        raise ConfigError(f"unknown model {name!r}{nearest(name, _BY_NAME)}; known: {', '.join(names())}")
    return _BY_NAME[name]


def create(name: str, *, classes: int, channels: int = 3, size: tuple[int, int], **options: Any) -> nn.Module:
    """Build a network with fresh weights that maps (N, channels, *size) to logits (N, classes).

    ``options`` are the network's own (``width=48``, ``dropout=0.2``, ...). Raises ``ConfigError`` for an unknown name
    or option and ``ShapeError``, with the numbers, where the image is too small for the network.

    >>> net = create("lenet", classes=10, channels=1, size=(28, 28))
    >>> sum(p.numel() for p in net.parameters())
    233578
    """
    module, function = entry(name).builder.split(":")
    build = getattr(importlib.import_module(f"convscope.models.{module}"), function)
    known = [p for p in inspect.signature(build).parameters if p not in ("classes", "channels", "size")]
    for option in options:
        if option not in known:
            raise ConfigError(
                f"model {name!r} has no option {option!r}{nearest(option, known)}; it has: {', '.join(known) or 'none'}"
            )
    try:
        return build(classes=classes, channels=channels, size=size, **options)
    except ShapeError as error:
        raise ShapeError(f"model {name!r} cannot take images of {size[0]}×{size[1]}: {error}") from None


def count_weights(name: str, *, classes: int, channels: int = 3, size: tuple[int, int]) -> int:
    """Return how many weights the network that ``create`` builds has; none is drawn, so this is quick for any depth.

    >>> count_weights("resnet18", classes=1000, size=(224, 224))
    11689512
    """
    import torch

    with torch.device("meta"):
        return sum(p.numel() for p in create(name, classes=classes, channels=channels, size=size).parameters())
