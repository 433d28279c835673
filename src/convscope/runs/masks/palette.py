"""A class map as a palette PNG: its values are the class numbers, and any viewer shows colours."""

from __future__ import annotations

import colorsys
import functools
import io
import json
from collections.abc import Sequence

import numpy as np

VOID = 255
# Black, then Okabe and Ito's colours, which are told apart with any colour vision (jfly.uni-koeln.de/color), then
# those of Tol's "muted" scheme that differ from them.
_FIRST = bytes.fromhex(
    "000000 e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7 "
    "332288 88ccee 117733 999933 882255 44aa99 aa4499 ddcc77 cc6677"
)


@functools.cache
def colours() -> np.ndarray:
    """Return the colour (256, 3) uint8 of each class: the same in every file, white for what is not scored.

    >>> colours()[[0, 1, 255]].tolist()
    [[0, 0, 0], [230, 159, 0], [255, 255, 255]]
    """
    table = np.full((VOID + 1, 3), 255, np.uint8)
    first = np.frombuffer(_FIRST, np.uint8).reshape(-1, 3)
    table[: len(first)] = first
    for k in range(len(first), VOID):  # hues a golden section apart: neighbours in number are far apart in colour
        colour = colorsys.hls_to_rgb(k * 0.6180339887 % 1, (0.35, 0.5, 0.65)[k % 3], (0.9, 0.55)[k % 2])
        table[k] = [round(255 * part) for part in colour]
    return table


def palette_png(mask: np.ndarray, names: Sequence[str]) -> bytes:
    """Return a mask (H, W) uint8 as the bytes of a palette PNG; ``names`` stand in its text "Classes" as JSON.

    Read as it is stored (not converted to RGB) it gives the class numbers again.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    picture = Image.fromarray(np.ascontiguousarray(mask, np.uint8), mode="L")
    picture.putpalette(colours().tobytes())
    text = PngInfo()
    text.add_itxt("Classes", json.dumps(list(names), ensure_ascii=False))
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=text)
    return file.getvalue()
