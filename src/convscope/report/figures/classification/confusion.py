"""Which class was taken for which."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, FAINT, GREY, INK, ORANGE, PAPER, WIDE, Drawing, canvas
from convscope.report.text import shorten
from convscope.tasks.classification.scores import confusion
from convscope.text import percent

SHARES, COUNTS = 12, 32  # up to so many classes a cell has room for its share, for its count
WHOLE = 200  # classes up to which the whole matrix is drawn


def draw(contents: Contents) -> Drawing | None:
    """Draw the confusion matrix: rows are true classes, columns answers; right ones are blue, wrong ones orange."""
    counts = confusion(contents.metrics)
    support = counts.sum(axis=1, keepdims=True)
    classes = contents.own.classes
    shown = np.arange(len(counts)) if len(counts) <= WHOLE else _most_confused(counts)
    counts, support = counts[np.ix_(shown, shown)], support[shown]
    K = len(shown)
    side = _side(K)
    figure = canvas(min(WIDE, side + 1.6), side + 0.9)
    axes = figure.subplots()
    shares = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)
    depth = _depth(shares)
    _cells(axes, depth)
    if K <= COUNTS:
        _numbers(axes, counts, shares, depth, size=_cell_size(K))
    _names(axes, [shorten(classes[k], 22 if K <= COUNTS else 14) for k in shown], side)
    return Drawing(
        figure,
        "What was taken for what",
        "Each row is a true class, each column an answer. Blue cells on the diagonal were named correctly, orange"
        " cells are mistakes; the deeper the colour, the larger the share of its row."
        + (" The percentage is the share of the row." if K <= SHARES else "")
        + (" Empty cells are zero." if K > SHARES else "")
        + (
            f" Of {len(classes):,} classes these are the {K} of the most frequent mistakes; a row's other"
            " answers were given to classes that are not shown."
            if len(classes) > K
            else ""
        ),
    )


def _most_confused(counts: np.ndarray) -> np.ndarray:
    """Return the classes of the most frequent mistakes, in their own order, as many as a picture has room for."""
    wrong = counts + counts.T
    wrong[np.tril_indices(len(wrong))] = 0
    pairs = np.argsort(-wrong, axis=None, kind="stable")[:COUNTS]
    classes = np.stack(np.unravel_index(pairs, wrong.shape), axis=1).ravel()
    first = np.sort(np.unique(classes, return_index=True)[1])[:COUNTS]
    return np.sort(classes[first])


def _side(K: int) -> float:
    return {2: 3.0, 3: 3.6}.get(K, min(8.0, 0.62 * K) if K <= SHARES else min(8.2, max(7.4, 0.1 * K)))


def _cell_size(K: int) -> float:
    return 11 if K <= 3 else 8.5 if K <= SHARES else 6.5 if K <= 20 else 5.2


def _depth(shares: np.ndarray) -> np.ndarray:
    """Return the opacity of each cell: the root of its share, for mistakes against the largest of them or 5 % of a row.

    Rare mistakes stay visible, and those of a nearly perfect network do not look like a disaster.
    """
    right = np.eye(len(shares), dtype=bool)
    most = max(0.05, shares[~right].max(initial=0))
    return np.where(right, np.sqrt(shares), 0.85 * np.sqrt(shares / most))


def _cells(axes: Axes, depth: np.ndarray) -> None:
    K = len(depth)
    true, answered = np.nonzero(depth)
    pad = 0.03 if K <= COUNTS else 0.0
    corner = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (1 - 2 * pad) - 0.5 + pad
    at = np.stack([answered, true], axis=1)[:, None, :] + corner
    colours = np.array([to_rgba(BLUE if t == g else ORANGE) for t, g in zip(true, answered, strict=True)])
    colours[:, 3] = depth[true, answered]
    axes.add_collection(PolyCollection(list(at), facecolors=colours, linewidths=0, rasterized=len(at) > 2000))
    axes.set(xlim=(-0.5, K - 0.5), ylim=(K - 0.5, -0.5), aspect="equal")
    axes.set_xlabel("answer of the network")
    axes.set_ylabel("truth")
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT)


def _numbers(axes: Axes, counts: np.ndarray, shares: np.ndarray, depth: np.ndarray, size: float) -> None:
    K = len(counts)
    for t, g in np.ndindex(K, K):
        if not counts[t, g]:
            if K <= SHARES:
                axes.text(g, t, "0", color=GREY, ha="center", va="center", fontsize=size - 1)
            continue
        colour = PAPER if depth[t, g] > 0.7 else INK
        if K > SHARES:
            axes.text(g, t, f"{counts[t, g]}", color=colour, ha="center", va="center", fontsize=size)
            continue
        axes.text(g, t + 0.02, f"{counts[t, g]:,}", color=colour, ha="center", va="bottom", fontsize=size)
        axes.text(g, t + 0.1, percent(float(shares[t, g])), color=colour, ha="center", va="top", fontsize=0.75 * size)


def _names(axes: Axes, names: list[str], side: float) -> None:
    K = len(names)
    size = min(8.5, 0.8 * 72 * side / K)
    if size < 4:
        axes.set_xticks([])
        axes.set_yticks([])
        return
    flat = K * max(map(len, names)) <= 80
    turned = {} if flat else {"rotation": 90, "ha": "center", "va": "bottom"}
    axes.set_yticks(range(K), names, fontsize=size)
    axes.set_xticks(range(K), names, fontsize=size, **turned)
    axes.tick_params(length=0, pad=3, labelcolor=INK, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.xaxis.set_label_position("top")
