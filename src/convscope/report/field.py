"""A unit's field drawn over an image, into a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convscope.analysis.fields import Field
from convscope.errors import ConfigError
from convscope.report.picture import check_name, write_picture


def write_field(field: Field, pixels: np.ndarray | None, out: Path) -> Path:
    """Draw a field over raw pixels (H, W, C) of any range (None: over grey) into a PNG or SVG file.

    A channel that is not seen counts as long as another one is. ``ConfigError`` for another kind of file, or for an
    input that is no image.
    """
    from convscope.report.figures import field as figure

    check_name(out)
    if len(field.places.shape) != 3:
        raise ConfigError(f"--field: an input {field.places.shape} is no image (channels, height, width) to draw over")
    seen = np.asarray(field.places.mask().any(0))
    image = np.full(seen.shape, 0.6) if pixels is None else _shares(pixels)
    rows, columns = (field.places.along(axis) for axis in (1, 2))
    where = ", ".join("all" if one is None else str(one) for one in field.at)
    said = "sees nothing"
    if len(rows):
        said = (
            f"rows {rows[0]}..{rows[-1]}, columns {columns[0]}..{columns[-1]}: {int(seen.sum()):,} of {seen.size:,} "
            f"pixels ({seen.mean():.1%})"
        )
    return write_picture(lambda: figure.draw(image, seen, f"What {field.node} [{where}] sees", said), out)


def _shares(pixels: np.ndarray) -> np.ndarray:
    """Return an image (H, W, C) as grey or RGB from 0 to 1, over its own range where it is not 8-bit."""
    found = pixels.astype(float)
    low, high = (0.0, 255.0) if pixels.dtype == np.uint8 else (float(found.min()), float(found.max()))
    found = (found - low) / ((high - low) or 1)
    return found[..., :3] if found.shape[-1] >= 3 else found[..., 0]
