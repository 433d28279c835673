"""The sizes of objects, drawn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from convscope.report.figures import style
from convscope.report.figures.segmentation import areas


def test_the_axis_of_sizes_is_numbered_as_people_write() -> None:
    sizes = np.array([3, 40, 700, 12_000])
    with style.applied():
        drawing = areas.draw(cast(Any, SimpleNamespace(own=SimpleNamespace(areas=(sizes, sizes)))))
        assert drawing is not None
        (axes,) = drawing.figure.axes
        drawing.figure.canvas.draw()
        labels = [label.get_text() for label in axes.get_xticklabels()]
    assert "1,000" in labels and not any("$" in label for label in labels)
