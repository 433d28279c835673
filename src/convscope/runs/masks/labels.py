"""Objects as a label TIFF: 0 is the background, every other value an object. ImageJ, napari and QuPath open it."""

from __future__ import annotations

from typing import IO, Any

import numpy as np

from convscope.runs.masks.pixel_size import PixelSize

CENTIMETRES = {"m": 100.0, "cm": 1.0, "mm": 0.1, "um": 1e-4, "micron": 1e-4, "nm": 1e-7}


def write_label_tiff(file: IO[bytes], labels: np.ndarray, pixel_size: PixelSize | None = None) -> None:
    """Write labels (H, W) or (D, H, W): 16 bits, 32 above 65,535 objects; with the size of a pixel where it is known.

    ImageJ knows no whole numbers of 32 bits: such a file has no description for it, and its size in centimetres.
    """
    import tifffile

    many = int(labels.max(initial=0)) > np.iinfo(np.uint16).max
    size = {} if pixel_size is None else _size(pixel_size, labels.ndim, many)
    described = {"axes": "ZYX"[-labels.ndim :], **size.pop("metadata", {})}
    tifffile.imwrite(
        file,
        labels.astype(np.uint32 if many else np.uint16, copy=False),
        imagej=not many,
        photometric="minisblack",
        compression="zlib",
        metadata=described,
        **size,
    )


def _size(pixel_size: PixelSize, axes: int, many: bool) -> dict[str, Any]:
    """Return how tifffile is told the size of a pixel."""
    sizes = pixel_size.of_axes(axes)
    if many:
        centimetres = CENTIMETRES.get(pixel_size.unit)
        resolution = tuple(1 / (size * (centimetres or 1)) for size in (sizes[-1], sizes[-2]))
        return {"resolution": resolution, "resolutionunit": "CENTIMETER" if centimetres else "NONE"}
    spacing = {"spacing": sizes[0]} if axes == 3 else {}
    return {"resolution": (1 / sizes[-1], 1 / sizes[-2]), "metadata": {"unit": pixel_size.unit, **spacing}}
