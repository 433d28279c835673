"""One number as pictures: where its window lies, window × kernel = products, the sum; a way down is a row a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convscope.report.figures import trace_signal, trace_text
from convscope.report.figures.kernels import COLOURS
from convscope.report.figures.style import INK, MUTED, ORANGE, TEAL, WIDE
from convscope.report.text import shorten
from convscope.tracing.forward import PIXEL, WEIGHT, without_example
from convscope.tracing.grid import Grid, grid
from convscope.tracing.table import name, number
from convscope.tracing.terms import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

IMAGE, PANELS, LINE = 2.6, 1.5, 0.19  # inches: the image on top, a row of panels, a line of text
WRITTEN = 5  # cells along an axis, up to which their numbers are written in
MOST = 136  # characters in a line
ABOVE = 38  # characters above the map, up to the window beside it
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class _Row:
    """Lines of text, and the panels below the last of them: none for a number that has one operand."""

    lines: list[str]
    trace: Trace | None = None
    grid: Grid | None = None

    @property
    def height(self) -> float:
        return LINE * (len(self.lines) + 0.6) + (PANELS if self.trace else 0)


def draw(chain: Sequence[Trace], seen: np.ndarray | None = None, token: int | None = None) -> Figure:
    """Draw a number, and those that follow it on a way down, each in a row of panels; one operand is a line of text.

    ``seen`` (H, W) of bool: the pixels of the input that the first number depends on, of a signal or text (1, T).
    ``token`` is the position of the token of a text at which the way ends.
    """
    rows, image, signal, text = _rows(chain), _image(chain[0]), _signal(chain[0]), chain[0].forward.letters
    heights = [*([IMAGE] if image is not None or signal is not None or text else []), *(row.height for row in rows)]
    figure = Figure(figsize=(WIDE, sum(heights)))
    parts = list(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    if image is not None:
        _whole(parts.pop(0), chain, image, seen)
    if signal is not None:
        trace_signal.draw(parts.pop(0), chain, signal, seen)
    if text:
        trace_text.draw(parts.pop(0), chain, seen, token)
    for part, row in zip(parts, rows, strict=True):
        _row(part, row)
    return figure


def _rows(chain: Sequence[Trace]) -> list[_Row]:
    rows: list[_Row] = []
    lines: list[str] = []
    for trace in chain:
        lines += _said(trace)
        terms = _window(trace) if "winner" in trace.facts else grid(trace) if len(trace) > 1 else None
        if terms is not None:
            rows.append(_Row(lines, trace, terms))
            lines = []
    return [*rows, _Row(lines)] if lines else rows


def _said(trace: Trace) -> list[str]:
    passed = f" (through {', '.join(trace.passed)})" if trace.passed else ""
    said = f"{name(trace)} = {_minus(number(trace.total))}   {trace.op}{passed}"
    if trace.op in (PIXEL, WEIGHT):
        said = f"{name(trace)} = {_minus(number(trace.total))}   {trace.remark}"
    elif trace.remark:
        said += f":  {trace.remark}"
    elif len(trace) > 1 and grid(trace) is None:
        said += f":  {len(trace)} terms, the largest {_minus(number(trace.largest(1)[0].product))}"
    return [said if len(said) <= MOST else f"{said[: MOST - 1]}…"]


def _window(trace: Trace) -> Grid:
    """Return what a maximum was taken from, laid out; the kernel is 1 at the winner."""
    *places, values = np.array(trace.facts["window"], float).T
    index = np.array(places, int).T  # (m, axes)
    low, high = index.min(0), index.max(0)
    operand, factor, product = (np.full(high - low + 1, np.nan) for _ in range(3))
    won = (index == np.array(trace.facts["winner"])).all(1)
    for array, cells in zip((operand, factor, product), (values, won, np.where(won, values, np.nan)), strict=True):
        array[tuple((index - low).T)] = cells
    source = trace.term(0).source
    return Grid(operand, factor, product, source, tuple(map(int, low)), tuple(map(int, high)))


def _row(part: SubFigure, row: _Row) -> None:
    bottom = 1 - LINE * len(row.lines) / row.height
    for i, line in enumerate(row.lines):
        part.text(0.012, 1 - (i + 0.75) * LINE / row.height, line, fontsize=8, va="center", color=INK,
                  fontweight="bold" if row.trace and i == len(row.lines) - 1 else "normal")  # fmt: skip
    if row.trace is None or row.grid is None:
        return
    grid_ = part.add_gridspec(1, 5, width_ratios=(1.5, 1.2, 1.2, 1.2, 1.5), left=0.012, right=0.99, bottom=0.06,
                              top=bottom - 0.13 * PANELS / row.height, wspace=0.22)  # fmt: skip
    axes = [part.add_subplot(cell) for cell in grid_]
    _map(axes[0], row.trace, row.grid)
    channel = row.grid.strongest
    blocks = [
        _flat(array[channel] if array.ndim > 1 else array)
        for array in (row.grid.operand, row.grid.factor, row.grid.product)
    ]
    titles = ("window", "kernel" if "winner" not in row.trace.facts else "winner", "products")
    for i, (block, title, sign) in enumerate(zip(blocks, titles, ("×", "=", "Σ"), strict=True)):
        _heat(axes[1 + i], block, title)
        axes[1 + i].text(
            1.1, 0.5, sign, transform=axes[1 + i].transAxes, ha="center", va="center", fontsize=12, color=MUTED
        )
    _sums(axes[4], row.trace, row.grid, channel)


def _map(axes: Axes, trace: Trace, terms: Grid) -> None:
    """Draw the array that the operands stand in, its channel with the largest product, and the window on it."""
    axes.set_axis_off()
    axes.set_anchor("W")
    whole = _source(trace, terms)
    if whole is None:
        return
    channel = terms.low[0] + terms.strongest if terms.operand.ndim == 3 else terms.low[0]
    limit = float(np.abs(whole).max()) or 1.0
    picture = whole[min(channel, len(whole) - 1)]
    if trace.forward.scaling is not None and terms.source == trace.forward.graph.inputs[0].name:
        axes.imshow(picture, "gray", interpolation="none")
    else:
        axes.imshow(picture, COLOURS, vmin=-limit, vmax=limit, interpolation="none")
    (top, left), (bottom, right) = terms.low[1:], terms.high[1:]
    box = Rectangle((left - 0.5, top - 0.5), right - left + 1, bottom - top + 1, fill=False, color=TEAL, linewidth=1.4)
    axes.add_patch(box)
    of = f", channel {channel} of {len(whole)}" if len(whole) > 1 else ""
    axes.set_title(shorten(terms.source, ABOVE - len(of)) + of, fontsize=7, fontweight="normal", color=MUTED, pad=3)


def _source(trace: Trace, terms: Grid) -> np.ndarray | None:
    """Return the map (C, H, W) that the operands stand in; None where it is none."""
    graph, values = trace.forward.graph, trace.forward.values
    if terms.source is None or terms.source not in graph.by_name or len(terms.low) != 3:
        return None
    array = values[terms.source]
    return array.reshape(without_example(array.shape, array.shape)) if array.ndim == 4 else None


def _heat(axes: Axes, block: np.ndarray, title: str) -> None:
    axes.set_axis_off()
    limit = float(np.nanmax(np.abs(block), initial=0)) or 1.0
    shown = np.ma.masked_invalid(block)
    axes.imshow(
        shown,
        COLOURS,
        vmin=-limit,
        vmax=limit,
        interpolation="none",
        aspect="equal" if min(block.shape) > 1 else "auto",
    )
    axes.add_patch(
        Rectangle((-0.5, -0.5), block.shape[1], block.shape[0], fill=False, color=MUTED, linewidth=0.5, clip_on=False)
    )
    axes.set_title(title, fontsize=7, fontweight="normal", color=MUTED, pad=3)
    if max(block.shape) > WRITTEN:
        return
    size = 6 if max(block.shape) <= 3 else 4.5
    for (i, j), value in np.ndenumerate(block):
        said = "·" if np.isnan(value) else "≈0" if 0 < abs(value) < 0.001 * limit else short(value)
        colour = "white" if abs(value) > 0.6 * limit else INK
        axes.text(j, i, said, ha="center", va="center", fontsize=size, color=colour)


def _sums(axes: Axes, trace: Trace, terms: Grid, channel: int) -> None:
    """Write the sum: of this channel, of the others, bias, total; and what the engine computed."""
    axes.set_axis_off()
    lines: list[tuple[str, float]] = []
    if "winner" not in trace.facts:
        here = float(np.nansum(terms.product[channel])) if terms.product.ndim > 1 else float(trace.products.sum())
        others = float(trace.products.sum()) - here
        lines.append(("these products", here))
        if terms.product.ndim > 1 and len(terms.product) > 1:
            lines.append((f"{len(terms.product) - 1} other channels", others))
        if trace.bias:
            lines.append(("bias", trace.bias))
    lines.append(("= total" if lines else "the largest", trace.total))
    for i, (said, value) in enumerate(lines):
        weight = "bold" if i == len(lines) - 1 else "normal"
        y = 0.86 - 0.17 * i
        axes.text(0.02, y, said, transform=axes.transAxes, fontsize=7.5, color=INK, fontweight=weight)
        axes.text(1, y, _minus(f"{value:.5g}"), transform=axes.transAxes, fontsize=7.5, ha="right", fontweight=weight)
    y = 0.86 - 0.17 * len(lines)
    axes.text(0.02, y, f"{trace.engine}", transform=axes.transAxes, fontsize=7.5, color=MUTED)
    axes.text(1, y, _minus(f"{trace.value:.5g}"), transform=axes.transAxes, fontsize=7.5, ha="right", color=MUTED)
    said = _minus(f"gap {trace.gap:.0e}")
    axes.text(1, y - 0.15, said, transform=axes.transAxes, fontsize=6.5, ha="right", color=MUTED)


def _image(trace: Trace) -> np.ndarray | None:
    """Return the raw image (H, W) or (H, W, 3) as it can be shown, in 0..1; None where no image was given."""
    scaling = trace.forward.scaling
    if scaling is None or scaling.raw.ndim != 3:
        return None
    raw = scaling.raw.astype(float)
    raw = (raw - raw.min()) / (np.ptp(raw) or 1)
    return raw[:3].transpose(1, 2, 0) if len(raw) >= 3 else raw[0]


def _signal(trace: Trace) -> np.ndarray | None:
    """Return the raw signal (C, T); None where none was given."""
    scaling = trace.forward.scaling
    return None if scaling is None or scaling.raw.ndim != 2 else scaling.raw.astype(float)


def _whole(part: SubFigure, chain: Sequence[Trace], image: np.ndarray, seen: np.ndarray | None) -> None:
    """Draw the image, what the first number sees of it, and the pixel at which the way ends."""
    axes = part.add_axes((0.012, 0.04, 0.3, 0.86))
    axes.set_axis_off()
    axes.set_anchor("W")
    axes.imshow(image, "gray", interpolation="none")
    lines = [
        f"{name(chain[0])} = {_minus(number(chain[0].total))}",
        f"{chain[0].engine}: {_minus(number(chain[0].value))}",
    ]
    if seen is not None and seen.any():
        (top, left), (bottom, right) = np.argwhere(seen).min(0), np.argwhere(seen).max(0)
        box = (left - 0.5, top - 0.5), right - left + 1, bottom - top + 1
        axes.add_patch(Rectangle(*box, fill=False, color=TEAL, linewidth=1.6))
        lines.append(f"It sees {int(seen.sum()):,} of {seen.size:,} pixels (green).")
    if chain[-1].op == PIXEL:
        channel, y, x = chain[-1].at
        axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, color=ORANGE, linewidth=1.8))
        lines += [
            "",
            "Along the largest product in each step the way",
            f"ends at the pixel ({channel}, {y}, {x}) = {chain[-1].total:g} (orange).",
        ]
        if chain[-1].gain is not None:
            lines.append(f"One more there would move it by {_minus(f'{chain[-1].gain:.2g}')} along this way.")
    for i, line in enumerate(lines):
        part.text(
            0.36,
            0.84 - 0.1 * i,
            line,
            fontsize=11 if i == 0 else 8.5,
            fontweight="bold" if i == 0 else "normal",
            va="top",
            color=INK,
        )


def _flat(block: np.ndarray) -> np.ndarray:
    """Return a block with two axes: more are laid beside each other."""
    if block.ndim == 1:
        return block[None]
    return block if block.ndim == 2 else np.concatenate(list(block.reshape(-1, *block.shape[-2:])), axis=1)


def short(value: float) -> str:
    """Return a number in the fewest characters that tell it from its neighbours, for a cell of a grid.

    >>> short(0.0512), short(28.4), short(274.57), short(-1542.3), short(123456), short(-0.0)
    ('0.051', '28', '275', '\N{MINUS SIGN}1542', '1.2e+05', '0')
    """
    return _minus(f"{value:.0f}" if 99.5 <= abs(value) < 99_999.5 else f"{value + 0.0:.2g}")


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
