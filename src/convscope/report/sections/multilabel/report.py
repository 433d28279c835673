"""The report of multi-label classification: its sections, and its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convscope.report.contents import Contents
from convscope.report.section import Section, TaskReport
from convscope.report.sections import run
from convscope.report.tables import Table
from convscope.tasks import quantities
from convscope.tasks.scores import About
from convscope.text import decimal

PLAIN = About("", "")
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
    return [plain, each, *run.background(contents, {"samples": samples.draw})]


def labels(metrics: Mapping[str, Any], most: int | None = None) -> Table:
    """Return each label's figures, of all or of the first so many."""
    rows = [
        (
            row["label"],
            f"{row['support']:,}",
            f"{row['predicted']:,}",
            quantities.value(row["average_precision"], PLAIN),
            quantities.interval(row["average_precision"], PLAIN),
            *(decimal(row[name]["value"]) for name in ("auc", "precision", "recall", "f1")),
        )
        for row in metrics["labels"][:most]
    ]
    beyond = most is not None and len(metrics["labels"]) > most
    first = f"label (first {most} of {len(metrics['labels']):,})" if beyond else "label"
    figures = ("average precision", "95 % interval", "ROC area", "precision", "recall", "F1")
    return Table((first, "examples", "predicted", *figures), rows, tuple(range(1, 9)))


REPORT = TaskReport(sections, listings=lambda metrics: [labels(metrics, LISTED)])
