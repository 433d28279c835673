"""TIFF through tifffile, which keeps any depth and any number of channels, and knows how pages make up one array.

A directory of pages may be one array (the file notes its shape and axes: tifffile, ImageJ, OME), several equal grey
planes, or several images. The first two are one image whose further axis is its channels; the last is refused.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from convscope.data.decode import pillow
from convscope.data.decode.encoded import Encoded, Unreadable, stored, stored_as
from convscope.data.sources.arrays import channel_axis

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage, TiffPageSeries

DESCRIPTION, ORIENTATION, SUB_IFDS, NODATA = 270, 274, 330, 42113
LAST_BASELINE = 532  # what a page of tags up to here and GDAL's holds, it says itself; instruments note more in others
GEOGRAPHIC = frozenset((33550, 33922, 34264, 34735, 34736, 34737, 42112, NODATA))
# What tifffile logs of odd metadata goes to whoever set logging up, and not once a file to everybody's screen.
logging.getLogger("tifffile").addHandler(logging.NullHandler())
NARROW = 16  # pages at most so wide are rows of pixels, not pictures
ADVICE = "save the image that counts as a file of its own"


@dataclass(frozen=True)
class _Array:
    """All that a file shows: an array by its axes' letters (Y, X, S for samples, C, Z, T, ..., I for bare pages)."""

    page: TiffPage
    axes: str
    shape: tuple[int, ...]
    values: Callable[[], np.ndarray]

    def sizes(self) -> str:
        """Return the length of each axis for a message."""
        return ", ".join(f"{axis} {size}" for axis, size in zip(self.axes, self.shape, strict=True))


def read(data: bytes) -> Encoded:
    """Read a TIFF's header."""
    import tifffile  # a tenth of a second that sets without TIFF need not wait

    file = tifffile.TiffFile(io.BytesIO(data))
    first, alone = file.pages.first, len(file.pages) == 1
    image = _Array(first, first.axes, first.shape, first.asarray) if alone and _says_all(first) else _series(file)
    page = image.page
    if page.dtype is None:
        raise Unreadable(f"samples of {page.bitspersample} bits are not supported; save it with 8, 16 or 32 bits")
    axis, note = _channels(image)
    if page.photometric not in (0, 1, 2):  # white is zero, black is zero, RGB
        if not alone or page is not first or image.shape != page.shape:
            colours = getattr(page.photometric, "name", page.photometric)
            raise Unreadable(f"several pages, in colours of the kind {colours}; {ADVICE}, as RGB")
        return pillow.read(data)  # palette, CMYK, YCbCr: 8-bit colours that Pillow turns into RGB
    dtype = stored_as(page.dtype)
    height, width = (size for k, size in enumerate(image.shape) if k != axis)
    channels = 1 if axis is None else image.shape[axis]

    def decode(_: int) -> np.ndarray:
        try:
            values = image.values().reshape(image.shape)
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            return _by_pillow(data, dtype, channels, str(error))
        values = stored(values[..., None] if axis is None else np.moveaxis(values, axis, -1))
        return np.iinfo(values.dtype).max - values if page.photometric == 0 and dtype != "float32" else values

    if page.dtype == bool:
        note = "1-bit to 8-bit grey"
    alpha = channels in (2, 4) and dtype != "float32" and _is_alpha(page)
    encoded = Encoded(height, width, channels, dtype, decode, note, _nodata(page), alpha)
    return encoded.turned(page.tags.valueof(ORIENTATION, 1))


def _says_all(page: TiffPage) -> bool:
    """Tell whether a file's only page is all that the file holds, without asking for its series, which costs more."""
    codes = {tag.code for tag in page.tags} - GEOGRAPHIC
    if SUB_IFDS in codes or max(codes) > LAST_BASELINE or page.axes not in ("YX", "YXS", "SYX"):
        return False
    noted = page.tags.valueof(DESCRIPTION, "") if DESCRIPTION in codes else ""
    return noted in ("", f'{{"shape": {list(page.shape)}}}')


