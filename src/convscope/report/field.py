"""A unit's field drawn over an image, into a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convscope.analysis.exact_fields import Field
from convscope.errors import ConfigError
from convscope.report.picture import check_name, write_picture

AXES = {1: ("positions",), 2: ("channels", "positions"), 3: ("rows", "columns")}  # as far as they are drawn


def write_field(field: Field, pixels: np.ndarray | None, out: Path) -> Path:
    """Draw a field over raw pixels (H, W, C) of any range (None: over grey) into a PNG or SVG file.

    A pixel counts when any of its channels is seen; a signal (C, length) has a row per channel. ``ConfigError`` for
    another kind of file, or for an input of more axes.
    """
    from convscope.report.figures import field as figure

    check_name(out)
    axes = AXES.get(len(field.places.shape))
    if axes is None:
        raise ConfigError(f"--field: an input {field.places.shape} has too many axes to be drawn: an image has three")
    mask = field.places.mask()
    seen = np.asarray(mask.any(0) if mask.ndim == 3 else np.atleast_2d(mask))
    image = np.full(seen.shape, 0.6) if pixels is None else _shares(pixels)
    spans = [field.places.along(axis) for axis in range(mask.ndim)][-len(axes) :]
    where = ", ".join("all" if one is None else str(one) for one in field.at)
    said = "sees nothing"
    if all(map(len, spans)):
        ranges = ", ".join(f"{name} {span[0]}..{span[-1]}" for name, span in zip(axes, spans, strict=True))
        numbers = "pixels" if mask.ndim == 3 else "numbers"
        said = f"{ranges}: {int(seen.sum()):,} of {seen.size:,} {numbers} ({seen.mean():.1%})"
    if field.unknown:
        said = f"unknown behind {', '.join(field.unknown[:3])}; at least: {said}"
    return write_picture(lambda: figure.draw(image, seen, f"What {field.node} [{where}] sees", said), out)


def _shares(pixels: np.ndarray) -> np.ndarray:
    """Return an image (H, W, C) as grey or RGB from 0 to 1, over its own range where it is not 8-bit."""
    scaled = pixels.astype(float)
    low, high = (0.0, 255.0) if pixels.dtype == np.uint8 else (float(scaled.min()), float(scaled.max()))
    scaled = (scaled - low) / ((high - low) or 1)
    return scaled[..., :3] if scaled.shape[-1] >= 3 else scaled[..., 0]
