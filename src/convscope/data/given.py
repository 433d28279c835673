"""Images that are handed over to be looked at, one after the other: files, folders, archives, arrays, pictures.

Whatever holds the same pixels is brought to a rule in the same way, so that the answers are equal to the bit. What is
wrong with an array is an error at once; what is wrong with a file belongs to that file alone.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from convscope.data import cache
from convscope.data.dataset import Data, Example, Split
from convscope.data.decode import open_image, pillow
from convscope.data.decode.encoded import Encoded, Unreadable, stored
from convscope.data.nodata import usable
from convscope.data.preprocessing import Preprocessing
from convscope.data.sizing import RANGES, Brought, brought, find_images, promote
from convscope.data.sources import archives
from convscope.data.sources.arrays import channel_axis, read_header
from convscope.data.sources.candidate import SPLITS
from convscope.data.sources.files import is_image
from convscope.data.sources.npz import ROLES
from convscope.errors import DataError

WORDS = ROLES["image"] | SPLITS.keys()
EXPECTED = (
    "expected image files, folders, archives (.zip, .tar, .npz), pictures of PIL, or arrays: (height, width), (height, "
    "width, channels) or (images, height, width, channels)"
)


# What ``held`` takes, alone or several in a list; a tensor too, which is told by what it can do.
Images = str | os.PathLike[str] | np.ndarray | Image.Image | Split | Example | Any


@dataclass(frozen=True)
class Held:
    """One image: what to call it, and what reads it, which may raise ``Unreadable`` or ``OSError``."""

    name: str
    read: Callable[[], Encoded | np.ndarray]

    def brought(self, rule: Preprocessing) -> Brought | Unreadable:
        """Return its pixels as a rule wants them, or why it cannot be used."""
        try:
            return brought(self.read(), rule)
        except Unreadable as error:
            return error
        except OSError as error:
            return Unreadable(f"cannot be opened: {error.strerror or error}")


def held(inputs: Any, rule: Preprocessing, max_pixels: int) -> Iterator[Held]:
    """Return the images that are given, one after the other; all but the contents of files is checked at once.

    Raises:
        DataError: a path does not exist, an archive is damaged or holds no image, or an array has
            another type, range or shape than the rule can use.
    """
    items = [("array", inputs)] if _is_one(inputs) else [(f"[{i}]", item) for i, item in enumerate(_listed(inputs))]
    groups = [_of(item, name, rule, max_pixels) for name, item in items]
    return (one for group in groups for one in group)


def one_image(image: Any, rule: Preprocessing) -> np.ndarray:
    """Return one picture, example or array as a rule wants it, (height, width, channels).

    Raises ``DataError`` for what is none, or several.
    """
    found = list(_of(image, "the image", rule, 0))
    if len(found) != 1:
        raise DataError(f"expected one image, (height, width) or (height, width, channels); found {len(found)}")
    pixels = found[0].brought(rule)
    if isinstance(pixels, Unreadable):
        raise DataError(f"the image {pixels}")
    return pixels.pixels


def _is_one(inputs: Any) -> bool:
    # A path, a picture, an example (a tuple) or an array; a list is one of images.
    single = isinstance(inputs, str | Path | Image.Image | Split | Data | Example)
    return single or hasattr(inputs, "__fspath__") or (hasattr(inputs, "__array__") and not isinstance(inputs, list))


def _listed(inputs: Any) -> Sequence[Any]:
    if isinstance(inputs, bytes | dict) or not isinstance(inputs, Iterable):
        raise DataError(f"{EXPECTED}; found {_kind(inputs)}")
    return list(inputs)


def _of(item: Any, name: str, rule: Preprocessing, max_pixels: int) -> Iterable[Held]:
    if isinstance(item, str) or hasattr(item, "__fspath__"):
        return _in_file(Path(item), max_pixels)
    if isinstance(item, Data):
        splits = " or ".join(f"data.{split.name}" for split in item.splits)
        raise DataError(f"a whole set is given, of which the network has seen most: give one of its splits, {splits}")
    if isinstance(item, Split):
        return [one for example in item for one in _in_memory(example.image, str(example.id), rule)]
    if isinstance(item, Example):
        return _in_memory(item.image, str(item.id), rule)
    return _in_memory(item, name, rule)


def _in_file(path: Path, max_pixels: int) -> Iterable[Held]:
    """Return the images of a file, a folder or an archive."""
    if path.is_file() and path.suffix.lower() == ".npz":
        return _in_npz(path)
    if path.is_file() and path.name.lower().endswith(archives.ENDINGS):
        files = archives.open_files(path, cache.directory(None))
        names = [name for name in files.names if is_image(name)]
        if not names:
            raise DataError(f"{path} holds no image (PNG, JPEG, BMP, TIFF, GIF, WebP, PNM or .npy)")
        return [Held(f"{path}/{name}", lambda name=name: open_image(files.read(name), max_pixels)) for name in names]
    if path.is_file() and path.suffix.lower() == ".npy" and (stack := _stack(path)) is not None:
        return (Held(f"{path}/{i}", lambda image=image: stored(image)) for i, image in enumerate(stack))
    return [Held(str(one), lambda one=one: open_image(one.read_bytes(), max_pixels)) for one in find_images([path])]


def _stack(path: Path) -> np.ndarray | None:
    """Return several images (n, H, W, C) of a ``.npy`` file, mapped; None for a file of one image, or of none."""
    try:
        with path.open("rb") as file:
            shape, _, dtype = read_header(file)
        return _last(np.load(path, mmap_mode="r"), str(path)) if len(shape) == 4 and not dtype.hasobject else None
    except (OSError, ValueError):
        return None  # reading it as an image says why


def _in_npz(path: Path) -> Iterator[Held]:
    """Return the images of a NumPy archive: of the arrays that training would read, or the only one that can be."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            shapes = {}
            for name in archive.files:
                with archive.zip.open(f"{name}.npy") as stream:
                    shapes[name] = read_header(stream)[0]
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read as a NumPy archive ({error})") from None
    have = ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "nothing"
    able = [name for name, shape in shapes.items() if len(shape) in (3, 4)]
    named = [name for name in able if ROLES["image"] & (words := set(name.lower().split("_"))) and words <= WORDS]
    if not named and len(able) != 1:
        raise DataError(f"{path}: expected images as x, images, x_test ... (images, height, width); it holds {have}")
    named = named or able
    return (one for name in named for one in _in_array(path, name))


def _in_array(path: Path, name: str) -> Iterator[Held]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            values = _last(archive[name], f"{path}, array {name}")
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise DataError(f"{path}, array {name}: cannot be read ({error})") from None
    for i, image in enumerate(values):
        yield Held(f"{path}/{name}/{i}", lambda image=image: stored(image))


def _last(values: np.ndarray, name: str) -> np.ndarray:
    """Return images (n, H, W) or (n, H, W, C) or (n, C, H, W) of a file with the channels last."""
    try:
        axis = channel_axis(values.shape[1:])
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    return values[..., None] if axis is None else np.moveaxis(values, axis + 1, -1)


def _in_memory(item: Any, name: str, rule: Preprocessing) -> list[Held]:
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


def _check(pixels: np.ndarray, values: np.ndarray, name: str, rule: Preprocessing) -> None:
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


def _check_shape(values: np.ndarray, name: str, rule: Preprocessing) -> None:
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


def _wanted(values: np.ndarray, rule: Preprocessing) -> str:
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