def _series(file: TiffFile) -> _Array:
    """Return the one array that a file's pages make up.

    Raises:
        Unreadable: there are several, or one of which parts are elsewhere.
    """
    series = [part for part in file.series if part.shape]
    parts = [part for part in series if not part.keyframe.is_reduced] or series  # previews are no images of their own
    # Levels of a pyramid show the same image smaller; tifffile takes for one also what only happens to be smaller.
    parts += [level for part in parts for level in part.levels[1:] if not _is_preview(level)]
    if not parts:
        raise Unreadable("damaged: no page with pixels")
    arrays = [_array(part, len(file.pages)) for part in parts]
    first = arrays[0]
    if len(arrays) == 1:
        return first
    if {(a.axes, a.shape, a.page.dtype) for a in arrays} != {("YX", first.shape, first.page.dtype)}:
        kinds = sorted({f"{a.shape} {a.page.dtype}" for a in arrays})
        differ = "different sizes or types" if len(kinds) > 1 else "several channels"
        raise Unreadable(f"{len(arrays)} images of {differ} ({', '.join(kinds[:3])}) in one file; {ADVICE}")
    return _Array(
        first.page, "IYX", (len(arrays), *first.shape), lambda: np.stack([a.values().reshape(a.shape) for a in arrays])
    )


def _is_preview(level: TiffPageSeries) -> bool:
    return bool(level.keyframe.is_reduced or level.keyframe.is_subifd)


def _array(part: TiffPageSeries, pages: int) -> _Array:
    """Return a series without its axes of length 1."""
    if any(page is None for page in part) and part.kind == "ome":
        raise Unreadable(f"one of several files that make up an image ({part.name}); {ADVICE}")
    lengths = zip(part.get_axes(False), part.get_shape(False), strict=True)
    kept = [(axis, size) for axis, size in lengths if size > 1 or axis in "YX"]
    axes, shape = "".join(axis for axis, _ in kept), tuple(size for _, size in kept)
    single = pages == 1 and shape == part.keyframe.shape
    return _Array(part.keyframe, axes, shape, part.keyframe.asarray if single else lambda: part.asarray(maxworkers=1))


def _channels(image: _Array) -> tuple[int | None, str]:
    """Tell which axis holds the channels, ``None`` for two axes, and what is to be noted.

    Raises:
        Unreadable: there are more axes than height, width and one other, or it cannot be told which they are.
    """
    axes, shape = image.axes, image.shape
    others = axes.replace("Y", "", 1).replace("X", "", 1)
    if len(others) != len(axes) - 2 or len(others) > 1:
        raise Unreadable(
            f"axes {image.sizes()}: expected height (Y), width (X) and at most one more, for the channels; {ADVICE}, "
            "or put all planes on one axis"
        )
    if not others:
        return None, ""
    axis = channel_axis(shape) if others == "Q" else axes.index(others)  # Q: a shape is noted, but not its axes
    if others == "I" and shape[0] > shape[2] <= NARROW:
        raise Unreadable(
            f"{shape[0]} pages of {shape[1]} × {shape[2]}: images so narrow, or the rows of one of {shape[0]} × "
            f"{shape[1]} with {shape[2]} channels? The file does not say; save it with its axes, for instance by "
            "tifffile.imwrite(path, array, metadata={'axes': 'YXC'})"
        )
    planes = others not in "SC" and axis == 0
    return axis, f"{shape[0]} pages to channels" if planes else ""


def _is_alpha(page: TiffPage) -> bool:
    """Tell whether the last sample is opacity; tifffile notes so of any array (H, W, 4), where it means nothing."""
    return page.extrasamples[-1:] in ((1,), (2,)) and not (page.is_shaped or page.is_ome)


def _nodata(page: TiffPage) -> float | None:
    """Return the value that means "no data", as GDAL notes it."""
    try:
        return float(page.tags.valueof(NODATA))
    except (TypeError, ValueError):
        return None


def _by_pillow(data: bytes, dtype: str, channels: int, why: str) -> np.ndarray:
    """Read a compression that tifffile lacks, if Pillow can without loss."""
    with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
        if pillow.MODES.get(image.mode, ("", 0, ""))[1:3] != (channels, dtype) or getattr(image, "n_frames", 1) > 1:
            raise Unreadable(f"{why}; install imagecodecs, or save the file uncompressed or with deflate")
        return pillow.to_array(image, image.mode)
