"""One image file's bytes → its pixels, (H, W, C) in RGB order, exactly as stored: never cut to 8 bit, never guessed.

The format is told by the content, not by the file's ending. A header is read first, so that sizes can be surveyed, and
bombs refused, without decoding. EXIF orientation is applied. Files with several frames are refused.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from convscope.data.sources.arrays import channel_axis
from convscope.errors import DataError

try:
    import simplejpeg
except ImportError:  # the extra `fast`: same pixels (tested), three times the speed
    simplejpeg = None

MAX_PIXELS = 178_956_970  # Pillow's own limit: a quarter GiB of RGB

JPEG = b"\xff\xd8\xff"
PILLOW_FORMATS = ("PNG", "JPEG", "MPO", "BMP", "DIB", "GIF", "WEBP", "PPM", "TIFF")
READABLE = "PNG, JPEG, BMP, TIFF, GIF, WebP, PNM or .npy"

STORED = {
    "uint8": "uint8", "bool": "uint8", "uint16": "uint16", "float16": "float32", "float32": "float32", "float64": "float32",
    "int8": "float32", "int16": "float32", "int32": "float32", "uint32": "float32", "int64": "float32", "uint64": "float32",
}  # fmt: skip


class Unreadable(Exception):
    """Why one file cannot be used; collected over a whole set, not shown one by one."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An image whose header was read and whose pixels were not.

    ``pixels(shrink)`` decodes it to (H, W, C); JPEGs may come out ``shrink`` (1, 2, 4 or 8) times smaller, at the speed
    that this saves. ``note`` says what was converted, if anything ("CMYK to RGB").
    """

    height: int
    width: int
    channels: int
    dtype: str
    pixels: Callable[[int], np.ndarray]
    note: str = ""


def open_image(data: bytes, max_pixels: int = MAX_PIXELS) -> Encoded:
    """Read an image's header.

    Raises:
        Unreadable: no known image format, more than one frame, too many pixels, or damaged; ``Encoded.pixels`` likewise.
    """
    if not data:
        raise Unreadable("the file is empty")
    reader = next((reader for magic, reader in READERS if data.startswith(magic)), _pillow)
    try:
        image = reader(data)
    except Exception as error:  # whatever a decoder raises on bytes is a verdict on these bytes
        raise _verdict(error, data) from None
    if image.height * image.width > max_pixels:
        raise Unreadable(_too_large(f"{image.width:,} × {image.height:,} = {image.width * image.height:,}", max_pixels))

    def pixels(shrink: int = 1) -> np.ndarray:
        try:
            return image.pixels(shrink)
        except Exception as error:
            raise _verdict(error, data) from None

    return Encoded(image.height, image.width, image.channels, image.dtype, pixels, image.note)


def releases_lock(data: bytes) -> bool:
    """Tell whether this image decodes outside Python's lock, so that threads speed it up as much as processes would."""
    return simplejpeg is not None and data.startswith(JPEG)


@contextlib.contextmanager
def limited(max_pixels: int) -> Iterator[None]:
    """Set Pillow's own guard against bombs to the same limit, and make what it only warns about an error.

    Both settings belong to the process: enter this once around a job, not in its threads.
    """
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")  # odd metadata: no one's loss
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _verdict(error: Exception, data: bytes) -> Exception:
    if isinstance(error, Unreadable | MemoryError):
        return error
    if isinstance(error, DataError):
        return Unreadable(str(error))
    if isinstance(error, Image.UnidentifiedImageError):
        return Unreadable(f"not an image: expected {READABLE}, found a file that begins with {data[:12]!r}")
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        count = re.search(r"\((\d+) pixels\)", str(error))
        return Unreadable(
            _too_large(f"{int(count[1]):,}" if count else "too many", Image.MAX_IMAGE_PIXELS or MAX_PIXELS)
        )
    return Unreadable(f"damaged: {error or type(error).__name__}")


def _too_large(size: str, limit: int) -> str:
    return f"{size} pixels exceed the limit of {limit:,} (a decompression bomb?); if you trust it, raise --max-pixels"


