"""A convolution by its components: each input channel with its own kernel, the sum of these, and the bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convscope.explaining.components import Component, Components
from convscope.report.figures.inside.colours import SIGNED
from convscope.report.figures.style import MUTED, WIDE, Drawing, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 6  # input channels of a row; of more those that change most


def draw(components: Components) -> Drawing | None:
    """Draw a row for each output channel; ``None`` where there are no planes to be seen."""
    if components.shown[0].parts.ndim != 3:
        return None
    columns = min(MOST, components.shown[0].parts.shape[0])
    figure = canvas(WIDE, 1.42 * len(components.shown) + 0.1)
    grid = figure.subplots(len(components.shown), columns + 2, squeeze=False)
    for row, component in zip(grid, components.shown, strict=True):
        _row(list(row), component, columns)
    each = components.shown[0].parts.shape[0]
    fewer = f" Of {each} input channels the {columns} that vary most are shown; all are summed." if each > MOST else ""
    return Drawing(
        figure,
        f"{components.node}: a feature map is a sum of filtered channels",
        f"A row is one of {components.outputs} output channels (those with the largest numbers). Each panel is one "
        "input channel, filtered with the kernel drawn in its corner; their sum and the bias is the feature map. On "
        "the right is what PyTorch computed. One scale a row, orange below zero, violet above."
        f"{fewer} Largest difference of the sum from PyTorch: {components.difference:.1e}, of numbers up to "
        f"{components.largest:.3g}.",
    )  # fmt: skip


def _row(axes: list[Axes], component: Component, columns: int) -> None:
    spread = component.parts.reshape(len(component.parts), -1).std(1)
    shown = np.sort(np.argsort(-spread, kind="stable")[:columns])
    limit = max(float(np.abs(component.parts[shown]).max()), float(np.abs(component.total).max())) or 1.0
    weight = float(np.abs(component.kernels).max()) or 1.0
    for panel, at in zip(axes, shown, strict=False):
        panel.imshow(component.parts[at], SIGNED, vmin=-limit, vmax=limit, interpolation="none")
        _title(panel, f"channel {component.channels[at]} ⊛ kernel")
        corner = panel.inset_axes((0.0, 0.0, 0.3, 0.3))
        corner.imshow(component.kernels[at], SIGNED, vmin=-weight, vmax=weight, interpolation="none")
        corner.set(xticks=[], yticks=[])
        corner.spines[:].set_visible(True)
    for panel, values, title in (
        (axes[-2], component.total, f"sum + bias ({component.bias:+.3g})".replace("-", "\N{MINUS SIGN}")),
        (axes[-1], component.engine, f"PyTorch, map {component.channel}"),
    ):
        panel.imshow(values, SIGNED, vmin=-limit, vmax=limit, interpolation="none")
        _title(panel, title)


def _title(panel: Axes, words: str) -> None:
    panel.set_title(words, fontsize=6.5, fontweight="normal", color=MUTED, pad=3)
    panel.set_axis_off()
