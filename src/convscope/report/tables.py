"""The report's numbers as rows of text, each ready to be printed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.report.contents import Contents
from convscope.report.text import THIN, chance, decimal, percent, places, seconds, signed, span
from convscope.tasks.classification.scores import confusion
from convscope.tasks.metrics.comparison import named_test
from convscope.text import count


@dataclass(frozen=True)
class Table:
    """Column titles and rows of cells; ``numbers`` are the columns set flush right, ``notes`` explain the rows."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numbers: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


OVERALL = {
    "accuracy": ("Accuracy", "share of images named correctly"),
    "balanced_accuracy": ("Balanced accuracy", "mean over classes of the share found: rare classes count as much"),
    "auc": ("Area under ROC", "one class told from the others, mean over classes: 0.5 is guessing, 1 is perfect"),
    "average_precision": (
        "Average precision",
        "precision over all thresholds, mean over classes: stricter on rare ones",
    ),
    "ece": ("Calibration error", "mean distance between stated probability and what came true (ECE, 15 bins)"),
    "log_loss": ("Log loss", "mean surprise, −ln(probability of the truth): 0 is certain and right"),
}
BINARY = {
    "sensitivity": ("Sensitivity", "share of “{positive}” that was found"),
    "specificity": ("Specificity", "share of “{negative}” that was named so"),
    "ppv": ("Positive predictive value", "share that is “{positive}” among those named so, as common as here"),
    "npv": ("Negative predictive value", "share that is “{negative}” among those named so, as common as here"),
}
MOST_CLASSES, WEAKEST = 100, 50  # rows of the table of classes, and of one that would be longer
SHARES = {"accuracy", "balanced_accuracy", "ece", *BINARY}  # shown in per cent


def scores(metrics: dict[str, Any]) -> Table:
    """Return the figures of the whole split, and for two classes what a clinician asks for."""
    binary = metrics.get("binary", {})
    found = [(key, *OVERALL[key], metrics[key]) for key in OVERALL]
    if binary:
        found[1:1] = [(key, title, meaning.format(**binary), binary[key]) for key, (title, meaning) in BINARY.items()]
    rows = [(title, _value(e, key in SHARES), span(e, share=key in SHARES)) for key, title, _, e in found]
    return Table(("figure", "value", f"95{THIN}% interval"), rows, (1, 2), tuple(note for _, _, note, _ in found))


def classes(metrics: dict[str, Any]) -> Table:
    """Return each class's figures; of more than ``MOST_CLASSES`` the ``WEAKEST``, by F1."""
    grouped = bool(metrics.get("groups"))
    shown = metrics["per_class"]
    if len(shown) > MOST_CLASSES:
        shown = sorted(shown, key=lambda row: math.inf if row["f1"]["value"] is None else row["f1"]["value"])[:WEAKEST]
    rows = [
        (
            row["class"],
            f"{row['support']:,}" + (f" of {count(row['groups'], 'group')}" if grouped else ""),
            *(f"{percent(row[key]['value'])}  ({span(row[key])})" for key in ("recall", "precision")),
            decimal(row["f1"]["value"]),
            decimal(row["auc"]["value"], 4),
            decimal(row["average_precision"]["value"], 4),
        )
        for row in shown
    ]
    titles = (
        "class",
        "images",
        "found (recall)",
        "right when named (precision)",
        "F1",
        "ROC area",
        "average precision",
    )
    return Table(titles, rows, (1, 2, 3, 4, 5, 6))


def rivals(contents: Contents) -> Table:
    """Return the simple methods, the best first, each with the network's lead over it."""
    ranked = sorted(contents.rivals, key=lambda rival: -rival.accuracy["value"])
    rows = []
    for rival in ranked:
        lead = rival.comparison["difference"]
        rows.append(
            (
                rival.name,
                percent(rival.accuracy["value"], places(rival.accuracy)),
                span(rival.accuracy),
                f"{signed(lead['value'])}  ({signed(lead['low'])} to {signed(lead['high'])})",
                chance(named_test(rival.comparison)[1]),
                f"{rival.train_rows:,}",
                seconds(rival.seconds) + (", cut off" if rival.stopped_early else ""),
            )
        )
    titles = ("method", "accuracy", f"95{THIN}% interval", "network's lead, points", "p", "learned from", "time")
    return Table(titles, rows, (1, 2, 3, 4, 5, 6), tuple(rival.what for rival in ranked))


def confusions(metrics: dict[str, Any], most: int = 12) -> Table:
    """Return the most frequent mistakes."""
    counts = confusion(metrics)
    support = counts.sum(axis=1)
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    rows = []
    for truth, answer in zip(*np.unravel_index(order, wrong.shape), strict=True):
        n = int(wrong[truth, answer])
        if n:
            share = percent(n / support[truth])
            rows.append((metrics["classes"][truth], metrics["classes"][answer], f"{n:,}", share))
    return Table(("truth", "answer", "images", "share of the true class"), rows, (2, 3))


def epochs(contents: Contents) -> Table:
    """Return the history, one row an epoch; the one that was kept is marked."""
    shown = {
        "epoch": lambda v: f"{v:.0f}" + (" (kept)" if v == contents.metrics.get("chosen_epoch") else ""),
        "stage": lambda v: f"{v:.0f}",
        "train_loss": lambda v: f"{v:.4f}",
        "train_accuracy": lambda v: percent(v, 2),
        "valid_loss": lambda v: f"{v:.4f}",
        "valid_accuracy": lambda v: percent(v, 2),
        "lr": lambda v: f"{v:.2e}",
        "seconds": seconds,
    }
    one = len(set(contents.epochs.get("stage", ()))) < 2
    present = [key for key in shown if key in contents.epochs and not (one and key == "stage")]
    columns = [[shown[key](value) for value in contents.epochs[key]] for key in present]
    names = {"lr": "learning rate", "seconds": "time"}
    titles = tuple(
        names.get(key, key.replace("_", " ").replace("train", "training").replace("valid", "validation"))
        for key in present
    )
    return Table(titles, list(zip(*columns, strict=True)), tuple(range(len(present))))


def reliability(contents: Contents) -> Table:
    """Return the bins of the reliability diagram that hold images."""
    from convscope.tasks.metrics.calibration import reliability as bins

    held = contents.predictions
    table = bins(held.labels, held.probabilities, held.groups)
    rows = [
        (
            f"{100 * table.edges[bin]:.0f} to {100 * table.edges[bin + 1]:.0f}{THIN}%",
            f"{table.count[bin]:,}",
            percent(table.confidence[bin]),
            percent(table.accuracy[bin]),
            span({"low": table.low[bin], "high": table.high[bin]}),
        )
        for bin in np.flatnonzero(table.count)
    ]
    titles = ("probability stated", "images", "mean stated", "came true", f"95{THIN}% interval")
    return Table(titles, rows, (0, 1, 2, 3, 4))


def _value(estimate: dict[str, Any], share: bool) -> str:
    value = estimate["value"]
    return percent(value, places(estimate)) if share else decimal(value, places(estimate) + 2)
