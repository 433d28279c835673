"""How big the network's images are, and how any image becomes that big; the set and new files take the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, get_args

import numpy as np

from convscope.data.decode.encoded import Encoded, Unreadable
from convscope.data.ingest.stats import OPAQUE, TRANSPARENT
from convscope.data.nodata import outlying, usable
from convscope.data.preprocessing import Fit, Preprocessing
from convscope.errors import ConfigError, DataError
from convscope.text import count

SIDE = 128  # what a CPU trains on in minutes; larger only when asked for

RANGES = {"uint8": "0..255", "uint16": "0..65,535", "float32": "any range"}


class Kind(NamedTuple):
    """What images are alike in: size, channels, type."""

    height: int
    width: int
    channels: int
    dtype: str


def layout(
    kinds: Mapping[Kind, int], img_size: int | tuple[int, int] | None, fit: Fit, side: int = SIDE
) -> tuple[Preprocessing, str]:
    """Decide the one size, channel count and type of a set, and say by which rule; mean and std are still empty.

    Images of one size keep it while the shorter side is at most ``side``; larger ones are scaled until it is that.
    Mixed sizes become squares of the median shorter side, at most ``side``. ``img_size`` overrides both.

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
    return Preprocessing(channels, height, width, fit, dtype, (), ()), rule  # pyright: ignore[reportArgumentType]


def _target(
    kinds: Mapping[Kind, int], img_size: int | tuple[int, int] | None, fit: Fit, most: int
) -> tuple[int, int, str]:
    sizes: dict[tuple[int, int], int] = {}
    for kind, number in kinds.items():
        sizes[kind.height, kind.width] = sizes.get((kind.height, kind.width), 0) + number
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


class Prepared(NamedTuple):
    """An image brought to a rule: pixels (height, width, channels), its opacity (0 where it has none), how many no-data
    values were filled, and a value far outside the others (NaN for none) with its number.
    """

    pixels: np.ndarray
    alpha: int = 0
    filled: int = 0
    outlier: float = np.nan
    outliers: int = 0


def prepared(image: Encoded | np.ndarray, rule: Preprocessing) -> Prepared:
    """Bring one image to the rule's size, channels and type, and say what was odd about it.

    Raises:
        Unreadable: another type or channels than the rule's, or pixels that are NaN or infinite.
    """
    nodata, alpha = rule.nodata or (), 0
    if isinstance(image, Encoded):
        _check_dtype(image.dtype, rule)
        pixels = image.pixels(_shrink(image, rule))
        if image.nodata is not None and rule.nodata is not None:
            nodata = (*nodata, image.nodata)
        if image.alpha:
            alpha = OPAQUE if (pixels[..., -1] == np.iinfo(pixels.dtype).max).all() else TRANSPARENT
    else:
        _check_dtype(str(image.dtype), rule)
        pixels = image
    pixels, count = usable(promote(pixels, rule.channels), nodata)
    (outlier,), (outliers,) = outlying(pixels[None])
    sized = resize(pixels, rule.height, rule.width, rule.fit)
    return Prepared(sized, alpha, count, float(outlier), int(outliers))


class Brought(NamedTuple):
    """An image brought to a rule: pixels (height, width, channels), and what was converted on the way, if anything."""

    pixels: np.ndarray
    note: str


def brought(image: Encoded | np.ndarray, rule: Preprocessing) -> Brought:
    """Bring one image to the rule's size, channels and type, and say what was converted; raises as ``prepared``."""
    ready = prepared(image, rule)
    note, channels = (image.note, image.channels) if isinstance(image, Encoded) else ("", image.shape[-1])
    fill = f"{count(ready.filled, 'no-data value')} filled" if ready.filled else ""
    pixels = np.ascontiguousarray(ready.pixels)  # torch may compute otherwise in another order
    return Brought(pixels, ", ".join(filter(None, (note, promotion(channels, rule.channels), fill))))


def check_fit(img_size: int | tuple[int, int] | None, fit: str) -> None:
    """Raise ``ConfigError`` for a size or fit that means nothing."""
    sides = (img_size,) if isinstance(img_size, int) else img_size or ()
    if any(side < 1 for side in sides):
        raise ConfigError(f"--img-size: expected a side of at least 1 pixel, found {img_size}")
    if fit not in get_args(Fit):
        raise ConfigError(f"--fit: expected one of {', '.join(get_args(Fit))}, found {fit!r}")
    if fit == "centre" and img_size is None:
        raise ConfigError("--fit centre: say how much of the middle, with --img-size")


def _check_dtype(dtype: str, rule: Preprocessing) -> None:
    if dtype != rule.dtype:
        raise Unreadable(
            f"holds {dtype} values ({RANGES[dtype]}), but those of the set it should fit are {rule.dtype} "
            f"({RANGES[rule.dtype]}): they share no scale; save it as {rule.dtype}"
        )


