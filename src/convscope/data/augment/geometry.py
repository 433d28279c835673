"""Moving the pixels: whole-pixel motions as one look-up, everything else as one interpolation.

What moves in over the border repeats the border (shift, rotate, scale) or mirrors it (crop); nothing wraps
around, and no black frame appears. Each sample's result depends on that sample alone, to the last bit: the
index maps and sampling points are computed sample by sample, never by a batched matrix product, whose
rounding may change with the batch size.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from convscope.data.augment.draws import Draws
from convscope.data.augment.elastic import field
from convscope.errors import ShapeError


def move(
    x: Tensor,
    draws: Draws,
    *,
    hflip: bool = False,
    vflip: bool = False,
    rot90: bool = False,
    crop: float = 0.0,
    shift: float = 0.0,
) -> Tensor:
    """Flip, turn by quarters, crop and shift the images x (N, C, H, W), exactly: one gather of whole pixels.

    ``crop`` and ``shift`` are the largest displacement as a fraction of each side; ``crop`` cuts the window
    out of the image mirrored at its border (abc → cb|abc|ba), ``shift`` repeats the border (abc →
    aa|abc|cc).
    """
    N, C, H, W = x.shape
    down, along = (
        torch.from_numpy(part).to(x.device)
        for part in look_ups(draws, H, W, hflip=hflip, vflip=vflip, rot90=rot90, crop=crop, shift=shift)
    )
    source = (down[:, :, None] + along[:, None, :]).view(N, 1, H * W)
    return x.reshape(N, C, H * W).gather(2, source.expand(N, C, H * W)).view(N, C, H, W)


def look_ups(
    draws: Draws, H: int, W: int, *, hflip: bool, vflip: bool, rot90: bool, crop: float, shift: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts (N, H) and (N, W) whose sum is the position in a flat image behind each pixel of the result."""
    N = len(draws.rows)
    row = _steps(draws, "y", H, vflip, crop, shift)  # (N, H): the input row behind each output row
    column = _steps(draws, "x", W, hflip, crop, shift)  # (N, W)
    row_stride, column_stride = np.full(N, W), np.ones(N, np.int64)
    if rot90:
        if H != W:
            raise ShapeError(f"rot90 needs square images; these are {H} high and {W} wide")
        quarters = draws.below("rot90", 4)  # counter-clockwise; an odd one exchanges rows and columns
        row = np.where(np.isin(quarters, (1, 2))[:, None], H - 1 - row, row)
        column = np.where(np.isin(quarters, (2, 3))[:, None], W - 1 - column, column)
        turned = quarters % 2 == 1
        row_stride, column_stride = np.where(turned, 1, W), np.where(turned, W, 1)
    return row * row_stride[:, None], column * column_stride[:, None]


def _steps(draws: Draws, axis: str, size: int, flip: bool, crop: float, shift: float) -> np.ndarray:
    """Return the input index behind each output index along one axis, (N, size) int64."""
    index = np.broadcast_to(np.arange(size), (len(draws.rows), size))
    if shift:
        index = np.clip(index - shifted(draws, axis, size, shift), 0, size - 1)
    if crop:
        index = np.abs(index - cropped(draws, axis, size, crop))
        index = np.minimum(index, 2 * (size - 1) - index)
    if flip:
        index = np.where(draws.coin(f"flip {axis}")[:, None], size - 1 - index, index)
    return index


def beyond(draws: Draws, axis: str, size: int, crop: float, shift: float) -> np.ndarray:
    """Return which places of the result show what lies over the border along one axis, (N, size) bool."""
    index = np.broadcast_to(np.arange(size), (len(draws.rows), size))
    over = np.zeros(index.shape, bool)
    for displacement, most in ((shifted, shift), (cropped, crop)):
        if most:
            index = index - displacement(draws, axis, size, most)
            over |= (index < 0) | (index >= size)
            index = np.clip(index, 0, size - 1)
    return over


