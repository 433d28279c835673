"""Objects as a label TIFF: 0 is the background, every other value an object; and probabilities, a page a class.

ImageJ, napari and QuPath open both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from convscope.runs.masks.pixel_size import PixelSize

MOST = 2**32 - 2**25  # bytes in a TIFF with offsets of 32 bits
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


def write_probabilities(
    file: IO[bytes], probabilities: np.ndarray, names: Sequence[str], pixel_size: PixelSize | None = None
) -> None:
    """Write probabilities (H, W, K) or (D, H, W, K) float32 as a TIFF, one class after the other, by their ``names``.

    Those of volumes, and above 4 GB, which ImageJ's form does not hold, it is a BigTIFF, without the names.
    """
    import tifffile

    volumes, large = probabilities.ndim > 3, probabilities.nbytes > MOST
    plain = volumes or large
    size = {} if pixel_size is None else _size(pixel_size, probabilities.ndim - 1, plain)
    described = (
        {"axes": "CZYX"}
        if volumes
        else {}
        if large
        else {"axes": "CYX", "Labels": list(names), **size.pop("metadata", {})}
    )
    tifffile.imwrite(
        file,
        (np.ascontiguousarray(probabilities[..., k]) for k in range(len(names))),
        shape=(len(names), *probabilities.shape[:-1]),
        dtype=np.float32,
        imagej=not plain,
        bigtiff=large,
        photometric="minisblack",
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
