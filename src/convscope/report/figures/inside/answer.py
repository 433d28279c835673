"""The classes of an answer with their probabilities, at a temperature."""

from __future__ import annotations

import numpy as np

from convscope.explaining.inside import Answer
from convscope.explaining.temperature import ABOUT, probabilities
from convscope.report.figures.style import BLUE, FAINT, INK, MUTED, WIDE, Drawing, canvas
from convscope.report.text import shorten
from convscope.text import percent

MOST = 10


def draw(answer: Answer) -> Drawing:
    """Draw the likeliest classes; at another temperature than 1 the probabilities at 1 behind them."""
    at_one, shares = probabilities(answer.logits), probabilities(answer.logits, answer.temperature)
    order = np.argsort(-shares, kind="stable")[:MOST]
    figure = canvas(WIDE * 0.62, 0.27 * len(order) + 0.3)
    axes = figure.subplots()
    rows = np.arange(len(order))
    warm = answer.temperature != 1
    if warm:
        axes.barh(rows, at_one[order], height=0.78, color=FAINT)
    axes.barh(rows, shares[order], height=0.5 if warm else 0.7, color=BLUE)
    for row, k in zip(rows, order, strict=True):
        stated = f"{percent(float(shares[k]))} (score {answer.logits[k]:.2f})".replace("-", "\N{MINUS SIGN}")
        largest = max(float(shares[k]), float(at_one[k]) if warm else 0.0)
        axes.text(largest + 0.01, float(row), stated, va="center", fontsize=7, color=MUTED)
    axes.set_yticks(rows, [shorten(answer.names[k], 28) for k in order], color=INK)
    axes.set(xlim=(0, 1.3), ylim=(len(order) - 0.5, -0.5))
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    rest = len(answer.names) - len(order)
    more = f" {rest:,} further ones share {percent(float(1 - shares[order].sum()))}." if rest > 0 else ""
    warmth = f" Grey behind: at temperature 1. Blue: at {answer.temperature:g}." if warm else ""
    reading = f"{ABOUT}{warmth}{more}"
    return Drawing(figure, "Class probabilities", reading)
