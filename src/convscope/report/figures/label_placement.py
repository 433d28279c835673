"""Names beside points, none over another: each takes the nearest free place around its point."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes

SIZE = 8.5  # points, of the names
_NEAR, _FAR = 8.0, 22.0  # points between a mark and its name
# Where a name may stand, the best first: direction of its nearest edge or corner.
_AROUND = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def place_names(axes: Axes, names: Sequence[str], at: np.ndarray, spans: np.ndarray, colours: Sequence[str]) -> None:
    """Write each name near its point of ``at`` (n, 2), clear of other names, points and the bars ``spans`` (n, 2).

    The figure's layout must be final but for these names: they are left out of it.
    """
    axes.figure.draw_without_rendering()  # pyright: ignore[reportAttributeAccessIssue]
    scale = axes.figure.dpi / 72
    centres = axes.transData.transform(at) / scale  # in points
    ends = [axes.transData.transform(np.column_stack([at[:, 0], spans[:, k]])) / scale for k in (0, 1)]
    frame = axes.get_window_extent().frozen().transformed(axes.figure.dpi_scale_trans.inverted())
    inside = np.array([frame.x0 - 0.1, frame.y0, frame.x1 + 0.1, frame.y1]) * 72
    taken = [np.array([x - 4, y - 4, x + 4, y + 4]) for x, y in centres]
    taken += [
        np.array([x - 1.5, min(y, z), x + 1.5, max(y, z)]) for (x, y), (_, z) in zip(ends[0], ends[1], strict=True)
    ]
    for n, name in enumerate(names):
        box, offset, far = _best(centres[n], name, taken, inside)
        taken.append(box)
        sides = {-1: "right", 0: "center", 1: "left"}, {-1: "top", 0: "center", 1: "bottom"}
        note = axes.annotate(
            name, at[n], offset, textcoords="offset points", fontsize=SIZE, color=colours[n],
            ha=sides[0][int(np.sign(offset[0]))], va=sides[1][int(np.sign(offset[1]))],
            arrowprops={"arrowstyle": "-", "color": colours[n], "linewidth": 0.5, "alpha": 0.6} if far else None,
        )  # fmt: skip
        note.set_in_layout(False)


def _best(
    centre: np.ndarray, name: str, taken: list[np.ndarray], inside: np.ndarray
) -> tuple[np.ndarray, tuple[float, float], bool]:
    """Return the box of the least crowded place, its offset from the point, and whether it needs a line to it."""
    width, height = 0.68 * SIZE * len(name), 1.45 * SIZE
    choices = []
    for far, (right, up) in product((_NEAR, _FAR, 2 * _FAR), _AROUND):
        step = far if not (right and up) else 0.7 * far
        offset = (right * step, up * step)
        x = centre[0] + offset[0] + (right - 1) / 2 * width
        y = centre[1] + offset[1] + (up - 1) / 2 * height
        box = np.array([x, y, x + width, y + height])
        crowded = sum(_overlap(box, other) for other in taken) + 3 * (width * height - _overlap(box, inside))
        choices.append((round(crowded, 3), far, len(choices), box, offset))
    _, far, _, box, offset = min(choices, key=lambda choice: choice[:3])
    return box, offset, far > _NEAR


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    return float(sides.clip(min=0).prod())