def promote(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Bring (..., C) to ``channels``: grey repeats to RGB, alpha is dropped, grey stored as RGB becomes grey.

    Raises:
        Unreadable: there is no such way.
    """
    has = pixels.shape[-1]
    if has == channels:
        return pixels
    colours, alpha = (pixels[..., :-1], pixels[..., -1:]) if has in (2, 4) else (pixels, None)
    wanted = channels - (channels in (2, 4))
    if colours.shape[-1] == 1 and wanted == 3:
        colours = np.broadcast_to(colours, (*colours.shape[:-1], 3))
    elif colours.shape[-1] == 3 and wanted == 1 and (colours == colours[..., :1]).all():
        colours = colours[..., :1]
    if colours.shape[-1] != wanted or has > 4 or (channels in (2, 4) and alpha is None):
        needed = "grey images are" if channels == 1 else f"{count(channels, 'channel')} are"
        remedy = "; convert it to grey" if channels == 1 and has in (3, 4) else ""
        raise Unreadable(f"has {count(has, 'channel')}, but {needed} needed{remedy}")
    return colours if channels in (1, 3) or alpha is None else np.concatenate([colours, alpha], -1)


def promotion(has: int, channels: int) -> str:
    """Say what ``promote`` does.

    >>> promotion(1, 3), promotion(4, 3), promotion(2, 3), promotion(3, 3)
    ('grey to RGB', 'alpha dropped', 'grey to RGB, alpha dropped', '')
    """
    colours = "grey to RGB" if has < 3 <= channels else "RGB to grey" if channels < 3 <= has else ""
    alpha = "alpha dropped" if has in (2, 4) and channels not in (2, 4) else ""
    return ", ".join(filter(None, (colours, alpha)))


def _shrink(image: Encoded, rule: Preprocessing) -> int:
    """Return how many times smaller a JPEG may be decoded: while it keeps twice the pixels needed along each side."""
    if rule.fit == "centre":
        return 1
    spare = min(image.height / rule.height, image.width / rule.width)
    return 8 if spare >= 16 else 4 if spare >= 8 else 2 if spare >= 4 else 1


def resize(pixels: np.ndarray, height: int, width: int, fit: Fit) -> np.ndarray:
    """Bring (H, W, C) to (height, width, C), scaled without aliasing (bicubic over the area that becomes one pixel)."""
    H, W, _ = pixels.shape
    if (height, width) == (H, W):
        return pixels
    if fit == "centre":
        return _middle(pixels, height, width)
    if fit == "squash":
        return _scale(pixels, height, width, (0, 0, W, H))
    if fit == "crop":
        scale = min(H / height, W / width)
        h, w = height * scale, width * scale
        top, left = (H - h) / 2, (W - w) / 2
        return _scale(pixels, height, width, (left, top, left + w, top + h))
    scale = max(H / height, W / width)
    h, w = (max(1, min(side, round(full / scale))) for side, full in ((height, H), (width, W)))
    inner = _scale(pixels, h, w, (0, 0, W, H))
    top, left = (height - h) // 2, (width - w) // 2
    return np.pad(inner, ((top, height - h - top), (left, width - w - left), (0, 0)), mode="edge")


def _middle(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut (height, width, C) out of the middle of (H, W, C); where the image is too small, its border is repeated."""
    spare = pixels.shape[0] - height, pixels.shape[1] - width
    top, left = (max(0, s // 2) for s in spare)
    missing = ((max(0, -s) // 2, (max(0, -s) + 1) // 2) for s in spare)
    return np.pad(pixels[top : top + height, left : left + width], (*missing, (0, 0)), mode="edge")


def _scale(pixels: np.ndarray, height: int, width: int, box: tuple[float, float, float, float]) -> np.ndarray:
    from PIL import Image

    H, W, C = pixels.shape
    box = (max(0.0, box[0]), max(0.0, box[1]), min(float(W), box[2]), min(float(H), box[3]))
    if pixels.dtype == np.uint8 and C in (1, 3):
        picture = Image.fromarray(np.ascontiguousarray(pixels if C == 3 else pixels[..., 0]))
        small = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC, box, reducing_gap=3.0))
        return small.reshape(height, width, C)
    planes = (Image.fromarray(np.ascontiguousarray(pixels[..., c], np.float32)) for c in range(C))
    small = np.stack([np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC, box)) for plane in planes], -1)
    if pixels.dtype.kind == "u":  # bicubic overshoots at edges: back into the type's range, not around it
        small = np.clip(np.rint(small), 0, np.iinfo(pixels.dtype).max)
    return small.astype(pixels.dtype)
