"""The report of regression: its sections, and what they are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from convscope.report.contents import Contents
from convscope.report.section import Judged, Section, TaskReport, shows_images
from convscope.report.sections import run
from convscope.report.sections.regression.closely import closely
from convscope.report.sections.regression.contents import Predicted, Shown
from convscope.report.tables import Table
from convscope.tasks import quantities
from convscope.tasks.metrics.counts import mean_of_known
from convscope.tasks.scores import About
from convscope.text import decimal

WORST = 12


def sections(contents: Contents) -> list[Section]:
    """Return the page of a run that predicts numbers."""
    from convscope.report.figures import regression as figures
    from convscope.report.figures import samples

    plain = run.scores(contents)
    scores = replace(
        plain, template="regression/scores.html.jinja", tables={**plain.tables, "numbers": numbers(contents.metrics)}
    )
    return [
        scores,
        Section(
            "residuals", "Predicted against true", "regression/residuals.html.jinja", "Where it errs",
            figures={"residuals": figures.residuals.draw},
        ),
        Section(
            "worst", "Largest errors", "regression/worst.html.jinja", "The examples it was furthest off on",
            figures={"worst": figures.worst.draw},
        ),
        *run.background(contents, {"samples": samples.draw}),
    ]  # fmt: skip


def own(judged: Judged) -> Predicted:
    """Return what the sections need, from the predicted numbers (n, K) of the judged split."""
    split, predicted = judged.split, judged.predictions
    spec = judged.data.columns[judged.data.targets[0]].spec
    shown: tuple[Shown, ...] = ()
    spread = np.sqrt(mean_of_known((split.target - mean_of_known(split.target)) ** 2))
    spread = np.where(spread > 0, spread, 1.0)
    if shows_images(split):
        apart = np.abs(predicted - split.target) / spread
        order = np.argsort(-np.nan_to_num(apart).max(axis=1), kind="stable")[:WORST]
        shown = tuple(Shown(split.images(row), split.target[row], predicted[row], str(split.ids[row])) for row in order)
    return Predicted(spec.names, spec.units or ("",) * len(spec.names), split.target, predicted, spread, shown)


def numbers(metrics: Mapping[str, Any]) -> Table:
    """Return each number's own figures, in the unit that stands beside its name."""
    rows = []
    for row in metrics["numbers"]:
        about = About("", "", row["unit"])
        said = [_said(row[name], about) for name in ("mae", "rmse", "bias")]
        name = f"{row['name']} ({row['unit']})" if row["unit"] else row["name"]
        rows.append((name, f"{row['examples']:,}", *said, _said(row["r2"], About("", ""))))
    titles = ("number", "known", "mean absolute error", "root mean squared error", "bias", "R²")
    return Table(titles, rows, (1, 2, 3, 4, 5))


def _said(estimate: Mapping[str, Any], about: About) -> str:
    value = decimal(estimate["value"], quantities.places(estimate, about))
    return f"{value}  ({quantities.bounds(estimate, about)})"


REPORT = TaskReport(sections, own, listings=lambda metrics: [numbers(metrics)], closely=closely)
