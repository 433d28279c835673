"""An image of any size brought to one: scaled without aliasing, cut, padded, or stretched."""

from __future__ import annotations

from typing import Literal

import numpy as np

Fit = Literal["crop", "pad", "squash", "centre", "keep"]


def fit_for(kind: str, asked: Fit | Literal["auto"]) -> Fit:
    """Return how images are resized beside targets of a kind: with points or numbers they are padded and lose nothing.

    With masks they keep their sizes: a resized mask is another one.

    >>> [fit_for(kind, "auto") for kind in ("points", "number", "class", "mask")], fit_for("points", "crop")
    (['pad', 'pad', 'crop', 'keep'], 'crop')
    """
    usual: dict[str, Fit] = {"points": "pad", "number": "pad", "mask": "keep", "instances": "keep"}
    return asked if asked != "auto" else usual.get(kind, "crop")


def resize(pixels: np.ndarray, height: int, width: int, fit: Fit) -> np.ndarray:
    """Bring (H, W, C) to (height, width, C), scaled without aliasing (bicubic over the area that becomes one pixel).

    Under ``keep`` it stays as it is.
    """
    H, W, _ = pixels.shape
    if (height, width) == (H, W) or fit == "keep":
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
