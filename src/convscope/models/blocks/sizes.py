"""How large a map is after a chain of layers, and how small an image may be."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from torch import nn

from convscope.errors import ShapeError
from convscope.geometry import output_size
from convscope.models.transfer import is_chain

Size = tuple[int, int]
_WINDOWED = nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d
_SIDES = range(1, 2**16)


def size_after(layers: Iterable[nn.Module], size: Size) -> Size:
    """Return the (height, width) that leave a chain of layers, chains inside it included, for images of ``size``.

    Any other block must keep the sides, or divide them by its attribute ``stride``, rounding up. Raises ``ShapeError``
    where a map vanishes: it names the layer (by its path in the chain), the size of the map there, and the smallest
    square image that works.

    >>> size_after([nn.Conv2d(1, 8, 5), nn.MaxPool2d(2)], (28, 28))
    (12, 12)
    >>> size_after([nn.Conv2d(1, 8, 5), nn.MaxPool2d(2)], (28, 5))
    Traceback (most recent call last):
    ...
    convscope.errors.ShapeError: the map vanishes at layer 1 (MaxPool2d), where it is 24×1: the 2-pixel pooling window \
reaches over 2 pixels, but only 1 are there; the smallest image that works is 6×6
    """
    chain = list(_flat(layers))
    try:
        return _through(chain, size)
    except ShapeError as error:
        # A larger image never leaves a smaller map.
        side = next(iter(_SIDES[bisect_left(_SIDES, True, key=lambda side: _fits(chain, side)) :]), None)
        remedy = f"; the smallest image that works is {side}×{side}" if side else "; no image is large enough"
        raise ShapeError(f"{error}{remedy}") from None


def _flat(layers: Iterable[nn.Module], path: str = "") -> Iterator[tuple[str, nn.Module]]:
    named = layers.named_children() if isinstance(layers, nn.Sequential) else enumerate(layers)
    for name, layer in named:
        if is_chain(layer):
            yield from _flat(layer, f"{path}{name}.")
        else:
            yield f"{path}{name}", layer


def _through(chain: list[tuple[str, nn.Module]], size: Size) -> Size:
    for path, layer in chain:
        try:
            size = (_along(layer, size[0], 0), _along(layer, size[1], 1))
        except ShapeError as error:
            kind = type(layer).__name__
            raise ShapeError(
                f"the map vanishes at layer {path} ({kind}), where it is {size[0]}×{size[1]}: {error}"
            ) from None
    return size


def _fits(chain: list[tuple[str, nn.Module]], side: int) -> bool:
    try:
        _through(chain, (side, side))
    except ShapeError:
        return False
    return True


def _along(layer: nn.Module, size: int, axis: int) -> int:
    """Return how many pixels one axis has after a layer."""

    def setting(name: str, default: int) -> int:
        value = getattr(layer, name, default)
        return value[axis] if isinstance(value, tuple) else value

    if isinstance(layer, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        return size if setting("output_size", 1) is None else setting("output_size", 1)
    if not isinstance(layer, _WINDOWED):
        return -(-size // setting("stride", 1))
    if layer.padding == "same":
        return size
    kernel = setting("kernel_size", 1)
    kind = "convolution" if isinstance(layer, nn.Conv2d) else "pooling"
    return output_size(
        size,
        kernel,
        stride=setting("stride", 1),
        padding=0 if layer.padding == "valid" else setting("padding", 0),
        dilation=setting("dilation", 1),
        ceil=getattr(layer, "ceil_mode", False),
        what=f"the {kernel}-pixel {kind} window",
    )
