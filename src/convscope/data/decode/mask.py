"""One mask file's bytes → its values as stored: a palette's indices, numbers of any depth, colours, one number each.

Nothing is scaled: a 1-bit or 2-bit mask holds 0..1 or 0..3, not shades of grey. What makes an image upright does so
with a mask.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from convscope.data.decode import open_image
from convscope.data.decode.encoded import MAX_PIXELS, TURNS, TooLarge, Unreadable, verdict
from convscope.data.decode.pillow import FORMATS
from convscope.data.listing import UNSEEN, RawMask

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_AS_STORED = ("1", "P", "L", "I", "I;16", "I;16B", "I;16L", "F")  # modes of one number a pixel
_ORIENTATION = 274


def read_mask(data: bytes, max_pixels: int = MAX_PIXELS) -> RawMask:
    """Return the mask in a file.

    Raises:
        Unreadable: empty, no image, damaged, several pages, or more channels than colours have.
    """
    image = open_image(data, max_pixels)  # judges what is no image, and bombs, by the header alone
    try:
        if data.startswith(_TIFF):
            return _from_tiff(data)
        if data.startswith(b"\x93NUMPY"):
            return from_array(np.lib.format.read_array(io.BytesIO(data), allow_pickle=False))
        if image.dtype == "uint16" and image.channels > 1:
            return from_array(image.pixels())
        return _from_pillow(data)
    except Exception as error:  # whatever a decoder raises on bytes is a verdict on these bytes
        raise verdict(error, data[:12], max_pixels) from None


def from_array(values: np.ndarray, max_pixels: int = MAX_PIXELS) -> RawMask:
    """Return the mask that an array (H, W), (H, W, C) or (C, H, W) holds, its numbers or colours.

    >>> from_array(np.array([[[255, 0, 0]], [[0, 0, 1]]], np.uint8)).values.tolist()
    [[16711680], [1]]
    """
    if values.dtype.kind not in "biuf":
        raise Unreadable(f"values of the type {values.dtype}; expected whole numbers")
    if values.dtype == bool:
        values = values.astype(np.uint8)
    if values.ndim == 3 and values.shape[0] in (1, 3, 4) and values.shape[2] not in (1, 3, 4):
        values = np.moveaxis(values, 0, -1)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (2, 3, 4)):
        raise Unreadable(f"the shape {values.shape}; expected one number or colour a pixel (height, width)")
    if values.shape[0] * values.shape[1] > max_pixels:
        raise TooLarge(f"{values.shape[1]:,} × {values.shape[0]:,}", max_pixels)
    return RawMask(values) if values.ndim == 2 else _of_colours(values)


def _of_colours(values: np.ndarray) -> RawMask:
    """Return a mask of grey and opacity, RGB or RGBA, (H, W, C): one number for each colour."""
    if values.dtype != np.uint8:
        if values.shape[2] > 2 and (values[..., :3] == values[..., :1]).all():  # one number, three times
            return RawMask(np.ascontiguousarray(values[..., 0]))
        raise Unreadable(f"colours of the type {values.dtype}; expected 8 bits each, or one number a pixel")
    parts = values.astype(np.uint32)
    red, green, blue = np.moveaxis(parts[..., [0, 0, 0]] if parts.shape[2] == 2 else parts[..., :3], -1, 0)
    packed = red << 16 | green << 8 | blue
    if parts.shape[2] in (2, 4):
        opacity = parts[..., -1]
        packed = np.where(opacity == 0, np.uint32(UNSEEN), packed | (255 - opacity) << 24)
    return RawMask(packed, colours=True)


def _from_pillow(data: bytes) -> RawMask:
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    orientation = image.getexif().get(_ORIENTATION, 1)
    palette = b""
    if image.mode in _AS_STORED:
        values = np.asarray(image)
        if image.mode == "P" and image.palette is not None:
            palette = bytes(image.palette.getdata()[1]) if image.palette.mode == "RGB" else b""
        depth = data[24] if data.startswith(b"\x89PNG") and image.mode == "L" else 8
        if depth < 8:  # Pillow spreads them over 0..255
            values = values // (255 // ((1 << depth) - 1))
    else:
        wanted = {"LA": "LA", "PA": "RGBA", "RGBA": "RGBA", "La": "LA", "RGBa": "RGBA"}.get(image.mode, "RGB")
        values = np.asarray(image if image.mode == wanted else image.convert(wanted))
    turn = TURNS.get(orientation)
    mask = from_array(np.ascontiguousarray(turn(values)) if turn else values)
    return RawMask(mask.values, mask.colours, palette)


def _from_tiff(data: bytes) -> RawMask:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        try:
            values = file.series[0].asarray(maxworkers=1)
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            return _from_pillow(data)
        values = values.reshape([size for size in values.shape if size > 1] if values.ndim > 3 else values.shape)
        if page.photometric == 0 and values.dtype == bool:  # white is zero
            values = ~values
        turn = TURNS.get(page.tags.valueof(_ORIENTATION, 1))
    return from_array(np.ascontiguousarray(turn(values)) if turn else values)
