"""Pictures and curves of a lab, in the style of the reports; each shows itself below its cell."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError

if TYPE_CHECKING:
    from convscope.report.figures.style import Figure

DPI = 110


@dataclass(frozen=True)
class Shown:
    """A drawing: a notebook shows it as a picture, a terminal says what it shows."""

    says: str
    draw: Callable[[], Figure]

    def __repr__(self) -> str:
        return f"<{self.says}>"

    def _repr_png_(self) -> bytes:
        from convscope.report.figures import style

        png = io.BytesIO()
        with style.applied():
            self.draw().savefig(png, format="png", dpi=DPI)
        return png.getvalue()


def pictures(images: Mapping[str, ArrayLike], *, across: int = 6, numbers: bool = False) -> Shown:
    """Show images (H, W) or (H, W, 3) under their titles; the range of each stands below it.

    Values without a sign go from black to white, those with one from orange over white (zero) to violet.
    ``numbers`` writes each value on its pixel.

    >>> pictures({"a step": [[0, 1], [0, 1]]})
    <picture of a step>
    """
    arrays = {title: np.asarray(image, dtype=float) for title, image in images.items()}
    for title, image in arrays.items():
        if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3) or not image.size:
            raise ShapeError(f"pictures: {title!r} must be (H, W) or (H, W, 3), found {image.shape}")

    def draw() -> Figure:
        from convscope.report.figures import panels

        return panels.pictures(arrays, across, numbers=numbers)

    return Shown(f"picture of {', '.join(arrays)}", draw)


def lines(
    curves: Mapping[str, ArrayLike], *, x: Sequence[float] | None = None, across: str = "", up: str = ""
) -> Shown:
    """Show curves (n,) in one plot, named in a legend; ``across`` and ``up`` say what the axes are.

    >>> lines({"signal": [0, 1, 0]})
    <plot of signal>
    """
    values = {title: np.asarray(curve, dtype=float) for title, curve in curves.items()}
    for title, curve in values.items():
        if curve.ndim != 1 or not curve.size or (x is not None and len(x) != len(curve)):
            raise ShapeError(f"lines: {title!r} must be one row of numbers, as long as x, found {curve.shape}")

    def draw() -> Figure:
        from convscope.report.figures import panels

        return panels.lines(values, x, across, up)

    return Shown(f"plot of {', '.join(values)}", draw)
