"""Images that are handed over to be looked at, one after the other: files, folders, archives, arrays, pictures.

Whatever holds the same pixels is brought to a rule in the same way, so that the answers are equal to the bit. What is
wrong with an array is an error at once; what is wrong with a file belongs to that file alone.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from convscope.data.dataset import Data, Example, Split
from convscope.data.decode import open_image, pillow
from convscope.data.decode.encoded import Encoded, Unreadable, stored
from convscope.data.image_files import Held, in_file
from convscope.data.nodata import usable
from convscope.data.transforms import ClipTransform, ImageTransform, TextTransform, Transform, VolumeTransform
from convscope.data.transforms.channels import promote
from convscope.data.transforms.image import RANGES
from convscope.data.transforms.text import points_of
from convscope.errors import DataError

EXPECTED = (
    "expected image files or their bytes, folders, archives (.zip, .tar, .npz), pictures of PIL, or arrays: (height, "
    "width), (height, width, channels) or (images, height, width, channels)"
)
# What ``held`` takes, alone or several in a list; a tensor too, which is told by what it can do.
Images = str | os.PathLike[str] | np.ndarray | Image.Image | Split | Example | Any


def held(inputs: Any, rule: Transform, max_pixels: int) -> Iterator[Held]:
    """Return the images that are given, one after the other; all but the contents of files is checked at once.

    Where the network takes no images, what is given are arrays, one or a list of them, or splits and their examples.

    Raises:
        DataError: a path does not exist, an archive is damaged or holds no image, or an array has
            another type, range or shape than the rule can use.
    """
    if not isinstance(rule, ImageTransform):
        return itertools.chain.from_iterable(_examples(item, name, rule) for name, item in _named(inputs))
    groups = [_of(item, name, rule, max_pixels) for name, item in _named(inputs)]
    return itertools.chain.from_iterable(groups)


def _named(inputs: Any) -> list[tuple[str, Any]]:
    if _is_one(inputs):
        return [("array", inputs)]
    return [(f"[{i}]", item) for i, item in enumerate(_listed(inputs))]


def _examples(item: Any, name: str, rule: Transform) -> Iterable[Held]:
    """Return the arrays of something given for a network that takes no images, checked but for those in files."""
    if isinstance(rule, TextTransform) and (isinstance(item, str) or hasattr(item, "__fspath__")):
        return [Held(str(item), lambda: points_of(str(item)))]
    if isinstance(item, str) or hasattr(item, "__fspath__"):
        if isinstance(rule, ClipTransform):
            from convscope.data.clips.given import in_clip_file

            return in_clip_file(Path(item), rule)
        if isinstance(rule, VolumeTransform):
            from convscope.data.volumes.given import in_volume_file

            return in_volume_file(Path(item))
        from convscope.data.array_files import in_array_file

        return in_array_file(Path(item), rule)
    if isinstance(item, Split):
        return [held for example in item for held in _examples(example, example.id, rule)]
    if isinstance(item, Example):
        return _examples(item.image, item.id, rule)
    values = _array(item, name)
    several = values.ndim > len(rule.input.space) + (rule.input.vocabulary is None)  # numbers have channels, too
    each = [(f"{name}[{i}]", example) for i, example in enumerate(values)] if several else [(name, values)]
    for called, example in each:
        try:
            rule.store(example)
        except Unreadable as error:
            raise DataError(f"{called} {error}") from None
    return [Held(called, lambda example=example: example) for called, example in each]


def one_image(image: Any, rule: ImageTransform) -> np.ndarray:
    """Return one picture, example or array as a rule wants it, (height, width, channels).

    Raises ``DataError`` for what is none, or several.
    """
    images = list(_of(image, "the image", rule, 0))
    if len(images) != 1:
        raise DataError(f"expected one image, (height, width) or (height, width, channels); found {len(images)}")
    ready = images[0].stored(rule)
    if isinstance(ready, Unreadable):
        raise DataError(f"the image {ready}")
    return ready.values


def _is_one(inputs: Any) -> bool:
    # A path, a picture, an example (a tuple) or an array; a list is one of images.
    single = isinstance(inputs, str | bytes | Path | Image.Image | Split | Data | Example)
    return single or hasattr(inputs, "__fspath__") or (hasattr(inputs, "__array__") and not isinstance(inputs, list))


def _listed(inputs: Any) -> Sequence[Any]:
    if isinstance(inputs, dict) or not isinstance(inputs, Iterable):
        raise DataError(f"{EXPECTED}; found {_kind(inputs)}")
    return list(inputs)


def _of(item: Any, name: str, rule: ImageTransform, max_pixels: int) -> Iterable[Held]:
    if isinstance(item, str) or hasattr(item, "__fspath__"):
        return in_file(Path(item), max_pixels, rule.channels)
    if isinstance(item, bytes):
        return [Held("bytes" if name == "array" else name, lambda: open_image(item, max_pixels))]
    if isinstance(item, Data):
        splits = " or ".join(f"data.{split.name}" for split in item.splits)
        raise DataError(f"a whole set is given, of which the network has seen most: give one of its splits, {splits}")
    if isinstance(item, Split):
        return [image for example in item for image in _in_memory(example.image, str(example.id), rule)]
    if isinstance(item, Example):
        return _in_memory(item.image, str(item.id), rule)
    return _in_memory(item, name, rule)


def _in_memory(item: Any, name: str, rule: ImageTransform) -> list[Held]:
    """Return the images of a picture or an array, checked."""
    if isinstance(item, Image.Image):
        picture = _picture(item, name)
        pixels = picture.pixels()
        _check(pixels, pixels, name, rule)
        return [Held(getattr(item, "filename", "") or name, lambda: replace(picture, decode=lambda _: pixels))]
    values = _array(item, name)
    _check_shape(values, name, rule)
    if not values.size:
        raise DataError(f"{name} has no pixels: its shape is {values.shape}")
    if values.ndim == 4:
        each = [(f"[{i}]" if name == "array" else f"{name}[{i}]", image) for i, image in enumerate(values)]
    else:
        each = [(name, values[..., None] if values.ndim == 2 else values)]
    try:
        images = [(called, stored(image)) for called, image in each]
    except Unreadable as error:
        raise DataError(f"{name}: {error}") from None
    for called, pixels in images:
        _check(pixels, values, called, rule)
    return [Held(called, lambda pixels=pixels: pixels) for called, pixels in images]


def _check(pixels: np.ndarray, values: np.ndarray, name: str, rule: ImageTransform) -> None:
    """Refuse pixels (H, W, C) of another type or channels than a rule's; ``values`` are what was given."""
    if pixels.dtype.name != rule.dtype:
        raise DataError(f"{name} holds {_said(values)}, and this network takes {_wanted(values, rule)}")
    try:
        usable(promote(pixels, rule.channels), rule.nodata or ())
    except Unreadable as error:
        raise DataError(f"{name}: {error}") from None


