"""Where points of an image are after it was augmented: they take the way that the pixels take.

A point is x and y in pixels from the centre of the upper left pixel, so that pixel (row, column) is the point (column,
row). A point may leave the image, and is then beside it; one that is missing (NaN) stays so. In a mirrored image points
change places as ``becomes`` says: what was the left eye is the right one.
"""

from __future__ import annotations

import numpy as np

from convscope.data.augment import automatic, elastic, geometry
from convscope.data.augment.draws import Draws
from convscope.data.augment.policy import Policy
from convscope.data.augment.views import View

Size = tuple[int, int]
Matrix = tuple[geometry.Rows, geometry.Rows]
_NEWTON = 12  # steps to invert a bend, which never folds: each doubles the digits


def follow(
    policy: Policy, points: np.ndarray, draws: Draws, shape: tuple[int, int, int], becomes: np.ndarray | None = None
) -> np.ndarray:
    """Return points (N, K, 2) of images of the ``shape`` (C, H, W) where ``policy`` moves them; float64.

    ``becomes`` (K,) says which point each one is in a mirrored image; by default the same.
    """
    channels, *size = shape
    height, width = size
    points = np.asarray(points, np.float64)
    whole = (len(points), channels, height, width)
    turns = automatic.rand_turns(draws, policy.randaugment, whole) if policy.randaugment else []
    turns += automatic.trivial_turns(draws, whole) if policy.trivialaugment else []
    for chosen, amount in turns:
        points = _mapped(points, *automatic.motion(chosen, amount, height, width), (height, width))
    warped = bool(policy.rotate or policy.scale or policy.elastic)
    points = _moved(policy, points, draws, (height, width), becomes, shift=0.0 if warped else policy.shift)
    if not warped:
        return points
    back, by = geometry.drawn(
        draws, height, width, rotate=policy.rotate, scale=policy.scale, shift=policy.shift
    )  # fmt: skip
    bend = elastic.nodes(draws, policy.elastic) if policy.elastic else None
    return _mapped(points, back, by, (height, width), bend)


def _moved(
    policy: Policy, points: np.ndarray, draws: Draws, size: Size, becomes: np.ndarray | None, *, shift: float
) -> np.ndarray:
    """Do what ``geometry.move`` does, which looks up the source of each result: here the last look-up comes first."""
    height, width = size
    x, y = points[..., 0], points[..., 1]
    if policy.rot90:
        quarters = draws.below("rot90", 4)[:, None]
        turned = quarters % 2 == 1
        x, y = np.where(turned, y, x), np.where(turned, x, y)
        x = np.where(np.isin(quarters, (2, 3)), width - 1 - x, x)
        y = np.where(np.isin(quarters, (1, 2)), height - 1 - y, y)
    across, upside = (
        draws.coin(f"flip {axis}") if on else np.zeros(len(points), bool)
        for axis, on in (("x", policy.hflip), ("y", policy.vflip))
    )
    x = np.where(across[:, None], width - 1 - x, x)
    y = np.where(upside[:, None], height - 1 - y, y)
    for name, most in ((geometry.cropped, policy.crop), (geometry.shifted, shift)):
        if most:
            x, y = x + name(draws, "x", width, most), y + name(draws, "y", height, most)
    moved = np.stack([x, y], axis=-1)
    return moved if becomes is None else np.where((across ^ upside)[:, None, None], moved[:, becomes], moved)


def _mapped(
    points: np.ndarray, back: tuple[geometry.Rows, geometry.Rows], shift: geometry.Rows, size: Size,
    bend: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Do what ``geometry.affine`` does: ``back`` leads from the result to the source, and so is inverted."""
    # Products and sums one by one, as for pixels: a matrix product's rounding may change with the batch.
    height, width = size
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    (a, b), (c, d) = back
    matrix = (a[:, None], b[:, None]), (c[:, None], d[:, None])
    by_x, by_y = shift[0][:, None] + centre_x, shift[1][:, None] + centre_y
    source_x, source_y = points[..., 0] - centre_x, points[..., 1] - centre_y
    x, y = _solved(matrix, source_x, source_y)
    x, y = x + by_x, y + by_y
    if bend is not None:
        x, y = _bent(x, y, (source_x, source_y), matrix, (by_x, by_y), bend, size)
    return np.stack([x, y], axis=-1)


def _bent(
    x: np.ndarray, y: np.ndarray, source: geometry.Rows, matrix: Matrix, by: geometry.Rows, bend: np.ndarray, size: Size
) -> geometry.Rows:
    """Solve for the places (x, y) whose source is given, where a bend adds to the linear map; from those without it."""
    height, width = size
    (a, b), (c, d) = matrix
    for _ in range(_NEWTON):
        displaced, slope = elastic.at(bend, np.stack([(x + 0.5) / width, (y + 0.5) / height], axis=-1))
        missed_x = a * (x - by[0]) + b * (y - by[1]) + displaced[..., 0] * width / 2 - source[0]
        missed_y = c * (x - by[0]) + d * (y - by[1]) + displaced[..., 1] * height / 2 - source[1]
        jacobian = (
            (a + slope[..., 0, 0] / 2, b + slope[..., 0, 1] * width / (2 * height)),
            (c + slope[..., 1, 0] * height / (2 * width), d + slope[..., 1, 1] / 2),
        )
        step_x, step_y = _solved(jacobian, missed_x, missed_y)
        x, y = x - step_x, y - step_y
    return x, y


def _solved(matrix: Matrix, x: np.ndarray, y: np.ndarray) -> geometry.Rows:
    """Return what the matrix of (N, K) entries takes to (x, y)."""
    (a, b), (c, d) = matrix
    area = a * d - b * c
    return (d * x - b * y) / area, (a * y - c * x) / area


def laid_back(points: np.ndarray, view: View, size: Size, becomes: np.ndarray | None = None) -> np.ndarray:
    """Return points (N, K, 2) of images laid down as ``view`` where they are in the images themselves.

    ``size`` (height, width) is that of the images as they are laid down.
    """
    height, width = size
    x, y = points[..., 0], points[..., 1]
    x = width - 1 - x if view.mirrored else x
    y = height - 1 - y if view.inverted else y
    for _ in range(view.quarters % 4):  # a quarter counter-clockwise took (x, y) to (y, width - 1 - x)
        x, y = height - 1 - y, x
        height, width = width, height
    back = np.stack([x, y], axis=-1)
    return back if becomes is None or view.mirrored == view.inverted else back[:, becomes]
