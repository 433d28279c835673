"""The numbers of classes as rows of text, each ready to be printed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from convscope.report import tables as any_task
from convscope.report.contents import Contents
from convscope.report.sections.classification.contents import Classified
from convscope.report.tables import Table
from convscope.tasks import quantities
from convscope.tasks.classification.scores import confusion
from convscope.tasks.scores import About
from convscope.text import THIN, count, decimal, percent

SHARE = About("", "", "share")
BINARY = {
    "sensitivity": ("Sensitivity", "share of “{positive}” that was found"),
    "specificity": ("Specificity", "share of “{negative}” that was named so"),
    "ppv": ("Positive predictive value", "share that is “{positive}” among those named so, as common as here"),
    "npv": ("Negative predictive value", "share that is “{negative}” among those named so, as common as here"),
}
MOST_CLASSES, WEAKEST = 100, 50  # rows of the table of classes, and of one that would be longer
LISTED = 30  # classes that a terminal shows: more rows than this nobody reads there


def scores(contents: Contents) -> Table:
    """Return the figures of the whole split, and for two classes what a clinician asks for."""
    table = any_task.scores(contents)
    binary = contents.metrics.get("binary")
    if not binary:
        return table
    asked = [(title, *_with_interval(binary[key])) for key, (title, _) in BINARY.items()]
    notes = [meaning.format(**binary) for _, meaning in BINARY.values()]
    return Table(
        table.columns,
        [*table.rows[:1], *asked, *table.rows[1:]],
        table.numbers,
        (*table.notes[:1], *notes, *table.notes[1:]),
    )


def classes(metrics: Mapping[str, Any], noun: str = "image") -> Table:
    """Return each class's figures; of more than ``MOST_CLASSES`` the ``WEAKEST``, by F1."""
    grouped = bool(metrics.get("groups")) and not metrics.get("single")  # else they are hardly fewer
    shown = metrics["per_class"]
    if len(shown) > MOST_CLASSES:
        shown = sorted(shown, key=lambda row: math.inf if row["f1"]["value"] is None else row["f1"]["value"])[:WEAKEST]
    rows = [
        (
            row["class"],
            f"{row['support']:,}" + (f" of {count(row['groups'], 'group')}" if grouped else ""),
            *(f"{percent(row[key]['value'])}  ({_with_interval(row[key])[1]})" for key in ("recall", "precision")),
            decimal(row["f1"]["value"]),
            decimal(row["auc"]["value"], 4),
            decimal(row["average_precision"]["value"], 4),
        )
        for row in shown
    ]
    recall, precision = "found (recall)", "right when named (precision)"
    titles = ("class", f"{noun}s", recall, precision, "F1", "ROC area", "average precision")
    return Table(titles, rows, (1, 2, 3, 4, 5, 6))


def listings(metrics: Mapping[str, Any]) -> list[Table]:
    """Return what a terminal shows of the classes: the figures of two, and of each of the first ``LISTED``."""
    listed = []
    if binary := metrics.get("binary"):
        titles = (f"of “{binary['positive']}”", "value", f"95{THIN}% interval")
        listed.append(Table(titles, [(title, *_with_interval(binary[key])) for key, (title, _) in BINARY.items()]))
    each = metrics["per_class"]
    held = ("groups",) if metrics.get("groups") and not metrics.get("single") else ()
    rows = [
        (
            row["class"],
            f"{row['support']:,}",
            *(f"{row[key]:,}" for key in held),
            *("{} ({})".format(*_with_interval(row[key])) for key in ("precision", "recall")),
            decimal(row["auc"]["value"], 4),
        )
        for row in each[:LISTED]
    ]
    first = f"class (first {LISTED} of {len(each):,})" if len(each) > LISTED else "class"
    columns = (first, "examples", *held, "precision", "recall", "ROC area")
    return [*listed, Table(columns, rows, tuple(range(1, len(columns))))]


def confusions(metrics: Mapping[str, Any], noun: str = "image", most: int = 12) -> Table:
    """Return the most frequent mistakes."""
    counts = confusion(dict(metrics))
    support = counts.sum(axis=1)
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    rows = []
    for truth, answer in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if n := int(wrong[truth, answer]):
            names = metrics["classes"][truth], metrics["classes"][answer]
            rows.append((*names, f"{n:,}", percent(n / support[truth])))
    return Table(("truth", "answer", f"{noun}s", "share of the true class"), rows, (2, 3))


def reliability(own: Classified, noun: str = "image") -> Table:
    """Return the bins of the reliability diagram that hold images."""
    from convscope.tasks.metrics.calibration import reliability as bins

    table = bins(own.labels, own.probabilities, own.groups)
    rows = [
        (
            f"{100 * table.edges[bin]:.0f} to {100 * table.edges[bin + 1]:.0f}{THIN}%",
            f"{table.count[bin]:,}",
            percent(table.confidence[bin]),
            percent(table.accuracy[bin]),
            _with_interval({"value": None, "low": table.low[bin], "high": table.high[bin]})[1],
        )
        for bin in np.flatnonzero(table.count)
    ]
    titles = ("probability stated", f"{noun}s", "mean stated", "came true", f"95{THIN}% interval")
    return Table(titles, rows, (0, 1, 2, 3, 4))


def _with_interval(estimate: Mapping[str, Any]) -> tuple[str, str]:
    return quantities.value(estimate, SHARE), quantities.interval(estimate, SHARE)
