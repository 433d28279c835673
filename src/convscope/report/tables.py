"""The report's numbers as rows of text, each ready to be printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.report.contents import Contents
from convscope.report.text import THIN, decimal, percent, places, seconds, signed, span


@dataclass(frozen=True)
class Table:
    """Column titles and rows of cells; ``numbers`` are the columns to be set flush right."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numbers: tuple[int, ...] = ()


OVERALL = (
    ("accuracy", "Accuracy", True, "Share of images named correctly."),
    ("balanced_accuracy", "Balanced accuracy", True, "Mean over classes of the share found; rare classes count as much."),
    ("auc", "Area under ROC", False, "How well one class is told from the others, mean over classes: 0.5 guesses, 1 never errs."),
    ("average_precision", "Average precision", False, "Precision over all thresholds, mean over classes; the stricter view of rare ones."),
    ("ece", "Calibration error", True, "Mean distance between stated probability and what came true (ECE, 15 bins)."),
    ("log_loss", "Log loss", False, "Mean surprise, -ln(probability of the truth): 0 is certain and right."),
)  # fmt: skip
BINARY = (
    ("sensitivity", "Sensitivity", "Share of “{yes}” that was found."),
    ("specificity", "Specificity", "Share of “{no}” that was left in peace."),
    ("ppv", "Positive predictive value", "Share of right answers among those that said “{yes}”, at this split's proportions."),
    ("npv", "Negative predictive value", "Share of right answers among those that said “{no}”, at this split's proportions."),
)  # fmt: skip


def scores(metrics: dict[str, Any]) -> Table:
    """Return the figures of the whole split, and for two classes what a clinician asks for."""
    rows = [
        (title, _value(metrics[key], share), span(metrics[key], share=share), meaning)
        for key, title, share, meaning in OVERALL
    ]
    if binary := metrics.get("binary"):
        names = {"yes": binary["positive"], "no": binary["negative"]}
        rows[1:1] = [
            (title, _value(binary[key], True), span(binary[key]), meaning.format(**names))
            for key, title, meaning in BINARY
        ]
    return Table(("figure", "value", f"95{THIN}% interval", "what it says"), rows, (1, 2))


def classes(metrics: dict[str, Any]) -> Table:
    """Return each class's figures."""
    rows = [
        (
            row["class"],
            f"{row['support']:,}",
            *(f"{percent(row[key]['value'])}  ({span(row[key])})" for key in ("recall", "precision")),
            decimal(row["f1"]["value"]),
            decimal(row["auc"]["value"], 4),
            decimal(row["average_precision"]["value"], 4),
        )
        for row in metrics["per_class"]
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
    rows = [
        (
            rival.name,
            percent(rival.accuracy["value"]),
            span(rival.accuracy),
            f"{signed(rival.comparison['difference']['value'])}"
            f"  ({signed(rival.comparison['difference']['low'])} to {signed(rival.comparison['difference']['high'])})",
            _chance(rival.comparison["p_mcnemar"]),
            f"{rival.train_rows:,}",
            seconds(rival.seconds) + (", stopped by the clock" if rival.stopped_early else ""),
            rival.what,
        )
        for rival in sorted(contents.rivals, key=lambda rival: -rival.accuracy["value"])
    ]
    titles = (
        "method",
        "accuracy",
        f"95{THIN}% interval",
        "network's lead, points",
        "p",
        "learned from",
        "time",
        "what it is",
    )
    return Table(titles, rows, (1, 2, 3, 4, 5, 6))


def confusions(metrics: dict[str, Any], most: int = 12) -> Table:
    """Return the most frequent mistakes."""
    counts = np.array(metrics["confusion"])
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
        "train_loss": lambda v: f"{v:.4f}",
        "train_accuracy": lambda v: percent(v, 2),
        "valid_loss": lambda v: f"{v:.4f}",
        "valid_accuracy": lambda v: percent(v, 2),
        "lr": lambda v: f"{v:.2e}",
        "seconds": seconds,
    }
    present = [key for key in shown if key in contents.epochs]
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

    table = bins(contents.predictions.labels, contents.predictions.probabilities)
    rows = [
        (f"{percent(low, 0)} to {percent(high, 0)}", f"{count:,}", percent(stated), percent(true))
        for low, high, count, stated, true in zip(
            table.edges[:-1], table.edges[1:], table.count, table.confidence, table.accuracy, strict=True
        )
        if count
    ]
    return Table(("probability stated", "images", "mean stated", "came true"), rows, (0, 1, 2, 3))


def _value(estimate: dict[str, Any], share: bool) -> str:
    value = estimate["value"]
    return percent(value, places(estimate)) if share else decimal(value, places(estimate) + 2)


def _chance(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"
