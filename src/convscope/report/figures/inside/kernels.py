"""The kernels of a layer for each of its input channels, a row or a column for each."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from convscope.report.figures.inside.colours import SIGNED
from convscope.report.figures.style import MUTED, WIDE, Drawing, canvas

OUTPUTS, INPUTS = 32, 16  # of a layer, as far as they are shown


def draw(node: str, kernels: np.ndarray) -> Drawing:
    """Draw kernels (O, I, \\*k) on one scale around zero; of volumes the middle slice of each."""
    outputs, inputs, *size = kernels.shape
    shown = kernels[:OUTPUTS, :INPUTS]
    planes = shown[..., None, :] if len(size) == 1 else shown[:, :, size[0] // 2] if len(size) == 3 else shown
    turned = planes.shape[0] > planes.shape[1]  # wide rather than tall
    planes = planes.swapaxes(0, 1) if turned else planes
    down, across, kh, kw = planes.shape
    sheet = np.full((down * (kh + 1) - 1, across * (kw + 1) - 1), np.nan)
    for i in range(down):
        for j in range(across):
            sheet[i * (kh + 1) : i * (kh + 1) + kh, j * (kw + 1) : j * (kw + 1) + kw] = planes[i, j]
    unit = min((WIDE - 1.2) / sheet.shape[1], 0.12)
    figure = canvas(max(3.2, unit * sheet.shape[1] + 1.2), max(1.2, unit * sheet.shape[0] + 0.4))
    axes = figure.subplots()
    limit = float(np.abs(shown).max()) or 1.0
    image = axes.imshow(sheet, SIGNED, vmin=-limit, vmax=limit, interpolation="none")
    axes.set(xticks=[], yticks=[], anchor="W")
    axes.set_xlabel("output channels →" if turned else "input channels →", fontsize=7)
    axes.set_ylabel("input channels" if turned else "← output channels", fontsize=7)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.02, aspect=12, ticks=MaxNLocator(3, symmetric=True))
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    bar.ax.set_title("weight", fontsize=8, color=MUTED, fontweight="normal")
    cut = [
        f" Of {count} {word} channels the first {most} are shown."
        for count, word, most in ((outputs, "output", OUTPUTS), (inputs, "input", INPUTS))
        if count > most
    ]
    sizes = "×".join(map(str, size))
    return Drawing(
        figure,
        f"{node}: a kernel for each input channel",
        f"{outputs} × {inputs} kernels of {sizes}, {outputs * inputs * int(np.prod(size)):,} weights; all share one "
        f"scale, orange below zero, violet above.{''.join(cut)}",
    )
