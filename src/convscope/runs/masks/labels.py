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

    ImageJ's form knows no whole numbers of 32 bits: volumes of such are OME-TIFF, other images have a size in
    centimetres.
    """
    import tifffile

    many = int(labels.max(initial=0)) > np.iinfo(np.uint16).max
    tifffile.imwrite(
        file,
        labels.astype(np.uint32 if many else np.uint16, copy=False),
        photometric="minisblack",
        compression="zlib",
        **_form("ZYX"[-labels.ndim :], pixel_size, imagej=not many),
    )


def write_probabilities(
    file: IO[bytes], probabilities: np.ndarray, names: Sequence[str], pixel_size: PixelSize | None = None
) -> None:
    """Write probabilities (H, W, K) or (D, H, W, K) float32 as a TIFF, a page for each class, by their ``names``.

    Of volumes the classes of a slice stand one after the other, as the channels of ImageJ do. Above 4 GB, which its
    form does not hold, it is a BigTIFF without the names.
    """
    import tifffile

    *space, K = probabilities.shape
    imagej = probabilities.nbytes <= MOST
    axes = "ZCYX" if len(space) == 3 else "CYX"
    pages = probabilities.reshape(-1, *space[-2:], K)
    form = _form(axes, pixel_size, imagej=imagej)
    if imagej:
        form["metadata"]["Labels"] = list(names) * len(pages)
    tifffile.imwrite(
        file,
        (np.ascontiguousarray(page[..., k]) for page in pages for k in range(K)),
        shape=(*space[:-2], K, *space[-2:]),
        dtype=np.float32,
        bigtiff=not imagej,
        photometric="minisblack",
        **form,
    )


def _form(axes: str, pixel_size: PixelSize | None, *, imagej: bool) -> dict[str, Any]:
    """Return how tifffile is told the axes and the size of a pixel: as ImageJ has it, else for volumes as OME does."""
    space = [axis for axis in axes if axis in "ZYX"]
    metadata: dict[str, Any] = {"axes": axes}
    if pixel_size is None:
        return {"imagej": imagej, "metadata": metadata}
    sizes, unit = pixel_size.of_axes(len(space)), pixel_size.unit
    per_unit = (1 / sizes[-1], 1 / sizes[-2])
    if imagej:
        spacing = {"spacing": sizes[0]} if len(space) == 3 else {}
        metadata |= {**({"unit": unit} if unit else {}), **spacing}
        return {"imagej": True, "resolution": per_unit, "metadata": metadata}
    if len(space) == 3:
        units = {f"PhysicalSize{axis}Unit": "µm" if unit == "um" else unit or "pixel" for axis in space}
        metadata |= {f"PhysicalSize{axis}": size for axis, size in zip(space, sizes, strict=True)} | units
        return {"ome": True, "metadata": metadata}
    centimetres = CENTIMETRES.get(unit)
    resolution = tuple(number / (centimetres or 1) for number in per_unit)
    return {"resolution": resolution, "resolutionunit": "CENTIMETER" if centimetres else "NONE", "metadata": metadata}
