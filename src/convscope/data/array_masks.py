"""Masks that are arrays at hand: what they mean, told as it is for files of masks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convscope.data.columns import Column, Ragged
from convscope.data.ingest.layout import Kind, layout
from convscope.data.learned import Learned, learned_masks
from convscope.data.listing import Masks
from convscope.data.masks.names import assign_names, parse_value
from convscope.data.options import LoadOptions, Masked
from convscope.data.patches import sizes_of
from convscope.data.sources.mask_arrays import ArrayMasks
from convscope.data.transforms import ImageTransform
from convscope.data.transforms.moments import channel_moments
from convscope.errors import ConfigError, DataError

CHANNELS = (1, 3, 4)  # of a mask: one number a pixel, or a colour
AT_ONCE = 16  # images whose mean is taken together

# what messages about files advise -> what an array's owner can do
ARGUMENTS = {
    ", or leave the pairs out with --skip-bad": "",
    " (turned by 90°: the image's EXIF tag turns it, or the mask was saved transposed; turn the mask)": " (transposed)",
    "--classes names": "names",
    "write one line value=name for each": "give them as {value: name}",
    "add a line value=name for each": "add them",
    "say --mask instances": "say mask='instances'",
    "--mask-threshold 128": "y >= 128",
    "--mask ": "mask=",
    "--ignore ": "ignore=",
    "--ignore": "ignore=",
}

Names = Sequence[str] | Mapping[int, str]


def are_masks(values: np.ndarray | Sequence[Any], images: Column) -> bool:
    """Tell whether targets are masks: one array (H, W) an image, of whole numbers, or as large as the images are.

    Whole numbers (n, K, 2) beside images of another width are points.
    """
    if images.spec.kind != "image" or isinstance(values, Mapping) or not len(values):
        return False
    if not all(isinstance(each, np.ndarray) for each in values):
        return False
    shapes = [np.shape(each) for each in values]
    if any(len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in CHANNELS) for shape in shapes):
        return False
    sizes = sizes_of(images)[:, :2].tolist()
    fit = len(sizes) == len(shapes) and all(list(shape[:2]) == size for shape, size in zip(shapes, sizes, strict=True))
    points = all(len(shape) == 2 and shape[1] == 2 for shape in shapes)
    return fit or (all(each.dtype.kind in "biu" for each in values) and not points)


def masks_of(
    values: np.ndarray | Sequence[np.ndarray],
    images: Column,
    ids: np.ndarray,
    *,
    mask: Masked = "auto",
    ignore: str | int | None = None,
    names: Names | None = None,
) -> tuple[Masks, Learned]:
    """Return n masks as what is to be learned of images, and as a column in memory.

    Raises ``DataError`` and ``ConfigError`` as ``masks.read_masks``: each mask must be as large as its image.
    """
    try:
        return _read(values, images, ids, mask, ignore, names)
    except (ConfigError, DataError) as error:
        text = str(error)
        for setting, argument in ARGUMENTS.items():
            text = text.replace(setting, argument)
        raise type(error)(text) from None


def _read(
    values: np.ndarray | Sequence[np.ndarray],
    images: Column,
    ids: np.ndarray,
    mask: Masked,
    ignore: str | int | None,
    names: Names | None,
) -> tuple[Masks, Learned]:
    arrays = [np.asarray(each) for each in values]

    def blocks() -> Iterator[np.ndarray]:
        return (each[None] for each in arrays)

    if names is None:
        listed: dict[float, str] = {}
    elif isinstance(names, Mapping):
        listed = {float(value): name for value, name in names.items()}
    else:
        listed = _assigned(list(names), arrays, ignore)
    masks = Masks(ArrayMasks(np.array([f"mask {name}" for name in ids]), "arrays", blocks), listed)
    options = LoadOptions(mask=mask, ignore=None if ignore is None else str(ignore), workers=1)
    sizes = sizes_of(images)[:, :2]
    with tempfile.TemporaryDirectory(prefix="convscope-") as root:
        learned = learned_masks(masks, sizes, options, Path(root), lambda what, done, total: None)
        column = learned.column
        assert isinstance(column, Ragged)
        kept = replace(column, values=np.array(column.values))  # the file goes with its folder
    return masks, replace(learned, column=kept)


def _assigned(names: list[str], arrays: list[np.ndarray], ignore: str | int | None) -> dict[float, str]:
    """Return the name of each value: counted from 0, or one for each that occurs."""
    occurring = np.unique(np.concatenate([np.unique(each) for each in arrays])) if arrays else np.zeros(0)
    void = [parse_value(part) for part in str(ignore).split(",")] if ignore is not None else []
    return assign_names("names", names, [value for value in occurring.tolist() if value not in void and value >= 0])


def transform_of(images: Column, rows: np.ndarray) -> ImageTransform:
    """Return the transform of images that keep their sizes, standardised by those of ``rows``."""
    channels = images.spec.shape[-1]
    if channels is None:
        raise DataError(f"{images.spec.name}: the images have different numbers of channels; bring them to one")
    kinds: dict[Kind, int] = {}
    for height, width in sizes_of(images)[:, :2].tolist():
        kind = Kind(height, width, channels, images.spec.dtype)
        kinds[kind] = kinds.get(kind, 0) + 1
    parts = np.array_split(rows, max(1, len(rows) // AT_ONCE))
    mean, std = channel_moments(images.stream(parts), channels)
    return replace(layout(kinds, None, "keep")[0], mean=mean, std=std, nodata=())
