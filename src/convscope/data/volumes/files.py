"""One file → a volume (D, H, W, C) and the distances of its voxels; the values are read when they are asked for."""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convscope.data.decode.encoded import Unreadable, stored_as
from convscope.data.decode.pixel_sizes import UNKNOWN, Sides, of_tiff, unit_of
from convscope.errors import ConfigError

TIFF, NUMPY, NIFTI = (".tif", ".tiff"), (".npy",), (".nii", ".nii.gz")
ENDINGS = (*TIFF, *NUMPY, *NIFTI)
FEW = 4  # channels at most, on an axis of which nothing says what it is

Spacing = tuple[float, float, float]


class NoVolume(Unreadable):
    """An array without a depth."""


@dataclass(frozen=True)
class Volume:
    """A volume of ``shape`` (D, H, W, C) that ``read`` returns, mapped where the file allows it.

    ``dtype`` is the type that it is stored in, uint8, uint16 or float32; what ``read`` returns is of the file's own.
    ``spacing`` is the distance of neighbouring voxels along depth, height and width, ``None`` where the file does not
    say it, in ``unit``, "" where that is not said.
    """

    shape: tuple[int, int, int, int]
    dtype: str
    read: Callable[[], np.ndarray]
    spacing: Spacing | None = None
    unit: str = ""


def is_volume(name: str) -> bool:
    """Return whether a file's ending is one of a file that can hold a volume."""
    return name.lower().endswith(ENDINGS)


def is_deep(source: Path | bytes, name: str) -> bool:
    """Return whether a file holds a volume, not a single slice; one that cannot be read is not told to be a slice."""
    try:
        open_volume(source, name)
    except NoVolume:
        return False
    except Unreadable:
        return True
    return True


def open_volume(source: Path | bytes, name: str) -> Volume:
    """Read the header of a file, given by its path or its bytes; the ending of ``name`` says what it is.

    Raises:
        Unreadable: the file is damaged, or holds no volume.
        ConfigError: a NIfTI file, without nibabel.
    """
    ending = name.lower()
    try:
        if ending.endswith(NIFTI):
            return _nifti(source)
        return _numpy(source) if ending.endswith(NUMPY) else _tiff(source)
    except (Unreadable, ConfigError, MemoryError):
        raise
    except Exception as error:  # whatever a decoder raises on a file is a verdict on this file
        raise Unreadable(f"damaged, or no volume: {error or type(error).__name__}") from None


def _numpy(source: Path | bytes) -> Volume:
    values = np.load(source, mmap_mode="r") if isinstance(source, Path) else np.load(io.BytesIO(source))
    axes = "ZYX" if values.ndim == 3 else "ZYXC" if values.ndim == 4 and values.shape[-1] <= FEW else "CZYX"
    return _volume(axes, values.shape, values.dtype, lambda: values)


def _tiff(source: Path | bytes) -> Volume:
    import tifffile

    with tifffile.TiffFile(source if isinstance(source, Path) else io.BytesIO(source)) as file:
        series = file.series[0]
        if len(file.series) > 1 and any(part.shape != series.shape for part in file.series):
            raise Unreadable("several images of different sizes; save one volume a file")
        if series.dtype is None:
            raise Unreadable("samples of an unusual depth; save it with 8, 16 or 32 bits")
        axes, shape = _without_ones(series.axes, series.shape)
        pages = len(file.series)  # bare pages, each a series of its own
        axes, shape = ("I" + axes, (pages, *shape)) if pages > 1 else (axes, shape)
        sides = of_tiff(file)

    def read() -> np.ndarray:
        with tifffile.TiffFile(source if isinstance(source, Path) else io.BytesIO(source)) as file:
            parts = [part.asarray(maxworkers=1) for part in file.series]
            return (np.stack(parts) if len(parts) > 1 else parts[0]).reshape(shape)

    return _volume(axes, shape, series.dtype, read, sides)


