"""How big the network's images are: decided once for a whole set, from what its images are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, get_args

import numpy as np

from convscope.data.transforms.image import ImageTransform
from convscope.data.transforms.resize import Fit
from convscope.errors import ConfigError, DataError

SIDE = 128  # what a CPU trains on in minutes; larger only when asked for
# Sides up to which images of one size are trained on whole; of the parts of others, and what these are a multiple of.
WHOLE, PART, STEP = 384, 256, 16


class Kind(NamedTuple):
    """What images are alike in: size, channels, type."""

    height: int
    width: int
    channels: int
    dtype: str


def layout(
    kinds: Mapping[Kind, int], img_size: int | tuple[int, int] | None, fit: Fit, side: int = SIDE
) -> tuple[ImageTransform, str]:
    """Decide the one size, channel count and type of a set, and say by which rule; mean and std are still empty.

    Images of one size keep it while the shorter side is at most ``side``; larger ones are scaled until it is that.
    Mixed sizes become squares of the median shorter side, at most ``side``. ``img_size`` overrides both. Images that
    keep their sizes (``keep``) are trained on whole, or in parts where they are large.

    Raises:
        DataError: types that share no scale, or channel counts that cannot be promoted to one.
    """
    channels = _common_channels({kind.channels for kind in kinds})
    dtypes = {kind.dtype for kind in kinds}
    if len(dtypes) > 1:
        counts = ", ".join(f"{sum(n for k, n in kinds.items() if k.dtype == d):,} {d}" for d in sorted(dtypes))
        raise DataError(f"the images are of different types ({counts}), which share no scale; convert them to one")
    (dtype,) = dtypes
    height, width, rule = _target(kinds, img_size, fit, side)
    return ImageTransform(channels, height, width, fit, dtype, (), ()), rule  # pyright: ignore[reportArgumentType]


def _target(
    kinds: Mapping[Kind, int], img_size: int | tuple[int, int] | None, fit: Fit, most: int
) -> tuple[int, int, str]:
    sizes: dict[tuple[int, int], int] = {}
    for kind, number in kinds.items():
        sizes[kind.height, kind.width] = sizes.get((kind.height, kind.width), 0) + number
    if fit == "keep":
        return _part(sizes, img_size)
    how = {"crop": "cropped in the centre", "pad": "padded with their border"}.get(fit, "squashed")
    if img_size is not None:
        height, width = (img_size, img_size) if isinstance(img_size, int) else img_size
        if fit == "centre":
            return height, width, f"the middle {height} × {width} of each image, unscaled, as asked"
        return height, width, f"scaled to {height} × {width}, as asked; other shapes are {how}"
    if len(sizes) == 1:
        ((height, width),) = sizes
        shorter = min(height, width)
        if shorter <= most:
            return height, width, f"all images are {height} × {width}: kept"
        height, width = round(height * most / shorter), round(width * most / shorter)
        return height, width, f"all images are of one size, scaled to {height} × {width} (shorter side {most})"
    sides = np.repeat([min(size) for size in sizes], list(sizes.values()))
    side = max(1, min(most, int(np.median(sides))))
    square = f"{side} × {side} (median shorter side, at most {most})"
    return side, side, f"mixed sizes, scaled to {square}; other shapes are {how}"


def _part(sizes: Mapping[tuple[int, int], int], img_size: int | tuple[int, int] | None) -> tuple[int, int, str]:
    """Return the size of the parts that a network is trained on, of images that keep their sizes."""
    if img_size is not None:
        height, width = (img_size, img_size) if isinstance(img_size, int) else img_size
        return height, width, f"each image keeps its size; trained on parts of {height} × {width}, as asked"
    ((height, width), *others) = sizes
    if not others and max(height, width) <= WHOLE:
        return height, width, f"all images are {height} × {width}: kept"
    longest = max(min(size) for size in sizes)
    side = min(PART, -(-longest // STEP) * STEP)
    return side, side, f"each image keeps its size; trained on parts of {side} × {side}"


def _common_channels(counts: set[int]) -> int:
    """Return the channel count that all can be brought to: grey repeats to RGB, a fourth goes unless all have it."""
    if len(counts) == 1:
        return counts.pop()
    if not counts <= {1, 2, 3, 4}:
        raise DataError(
            f"the images have different numbers of channels ({', '.join(map(str, sorted(counts)))}); "
            "only grey, RGB and alpha can be brought together"
        )
    colours = 3 if counts & {3, 4} else 1
    return colours + (counts <= {2, 4})


def check_fit(img_size: int | tuple[int, int] | None, fit: str) -> None:
    """Raise ``ConfigError`` for a size or fit that means nothing."""
    sides = (img_size,) if isinstance(img_size, int) else img_size or ()
    if any(side < 1 for side in sides):
        raise ConfigError(f"--img-size: expected a side of at least 1 pixel, found {img_size}")
    if fit not in (known := ("auto", *get_args(Fit))):
        raise ConfigError(f"--fit: expected one of {', '.join(known)}, found {fit!r}")
    if fit == "centre" and img_size is None:
        raise ConfigError("--fit centre: say how much of the middle, with --img-size")
