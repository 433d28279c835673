"""TIFF through tifffile, which keeps any depth and any number of channels; equal grey pages are channels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from convscope.data.decode import pillow
from convscope.data.decode.encoded import Encoded, Unreadable, stored, stored_as

ORIENTATION = 274


def read(data: bytes) -> Encoded:
    """Read a TIFF's header."""
    import tifffile  # a tenth of a second that sets without TIFF need not wait

    pages = [page.aspage() for page in tifffile.TiffFile(io.BytesIO(data)).pages]
    pages = [page for page in pages if not page.is_reduced] or pages  # previews and pyramids are no channels
    page = pages[0]
    shapes = {(p.shape, str(p.dtype)) for p in pages}
    if len(shapes) > 1:
        raise Unreadable(f"{len(pages)} pages of different sizes or types ({_some(shapes)}); save one image a file")
    if len(pages) > 1 and page.axes != "YX":
        raise Unreadable(f"{len(pages)} pages of {page.axes} {page.shape}; save the page that counts as one file")
    if page.dtype is None or page.axes not in ("YX", "YXS", "SYX"):
        raise Unreadable(f"axes {page.axes} of shape {page.shape}; expected height, width and perhaps channels")
    if page.photometric not in (0, 1, 2):  # white is zero, black is zero, RGB
        return pillow.read(data)  # palette, CMYK, YCbCr: 8-bit colours that Pillow turns into RGB
    dtype = stored_as(page.dtype)
    height, width = page.imagelength, page.imagewidth
    channels = len(pages) if page.axes == "YX" else page.samplesperpixel

    def decode(_: int) -> np.ndarray:
        try:
            values = np.stack([p.asarray() for p in pages], -1) if page.axes == "YX" else page.asarray()
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            return _by_pillow(data, dtype, channels, str(error))
        values = stored(np.moveaxis(values, 0, -1) if page.axes == "SYX" else values)
        return np.iinfo(values.dtype).max - values if page.photometric == 0 and dtype != "float32" else values

    note = "1-bit to 8-bit grey" if page.dtype == bool else f"{len(pages)} pages to channels" if len(pages) > 1 else ""
    return Encoded(height, width, channels, dtype, decode, note).turned(page.tags.valueof(ORIENTATION, 1))


def _by_pillow(data: bytes, dtype: str, channels: int, why: str) -> np.ndarray:
    """Read a compression that tifffile lacks, if Pillow can without loss."""
    with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
        if pillow.MODES.get(image.mode, ("", 0, ""))[1:3] != (channels, dtype) or getattr(image, "n_frames", 1) > 1:
            raise Unreadable(f"{why}; install imagecodecs, or save the file uncompressed or with deflate")
        return pillow.to_array(image, image.mode)


def _some(shapes: set[tuple[tuple[int, ...], str]]) -> str:
    return ", ".join(f"{shape} {dtype}" for shape, dtype in sorted(shapes)[:3])