def _without_ones(axes: str, shape: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Return axes and shape without further axes of length 1, while there are more than three.

    >>> _without_ones("TZCYX", (1, 30, 2, 64, 64)), _without_ones("IYX", (1, 8, 8))
    (('ZCYX', (30, 2, 64, 64)), ('IYX', (1, 8, 8)))
    """
    kept = list(zip(axes, shape, strict=True))
    for axis in [axis for axis, size in kept if size == 1 and axis not in "ZYX"]:
        if len(kept) > 3:
            kept = [pair for pair in kept if pair[0] != axis]
    return "".join(axis for axis, _ in kept), tuple(size for _, size in kept)


def _nifti(source: Path | bytes) -> Volume:
    try:
        import nibabel  # pyright: ignore[reportMissingImports]  the extra "volumes"
    except ImportError:
        raise ConfigError(
            "NIfTI files (.nii, .nii.gz) are read by nibabel, which is not installed; install it with pip install "
            "'convscope[volumes]', or save the volumes as .npy or TIFF"
        ) from None
    if isinstance(source, Path):
        image: Any = nibabel.load(source)  # pyright: ignore[reportAttributeAccessIssue]
    else:
        raw = gzip.decompress(source) if source[:2] == b"\x1f\x8b" else source
        image = nibabel.Nifti1Image.from_bytes(raw)  # pyright: ignore[reportAttributeAccessIssue]
    shape, axes = tuple(reversed(image.shape)), {3: "ZYX", 4: "CZYX", 5: "CTZYX"}.get(len(image.shape), "")
    axes, shape = _without_ones(axes, shape) if axes else (axes, shape)
    slope, inter = image.dataobj.slope, image.dataobj.inter
    dtype = image.get_data_dtype() if (slope, inter) == (1, 0) else np.dtype(np.float32)
    across, down, apart = (*(float(step) for step in image.header.get_zooms()[:3]), math.nan, math.nan, math.nan)[:3]
    sides = Sides((apart, down, across), unit_of(image.header.get_xyzt_units()[0]))

    def read() -> np.ndarray:
        return np.asarray(image.dataobj, dtype).T.reshape(shape)

    return _volume(axes, shape, dtype, read, sides)


def _checked(spacing: Spacing) -> Spacing | None:
    """Return a spacing, or ``None`` unless all of it is known."""
    known = all(math.isfinite(step) and step > 0 for step in spacing)
    rounded = [float(f"{step:.6g}") for step in spacing]  # of float32, of a fraction
    return (rounded[0], rounded[1], rounded[2]) if known else None


def _volume(
    axes: str, shape: tuple[int, ...], dtype: np.dtype, read: Callable[[], np.ndarray], sides: Sides = UNKNOWN
) -> Volume:
    """Return a volume from an array whose axes are named; those that are not Y, X, C or S are depth."""
    channels = next((at for at, axis in enumerate(axes) if axis in "CS"), None)
    if channels is None and len(shape) == 4 and axes.startswith("QQ"):  # a shape is noted, but not its axes
        channels = 3 if shape[3] <= FEW else 0 if shape[0] <= FEW else None
    if len(shape) - (channels is not None) != 3:
        sizes = " × ".join(f"{size:,}" for size in shape)
        raise NoVolume(f"an array of {sizes}; expected a volume: depth × height × width, perhaps with channels")
    if dtype.hasobject:
        raise Unreadable("holds Python objects, which only pickle can load and which may run any code; refused")
    size = [length for at, length in enumerate(shape) if at != channels]
    if not all(shape):
        raise Unreadable(f"holds nothing: its shape is {shape}")

    def channels_last() -> np.ndarray:
        values = read()
        return values[..., None] if channels is None else np.moveaxis(values, channels, -1)

    number = 1 if channels is None else shape[channels]
    spacing = _checked(sides.steps)
    unit = sides.unit if spacing else ""
    return Volume((size[0], size[1], size[2], number), stored_as(dtype), channels_last, spacing, unit)