def _jpeg(data: bytes) -> Encoded:
    """Decode through libjpeg-turbo directly; what is unusual (EXIF, CMYK, damage) goes to Pillow, which judges it."""
    if simplejpeg is None or b"Exif\0\0" in data or b"tiff:Orientation" in data:
        return _pillow(data)
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return _pillow(data)
    if colours not in ("Gray", "YCbCr", "RGB"):
        return _pillow(data)

    def pixels(shrink: int) -> np.ndarray:
        try:
            return simplejpeg.decode_jpeg(
                data, "GRAY" if colours == "Gray" else "RGB",
                min_height=-(-height // shrink), min_width=-(-width // shrink),
            )  # fmt: skip
        except ValueError:
            return _pillow(data).pixels(shrink)

    return Encoded(height, width, 1 if colours == "Gray" else 3, "uint8", pixels)


def _png(data: bytes) -> Encoded:
    """Read 16-bit colour whole, which Pillow would cut to 8 bits without a word."""
    width, height = (int.from_bytes(data[at : at + 4]) for at in (16, 20))
    depth, colour = data[24], data[25]
    channels = {2: 3, 4: 2, 6: 4}.get(colour)
    if depth != 16 or channels is None:
        return _pillow(data)

    def pixels(_: int) -> np.ndarray:
        if channels == 2:  # grey and alpha: four bytes a pixel, which pass as four 8-bit channels
            four = _raw(data, "RGBA").astype(np.uint16)
            return four[..., ::2] << 8 | four[..., 1::2]
        mode = "RGB" if channels == 3 else "RGBA"
        return _raw(data, f"{mode};16B").astype(np.uint16) << 8 | _raw(data, f"{mode};16L")  # high bytes, then low

    return _turned(data, Encoded(height, width, channels, "uint16", pixels))


def _raw(data: bytes, rawmode: str) -> np.ndarray:
    """Decode a PNG with another idea of how its bytes become pixels."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.tile = [image.tile[0]._replace(args=rawmode)]
        return np.array(image)


# Pillow's mode -> the mode to convert to, channels, dtype, what to say
MODES = {
    "1": ("L", 1, "uint8", "1-bit to 8-bit grey"),
    "L": (None, 1, "uint8", ""),
    "LA": (None, 2, "uint8", ""),
    "RGB": (None, 3, "uint8", ""),
    "RGBA": (None, 4, "uint8", ""),
    "P": ("RGB", 3, "uint8", "palette to RGB"),
    "PA": ("RGBA", 4, "uint8", "palette to RGBA"),
    "CMYK": ("RGB", 3, "uint8", "CMYK to RGB"),
    "YCbCr": ("RGB", 3, "uint8", ""),
    "I;16": (None, 1, "uint16", ""),
    "I;16B": ("I;16", 1, "uint16", ""),
    "I;16L": ("I;16", 1, "uint16", ""),
    "I": (None, 1, "uint16", ""),  # among our formats only 16-bit PNM, which Pillow widens to 32 bits
    "F": (None, 1, "float32", ""),
}


def _pillow(data: bytes) -> Encoded:
    image = Image.open(io.BytesIO(data), formats=PILLOW_FORMATS)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # a camera's MPO is one photograph and its previews
        raise Unreadable(
            f"{frames} frames (animated {image.format}); save the frame that counts as an image of its own"
        )
    mode = image.mode
    if mode == "P" and "transparency" in image.info:
        mode = "PA"
    if mode not in MODES:
        raise Unreadable(f"pixels of the kind {mode!r} are not supported; save it as 8-bit RGB")
    if image.format == "PPM" and mode == "RGB" and _wide_pnm(data):
        raise Unreadable("colour PNM of more than 8 bits would be cut to 8 bits; save it as 16-bit PNG or TIFF")
    target, channels, dtype, note = MODES[mode]
    width, height = image.size

    def pixels(shrink: int) -> np.ndarray:
        if shrink > 1:
            image.draft(None, (width // shrink, height // shrink))
        array = np.asarray(image.convert(target) if target else image)
        return array.astype(dtype, copy=False).reshape(*array.shape[:2], channels)

    return _turned(data, Encoded(height, width, channels, dtype, pixels, note), image)


def _wide_pnm(data: bytes) -> bool:
    header = re.match(rb"P6(?:\s|#.*\n)+\d+(?:\s|#.*\n)+\d+(?:\s|#.*\n)+(\d+)", data)
    return bool(header) and int(header[1]) > 255


# EXIF orientation -> how the stored rows and columns become the upright image
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: x.swapaxes(0, 1)[:, ::-1],
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: x.swapaxes(0, 1)[::-1],
}


def _turned(data: bytes, stored: Encoded, image: Image.Image | None = None) -> Encoded:
    """Apply the EXIF orientation, where there is one."""
    # getexif() reads a whole PNG to look behind the pixels, so ask only where the bytes speak of it.
    if not any(word in data for word in (b"Exif", b"eXIf", b"EXIF", b"Raw profile type", b"tiff:Orientation")):
        return stored
    image = image or Image.open(io.BytesIO(data), formats=PILLOW_FORMATS)
    return _oriented(stored, image.getexif().get(0x0112, 1))


def _oriented(stored: Encoded, orientation: int) -> Encoded:
    turn = TURNS.get(orientation)
    if turn is None:
        return stored
    height, width = (stored.width, stored.height) if orientation >= 5 else (stored.height, stored.width)
    return Encoded(
        height, width, stored.channels, stored.dtype, lambda shrink: turn(stored.pixels(shrink)), stored.note
    )


def _npy(data: bytes) -> Encoded:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(stream)
    if dtype.hasobject:
        raise Unreadable("holds Python objects, which only pickle can load and which may run any code; refused")
    axis = channel_axis(shape)

    def pixels(_: int) -> np.ndarray:
        values = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
        return stored(values[..., None] if axis is None else np.moveaxis(values, axis, -1))

    if axis is None:
        (height, width), channels = shape, 1
    else:
        channels = shape[axis]
        height, width = (size for k, size in enumerate(shape) if k != axis)
    return Encoded(height, width, channels, stored_as(dtype), pixels)


def stored_as(dtype: np.dtype) -> str:
    """Return which of uint8, uint16 and float32 holds values of ``dtype``.

    Raises:
        Unreadable: complex numbers, dates, text.
    """
    if dtype.name not in STORED:
        raise Unreadable(f"pixels of the type {dtype.name} are not supported; expected whole or real numbers")
    return STORED[dtype.name]


def stored(values: np.ndarray) -> np.ndarray:
    """Convert to the type of ``stored_as``; truth values become 0 and 255.

    Raises:
        Unreadable: whole numbers too large for float32 to hold exactly.
    """
    target = stored_as(values.dtype)
    if values.dtype == bool:
        return values.astype(np.uint8) * np.uint8(255)
    if (
        values.dtype.kind in "iu"
        and target == "float32"
        and values.size
        and max(-int(values.min()), int(values.max())) > 1 << 24
    ):
        raise Unreadable(
            f"whole numbers up to {values.max():,} do not fit float32, which is exact to {1 << 24:,}; rescale them"
        )
    return values.astype(target, copy=False)


def _tiff(data: bytes) -> Encoded:
    """Read through tifffile, which keeps any depth and number of channels; equal grey pages are channels."""
    import tifffile

    tiff = tifffile.TiffFile(io.BytesIO(data))
    pages = [page.aspage() for page in tiff.pages]
    pages = [page for page in pages if not page.is_reduced] or pages
    page = pages[0]
    kinds = {(p.shape, p.dtype) for p in pages}
    if len(kinds) > 1:
        raise Unreadable(
            f"{len(pages)} pages of different sizes or types ({', '.join(str(s) for s, _ in kinds)}); save one image a file"
        )
    if page.dtype is None or page.axes not in ("YX", "YXS", "SYX"):
        raise Unreadable(
            f"a TIFF with the axes {page.axes} of shape {page.shape}; expected height, width and perhaps channels"
        )
    if len(pages) > 1 and page.axes != "YX":
        raise Unreadable(f"{len(pages)} colour pages; save the page that counts as an image of its own")
    kind = page.photometric.name if hasattr(page.photometric, "name") else str(page.photometric)
    if kind not in ("MINISBLACK", "MINISWHITE", "RGB"):
        return _pillow(data)  # palette, CMYK, YCbCr: 8-bit colour models that Pillow turns into RGB
    height, width = page.imagelength, page.imagewidth
    channels = len(pages) if page.axes == "YX" else page.samplesperpixel

    def pixels(shrink: int) -> np.ndarray:
        try:
            values = np.stack([p.asarray() for p in pages], -1) if page.axes == "YX" else page.asarray()
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            return _tiff_by_pillow(data, stored_as(page.dtype), (height, width, channels), str(error))
        values = np.moveaxis(values, 0, -1) if page.axes == "SYX" else values
        values = stored(values)
        return values if kind != "MINISWHITE" else np.iinfo(values.dtype).max - values

    note = "1-bit to 8-bit grey" if page.dtype == bool else ""
    upright = page.tags.valueof(274, 1)
    return _oriented(Encoded(height, width, channels, stored_as(page.dtype), pixels, note), upright)


def _tiff_by_pillow(data: bytes, dtype: str, shape: tuple[int, ...], why: str) -> np.ndarray:
    """Read a compression that tifffile lacks, if Pillow can without loss."""
    with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
        target, channels, has, _ = MODES.get(image.mode, (None, 0, "", ""))
        if (has, channels) != (dtype, shape[2]) or getattr(image, "n_frames", 1) > 1:
            raise Unreadable(f"{why}; install imagecodecs, or save the file uncompressed or with deflate")
        array = np.asarray(image.convert(target) if target else image)
    return array.astype(dtype, copy=False).reshape(shape)


READERS: tuple[tuple[bytes, Callable[[bytes], Encoded]], ...] = (
    (JPEG, _jpeg),
    (b"\x89PNG\r\n\x1a\n", _png),
    *((magic, _tiff) for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    (b"\x93NUMPY", _npy),
)