def shifted(draws: Draws, axis: str, size: int, shift: float) -> np.ndarray:
    """Return by how many whole pixels each sample is shifted along an axis, (N, 1)."""
    return _displacement(draws, f"shift {axis}", shift * size)


def cropped(draws: Draws, axis: str, size: int, crop: float) -> np.ndarray:
    """Return by how many whole pixels the window of each sample moves its image along an axis, (N, 1)."""
    return _displacement(draws, f"crop {axis}", min(crop * size, size - 1))


def _displacement(draws: Draws, purpose: str, most: float) -> np.ndarray:
    """Return whole pixels from -most to most, (N, 1)."""
    whole = round(most)
    return (draws.below(purpose, 2 * whole + 1) - whole)[:, None]


def warp(
    x: Tensor, draws: Draws, *, rotate: float = 0.0, scale: float = 0.0, shift: float = 0.0, elastic: float = 0.0
) -> Tensor:
    """Rotate, zoom, shift and bend the images x (N, C, H, W) about their centre in one bilinear interpolation.

    The angle lies within ± ``rotate`` degrees (positive is counter-clockwise as seen), the zoom within
    1 ± ``scale``, the shift within ± ``shift`` of each side, and what ``elastic`` adds within as much again.
    """
    H, W = x.shape[2:]
    back, by = drawn(draws, H, W, rotate=rotate, scale=scale, shift=shift)
    return affine(x, back, by, field(x.shape, draws, elastic, x) if elastic else None)


Rows = tuple[np.ndarray, np.ndarray]


def drawn(
    draws: Draws, height: int, width: int, *, rotate: float, scale: float, shift: float
) -> tuple[tuple[Rows, Rows], Rows]:
    """Return the inverse of each sample's turn and zoom, and its shift in pixels, as ``affine`` takes them."""
    angle = np.radians(draws.uniform("rotate", -rotate, rotate))
    zoom = draws.uniform("scale", 1 - scale, 1 + scale)
    down = draws.uniform("shift y", -shift * height, shift * height)
    along = draws.uniform("shift x", -shift * width, shift * width)
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    return ((cos, -sin), (sin, cos)), (along, down)


def affine(x: Tensor, back: tuple[Rows, Rows], shift: Rows, bend: Tensor | None = None) -> Tensor:
    """Shift each image of x (N, C, H, W) by ``shift`` (along, down) pixels after a linear map about its centre.

    ``back`` is the inverse of the map, from places (along, down) in the result to places in the image; its and the
    shift's numbers are (N,) each. ``bend`` (N, H, W, 2) is added to the places, in units of half a side.
    """
    places = grid(x, back, shift, bend)
    return functional.grid_sample(x, places, mode="bilinear", padding_mode="border", align_corners=False)


def grid(x: Tensor, back: tuple[Rows, Rows], shift: Rows, bend: Tensor | None = None) -> Tensor:
    """Return the place in its image behind each pixel of ``affine``'s result, (N, H, W, 2): along, then down.

    They count from -1 to 1 between the outer edges of the border pixels, as ``grid_sample`` does.
    """
    H, W = x.shape[2:]
    ((a, b), (c, d)), (along, down) = back, shift
    across = np.arange(W) - (W - 1) / 2 - along[:, None]  # (N, W): pixels from the centre, the shift undone
    y = np.arange(H) - (H - 1) / 2 - down[:, None]
    from_columns = _points(a[:, None] * across * (2 / W), c[:, None] * across * (2 / H), x)
    from_rows = _points(b[:, None] * y * (2 / W), d[:, None] * y * (2 / H), x)
    places = torch.view_as_real(from_columns[:, None, :] + from_rows[:, :, None])  # (N, H, W, 2)
    return places if bend is None else places + bend


def _points(along: np.ndarray, down: np.ndarray, x: Tensor) -> Tensor:
    """Return points (N, size) as complex numbers: both coordinates are added at once, twice as fast."""
    return torch.view_as_complex(torch.from_numpy(np.stack((along, down), -1)).to(x))
