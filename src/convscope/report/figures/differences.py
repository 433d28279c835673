"""Every two networks of a comparison: who is ahead by how much, and is it beyond chance?"""

from __future__ import annotations

from itertools import product

from convscope.report import quantities
from convscope.report.figures.style import BLUE, FAINT, GREY, INK, ORANGE, WIDE, Drawing, canvas
from convscope.report.text import inside, shorten
from convscope.runs.compare.comparison import LEVEL, Comparison

MOST = 12  # networks a table has room for


def draw(comparison: Comparison) -> Drawing | None:
    """Draw the table of differences; nothing for two networks, which need none, or for more than ``MOST``."""
    K = len(comparison.networks)
    if not 3 <= K <= MOST:
        return None
    about = comparison.metrics[comparison.main]
    names = [network.name for network in comparison.networks]
    cell = min(1.25, 8.0 / K)
    figure = canvas(min(WIDE, K * cell + 2.2), 0.62 * min(cell, 0.9) * K + 0.9)
    axes = figure.subplots()
    size = 8.5 if K <= 7 else 6.5
    for row, column in product(range(K), range(K)):
        if row == column:
            continue
        pair = comparison.pair(names[row], names[column])
        gap = quantities.ahead(pair.difference, about)
        if pair.a != names[row]:
            gap = {"value": -gap["value"], "low": -gap["high"], "high": -gap["low"]}
        if pair.decided:
            fill = BLUE if gap["value"] > 0 else ORANGE
            axes.fill_between(
                [column - 0.48, column + 0.48], row - 0.46, row + 0.46, color=fill, alpha=0.2, linewidth=0
            )
        led = quantities.signed(gap["value"], about, quantities.digits(gap, about))
        ink = INK if pair.decided else GREY
        axes.text(
            column, row + 0.03, led, ha="center", va="bottom", fontsize=size + 1, color=ink,
            fontweight="bold" if pair.decided else "normal",
        )  # fmt: skip
        axes.text(
            column,
            row + 0.08,
            quantities.ends(gap, about),
            ha="center",
            va="top",
            fontsize=0.78 * size,
            color=ink,
        )
    axes.set(xlim=(-0.5, K - 0.5), ylim=(K - 0.5, -0.5))
    shown = [shorten(name, 20) for name in names]
    axes.set_yticks(range(K), shown)
    axes.set_xticks(range(K), shown, **({} if K <= 7 and max(map(len, shown)) < 14 else {"rotation": 30, "ha": "left"}))
    axes.tick_params(length=0, labelcolor=INK, top=False, labeltop=True, bottom=False, labelbottom=False)
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT)
    unit = "percentage points" if about.unit == "share" else about.unit
    return Drawing(
        figure,
        "Who is ahead of whom",
        f"Each cell says by how much the {inside(about.title)} of the network in its row is better than that of the one"
        f" in its column{f', in {unit}' if unit else ''}, with the 95 % interval below. Blue: the row is better;"
        f" orange: worse; both beyond chance, corrected for the number of pairs (p below {LEVEL:g}). Grey numbers"
        " could be chance.",
    )
