"""How large the parts of volumes are that a network is trained on, and how it treats an axis of coarse steps."""

from __future__ import annotations

import math

import numpy as np

from convscope.data.volumes.files import Spacing

VOXELS = 1 << 18  # of a part: 64³, or 16 × 128 × 128 where slices lie eight times as far apart as pixels
MULTIPLE = 16  # of the sides of a part: what a network of five levels divides by
COARSE = 2.5  # times the finest step: from there on neighbours along an axis are too far apart to be mixed


def part_size(shapes: np.ndarray, spacing: Spacing | None, side: int | None = None) -> tuple[int, int, int]:
    """Return the size (depth, height, width) of parts of volumes of ``shapes`` (n, 3): alike in what they measure.

    A part has ``VOXELS`` and is a cube where the spacing is the same along all axes or not known, else as much less
    deep as slices lie further apart; it is no larger than the largest volume. ``side`` overrides height and width.

    >>> part_size(np.array([[100, 512, 512]]), (8.0, 1.0, 1.0)), part_size(np.array([[20, 512, 512]]), None)
    ((16, 128, 128), (20, 112, 112))
    """
    largest = shapes.max(0).tolist()
    apart = 1.0 if spacing is None else spacing[0] / min(spacing[1:])
    depth = min(largest[0], max(1, round((VOXELS / apart**2) ** (1 / 3))))
    across = side or max(MULTIPLE, MULTIPLE * round(math.sqrt(VOXELS / depth) / MULTIPLE))
    height, width = (min(across, size) for size in largest[1:])
    return depth, height, width


def flat_levels(spacing: Spacing | None, levels: int) -> int:
    """Return in how many of a network's ``levels`` nothing is done across slices, which halve the pixels each.

    >>> flat_levels((50.0, 4.0, 4.0), 4), flat_levels((1.0, 1.0, 1.0), 4), flat_levels((2.0, 1.0, 1.0), 4)
    (3, 0, 0)
    """
    if spacing is None:
        return 0
    apart = spacing[0] / min(spacing[1:])
    return min(levels - 1, max(0, math.ceil(math.log2(apart / COARSE)))) if apart > COARSE else 0