def _picture(image: Image.Image, name: str) -> Encoded:
    """Return a picture as reading its file would: converted by the same table, and upright."""
    mode = "PA" if image.mode == "P" and "transparency" in image.info else image.mode
    if mode not in pillow.MODES:
        raise DataError(f"{name}: pictures of the mode {mode!r} are not supported; convert it to RGB or L")
    if mode == "I" and not 0 <= min(image.getextrema()) <= max(image.getextrema()) <= 65535:  # pyright: ignore
        raise DataError(f"{name}: a picture of the mode 'I' with values outside of 0..65,535; give it as an array")
    _, channels, dtype, note = pillow.MODES[mode]
    width, height = image.size
    encoded = Encoded(height, width, channels, dtype, lambda _: pillow.to_array(image, mode), note)
    return encoded.turned(image.getexif().get(0x0112, 1))


def _array(item: Any, name: str) -> np.ndarray:
    if hasattr(item, "detach"):  # a tensor of PyTorch
        item = item.detach().cpu()
    if isinstance(item, str | bytes | dict | list | tuple) or not hasattr(item, "__array__"):
        raise DataError(f"{name}: {EXPECTED}; found {_kind(item)}")
    try:
        return np.asarray(item)
    except (TypeError, RuntimeError) as error:
        raise DataError(f"{name}: {_kind(item)} cannot be read as an array: {error}") from None


def _check_shape(values: np.ndarray, name: str, rule: ImageTransform) -> None:
    usual = {1, 2, 3, 4, rule.channels}
    if values.ndim == 2 or (values.ndim in (3, 4) and values.shape[-1] in usual):
        return
    remedy = ""
    if values.ndim in (3, 4) and values.shape[-3] in usual:
        remedy = "; its channels seem to stand first: np.moveaxis(x, -3, -1)"
    if values.ndim == 3:
        remedy += ("; or it is" if remedy else "; if it is") + " several grey images: x[..., None]"
    raise DataError(
        f"{name} has the shape {values.shape}: expected (height, width) or (height, width, channels) of one image, or "
        f"(images, height, width, channels){remedy}"
    )


def _said(values: np.ndarray) -> str:
    return f"{values.dtype} values from {float(values.min()):.6g} to {float(values.max()):.6g}"


def _wanted(values: np.ndarray, rule: ImageTransform) -> str:
    """Return the type and range that a network was trained on, and how these values get there where that is plain."""
    wanted = f"{rule.dtype} ({RANGES[rule.dtype]}), as it was trained on"
    most = {"uint8": 255, "uint16": 65535}.get(rule.dtype)
    if most is None or not np.isfinite(values).all():
        return f"{wanted}: they share no scale"
    low, high = float(values.min()), float(values.max())
    if low < 0:
        return f"{wanted}: give the pixels as they were stored, not normalised"
    if high <= 1 and values.dtype.kind == "f":
        return f"{wanted}: ({most} * x).round().astype(np.{rule.dtype})"
    if high <= most and values.dtype != np.uint8:
        return f"{wanted}: x.round().astype(np.{rule.dtype}), if they are on that scale"
    return f"{wanted}: they share no scale"


def _kind(item: Any) -> str:
    return f"{type(item).__name__} {item!r:.40}"
