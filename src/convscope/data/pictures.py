"""Raw images of any kind as something a screen can show, by a rule that is stated."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass

import numpy as np

AS_STORED = "Shown as stored."


@dataclass(frozen=True)
class Display:
    """How raw values become brightness: ``low`` is black, ``high`` is white; ``sentence`` says so for the reader."""

    low: float
    high: float
    sentence: str

    @classmethod
    def of(cls, images: np.ndarray) -> Display:
        """Choose the rule for images (n, C, H, W): bytes as they are if bright enough, all else stretched.

        >>> Display.of(np.full((1, 1, 2, 2), 200, np.uint8)).sentence
        'Shown as stored.'
        """
        channels = {
            1: "",
            2: " Channels 1 and 2 are shown as red and green.",
            3: "",
        }.get(images.shape[1], f" Of {images.shape[1]} channels the first three are shown as red, green and blue.")
        if images.dtype == np.uint8 and images.max(initial=0) >= 128:
            return cls(0, 255, AS_STORED + channels)
        finite = images[np.isfinite(images)]
        low, high = np.quantile(finite, [0.005, 0.995]) if finite.size else (0.0, 1.0)
        stretched = f"Brightness is stretched: {_plain(low)} and below is black, {_plain(high)} and above white."
        return cls(float(low), float(high) if high > low else float(low) + 1, stretched + channels)

    def show(self, image: np.ndarray) -> np.ndarray:
        """Return one raw image (C, H, W) as bytes (H, W, 3)."""
        scaled = np.nan_to_num((image.astype(np.float32) - self.low) / (self.high - self.low))
        shown = np.moveaxis(np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8), 0, -1)
        if shown.shape[-1] == 1:
            return np.repeat(shown, 3, axis=-1)
        if shown.shape[-1] == 2:
            return np.concatenate([shown, np.zeros_like(shown[..., :1])], axis=-1)
        return shown[..., :3]


def _plain(value: float) -> str:
    """Return a raw value for people.

    >>> _plain(10290.5), _plain(0.12345)
    ('10,290', '0.1235')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def as_shown(image: np.ndarray) -> np.ndarray:
    """Return one raw image (C, H, W) as bytes (H, W, 3), by the rule that is chosen for it alone.

    >>> as_shown(np.full((1, 1, 1), 200, np.uint8)).tolist()
    [[[200, 200, 200]]]
    """
    return Display.of(image[None]).show(image)


def tile(picture: np.ndarray, side: int) -> np.ndarray:
    """Return a picture (H, W, 3) about ``side`` long: of small ones pixels are repeated, of large ones averaged."""
    from PIL import Image

    longer = max(picture.shape[:2])
    if longer <= side:
        times = max(1, side // longer)
        return picture.repeat(times, axis=0).repeat(times, axis=1)
    size = [max(1, round(n * side / longer)) for n in (picture.shape[1], picture.shape[0])]
    return np.asarray(Image.fromarray(picture).resize((size[0], size[1]), Image.Resampling.BOX))


def sheet(rows: list[list[np.ndarray]], gap: int) -> np.ndarray:
    """Lay tiles (h, w, 3) of one size out in rows with ``gap`` transparent pixels between; bytes (H, W, 4)."""
    h, w, _ = rows[0][0].shape
    longest = max(map(len, rows))
    out = np.zeros((len(rows) * (h + gap) - gap, longest * (w + gap) - gap, 4), dtype=np.uint8)
    for i, row in enumerate(rows):
        for j, one in enumerate(row):
            out[i * (h + gap) : i * (h + gap) + h, j * (w + gap) : j * (w + gap) + w] = np.dstack(
                [one, np.full((h, w), 255, np.uint8)]
            )
    return out


def in_rows(frames: np.ndarray, fill: float = 0, columns: int | None = None) -> np.ndarray:
    """Lay frames (T, H, W, ...) out in rows of so many ``columns``, by default about a square, with lines between.

    >>> in_rows(np.ones((3, 1, 1)), columns=2).tolist()
    [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    count, height, width, *rest = frames.shape
    across = columns or math.ceil(math.sqrt(count))
    down = -(-count // across)
    laid = np.full((down * (height + 1) - 1, across * (width + 1) - 1, *rest), fill, frames.dtype)
    for at, frame in enumerate(frames):
        top, left = at // across * (height + 1), at % across * (width + 1)
        laid[top : top + height, left : left + width] = frame
    return laid


def moving_url(frames: np.ndarray, milliseconds: int = 120) -> str:
    """Return pictures (T, H, W, 3) as an animated GIF that stands in the page itself."""
    from PIL import Image

    file = io.BytesIO()
    first, *rest = (Image.fromarray(frame) for frame in frames)
    first.save(file, format="GIF", save_all=True, append_images=rest, duration=milliseconds, loop=0)
    return f"data:image/gif;base64,{base64.b64encode(file.getvalue()).decode()}"


def data_url(picture: np.ndarray, *, exact: bool = True) -> str:
    """Return bytes (H, W, 3) as a picture that stands in the page itself.

    PNG where the pixels are the image's own; where it was reduced anyway (not ``exact``) JPEG, a fifth of the size.
    """
    from PIL import Image

    file = io.BytesIO()
    if exact:
        Image.fromarray(picture).save(file, format="PNG", optimize=True)
    else:
        Image.fromarray(picture).save(file, format="JPEG", quality=90, subsampling=0)
    kind = "png" if exact else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def png(image: np.ndarray, side: int = 128) -> bytes:
    """Return a raw image (H, W, C) as the bytes of a PNG about ``side`` long, or as large as it is."""
    from PIL import Image

    first = np.moveaxis(image, -1, 0)
    shown = as_shown(first)
    file = io.BytesIO()
    Image.fromarray(tile(shown, max(side, *shown.shape[:2]))).save(file, format="PNG")
    return file.getvalue()


def pixels_png(pixels: np.ndarray) -> bytes:
    """Return pixels (H, W, C) from 0 to 1, of 1, 3 or 4 channels, as the bytes of a PNG."""
    from PIL import Image

    levels = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels).save(file, format="PNG")
    return file.getvalue()
