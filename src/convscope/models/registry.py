"""Networks by name: what each is, and how one is built. Listing them imports no torch."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

from convscope.errors import ConfigError, ShapeError, nearest
from convscope.models.entries import ENTRIES, Entry

if TYPE_CHECKING:
    from torch import nn


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


def create(
    name: str, *, classes: int, channels: int = 3, size: tuple[int, int] | None = None, **options: Any
) -> nn.Module:
    """Build a network with fresh weights that maps (N, channels, *size) to logits (N, classes).

    ``size`` is (height, width), by default the size the network was published for. ``options`` are the network's own
    (``width=48``, ``dropout=0.2``, ...). Raises ``ConfigError`` for an unknown name or option and ``ShapeError``, with
    the numbers, where the image is too small for the network.

    >>> net = create("lenet", classes=10, channels=1, size=(28, 28))
    >>> sum(p.numel() for p in net.parameters())
    233578
    """
    found = entry(name)
    size = size or (found.side, found.side)
    module, function = found.builder.split(":")
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
