"""The report of multi-label classification: its sections, and its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convscope.report.contents import Contents
from convscope.report.section import Judged, Section, TaskReport, shows_images
from convscope.report.sections import run
from convscope.report.sections.multilabel.contents import Shown, Told
from convscope.report.tables import Table
from convscope.tasks import quantities
from convscope.tasks.multilabel.evidence import LabelAnswers
from convscope.tasks.scores import About
from convscope.text import decimal

PLAIN = About("", "")
WORST = 16
LISTED = 30  # labels that a terminal shows


def sections(contents: Contents) -> list[Section]:
    """Return the page of a run that tells which labels hold."""
    from convscope.report.figures import multilabel as figures
    from convscope.report.figures import samples

    plain = run.scores(contents)
    each = Section(
        "labels", "Label by label", "multilabel/labels.html.jinja", "Which labels it tells",
        figures={"each_label": figures.each_label.draw}, tables={"labels": labels(contents.metrics)},
    )  # fmt: skip
    worst = Section(
        "worst", "Furthest off", "multilabel/worst.html.jinja", "The examples it told worst",
        figures={"worst": figures.worst.draw},
    )  # fmt: skip
    return [plain, each, worst, *run.background(contents, {"samples": samples.draw})]


def own(judged: Judged) -> Told:
    """Return what the sections need, from the probabilities (n, K) of the judged split."""
    split, probabilities = judged.split, judged.predictions
    names = judged.data.columns[judged.data.targets[0]].spec.names
    if not shows_images(split):
        return Told(names)
    order = np.argsort(-LabelAnswers.of(split.target, probabilities).surprise, kind="stable")[:WORST]
    return Told(
        names,
        tuple(Shown(split.images(row), split.target[row], probabilities[row], str(split.ids[row])) for row in order),
    )


def listed(metrics: Mapping[str, Any]) -> Table:
    """Return the first labels' figures as a terminal has room for."""
    rows = [
        (
            row["label"],
            f"{row['support']:,}",
            f"{row['predicted']:,}",
            f"{quantities.value(row['average_precision'], PLAIN)}  "
            f"({quantities.interval(row['average_precision'], PLAIN)})",
            *(decimal(row[name]["value"]) for name in ("precision", "recall", "f1")),
        )
        for row in metrics["labels"][:LISTED]
    ]
    beyond = len(metrics["labels"]) > LISTED
    first = f"label (first {LISTED} of {len(metrics['labels']):,})" if beyond else "label"
    figures = ("average precision", "precision", "recall", "F1")
    return Table((first, "examples", "predicted", *figures), rows, tuple(range(1, 7)))


def labels(metrics: Mapping[str, Any]) -> Table:
    """Return each label's figures."""
    rows = [
        (
            row["label"],
            f"{row['support']:,}",
            f"{row['predicted']:,}",
            quantities.value(row["average_precision"], PLAIN),
            quantities.interval(row["average_precision"], PLAIN),
            *(decimal(row[name]["value"]) for name in ("auc", "precision", "recall", "f1")),
        )
        for row in metrics["labels"]
    ]
    figures = ("average precision", "95 % interval", "ROC area", "precision", "recall", "F1")
    return Table(("label", "examples", "predicted", *figures), rows, tuple(range(1, 9)))


REPORT = TaskReport(sections, own, listings=lambda metrics: [listed(metrics)])
