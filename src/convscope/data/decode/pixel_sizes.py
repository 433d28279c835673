"""How large the pixels of a file are, where ImageJ or OME notes it: dots an inch say nothing of what is seen."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

NO_UNIT = {"", "pixel", "pixels", "px", "inch", "unknown"}
_WORDS = {"micron": "um", "microns": "um", "micrometer": "um", "meter": "m"}


class Sides(NamedTuple):
    """The distances of neighbouring pixels along depth, height and width, NaN where not known; "" is no unit."""

    steps: tuple[float, float, float]
    unit: str


UNKNOWN = Sides((math.nan, math.nan, math.nan), "")


def of_tiff(file: Any) -> Sides:
    """Return the sides of the pixels of an open ``TiffFile``."""
    if file.is_ome and file.ome_metadata:
        return _of_ome(file.ome_metadata)
    if not file.is_imagej:
        return UNKNOWN
    noted: Mapping[str, Any] = file.imagej_metadata or {}
    tags = file.pages.first.tags
    along = [tags.valueof(name) for name in ("YResolution", "XResolution")]  # pixels a unit, as a fraction
    if None in along or any(0 in fraction for fraction in along):
        return UNKNOWN
    down, across = (below / above for above, below in along)
    return Sides((float(noted.get("spacing", math.nan)), down, across), unit_of(str(noted.get("unit", ""))))


def _of_ome(text: str) -> Sides:
    sizes = [re.search(rf'PhysicalSize{axis}="([\d.eE+-]+)"', text) for axis in "ZYX"]
    depth, height, width = (float(size[1]) if size else math.nan for size in sizes)
    unit = re.search(r'PhysicalSizeXUnit="([^"]+)"', text)
    return Sides((depth, height, width), unit_of(unit[1] if unit else "um"))  # the schema's default


def unit_of(text: str) -> str:
    """Return a unit of length as ``--pixel-size`` has it, "" where a text is none.

    >>> unit_of("micron"), unit_of("µm"), unit_of(r"\\u00B5m"), unit_of("pixel")
    ('um', 'um', 'um', '')
    """
    text = text.strip().replace("\\u00B5", "u").replace("µ", "u").replace("μ", "u").replace("Å", "A")
    text = _WORDS.get(text.lower(), text)
    return "" if text.lower() in NO_UNIT or not re.fullmatch(r"[A-Za-z]\w*", text) else text


def of_image(path: Path) -> Sides:
    """Return the sides of the pixels of an image file; unknown of all but TIFF, and of what cannot be read."""
    import tifffile

    if not path.name.lower().endswith((".tif", ".tiff")):
        return UNKNOWN
    try:
        with tifffile.TiffFile(path) as file:
            return of_tiff(file)
    except (OSError, ValueError, tifffile.TiffFileError):
        return UNKNOWN
