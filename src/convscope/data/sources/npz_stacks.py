"""Clips and volumes in a NumPy archive: x (n, T, H, W) or (n, T, H, W, C), called clips or volumes, or told so.

Four axes an example are a clip's, unless they are said to be a volume's. Three axes are those of an image, unless none
of them can be the channels, as in a cube, or the array's name or the user says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from convscope.data.clips.stacks import ArrayStacks, Form
from convscope.data.listing import Listing
from convscope.data.sources import npz
from convscope.data.sources.arrays import channel_axis
from convscope.data.sources.columns import Columns, plain
from convscope.errors import DataError

WORDS: dict[Form, tuple[str, ...]] = {
    "video": ("clip", "video"),
    "volume": ("volume", "voxel", "scan"),
}
ASKED: dict[str, Form] = {"clips": "video", "volumes": "volume"}
CHANNELS = 4  # at most


def form_of(path: Path, columns: Columns) -> Form | None:
    """Return whether the examples of an archive are clips or volumes; ``None`` for images and others."""
    told = npz.input_of(path, columns)
    if told is None or columns.stacks == "slices":
        return None
    name, shape, _ = told
    if len(shape) not in (3, 4):
        return None
    if columns.stacks in ASKED:
        return ASKED[columns.stacks]
    for form, words in WORDS.items():
        if any(word in plain(name) for word in words):
            return form
    if len(shape) == 4:
        return "video"
    try:
        channel_axis(shape)
    except DataError:
        return "volume"
    return None


def read(path: Path, columns: Columns, form: Form) -> Listing:
    """List the clips or volumes of one ``.npz``; ``npz.read`` says what it raises."""
    listing = npz.read(path, columns, lambda shape: _layout(shape, form))
    images = listing.images
    assert isinstance(images, npz.ArrayImages)
    return replace(listing, images=ArrayStacks(form, listing.ids, images))


def frames_last(shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """Return what brings arrays (k, *shape) to (k, frames, height, width, channels); ``DataError`` for other axes."""
    if len(shape) == 3:
        return lambda block: block[..., None]
    if len(shape) == 4 and (axis := _channels(shape)) is not None:
        return lambda block: np.moveaxis(block, axis + 1, -1)
    raise DataError(
        f"cannot tell which axis of examples of shape {shape} holds the channels: expected (frames, height, "
        f"width), or with 1 to {CHANNELS} channels last"
    )


def _channels(shape: tuple[int, ...]) -> int | None:
    """Return which of four axes holds the channels: the last, else the second, else the first that may."""
    return next((axis for axis in (3, 1, 0) if shape[axis] <= CHANNELS), None)


def _layout(shape: tuple[int, ...], form: Form) -> npz.Layout:
    lay = frames_last(shape)
    laid = lay(np.empty((1, *shape), np.uint8)).shape[1:]
    first = "depth" if form == "volume" else "frames"
    return npz.Layout(laid, lay, f"{first} × height × width × channels")
