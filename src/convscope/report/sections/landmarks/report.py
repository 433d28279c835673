"""The report of landmarks: its sections, and what they are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from convscope.data.transforms.placement import placed
from convscope.report.contents import Contents
from convscope.report.section import Judged, Section, TaskReport
from convscope.report.sections import run
from convscope.report.sections.landmarks.contents import Drawn, Placed
from convscope.report.tables import Table
from convscope.tasks import quantities
from convscope.tasks.landmarks.normaliser import lengths, said
from convscope.tasks.scores import About
from convscope.text import count

SHOWN = 8  # of the worst images, and of the best
LISTED = 20  # points that a terminal shows, the worst


def sections(contents: Contents) -> list[Section]:
    """Return the page of a run that finds points."""
    from convscope.report.figures import landmarks as figures
    from convscope.report.figures import samples

    plain = run.scores(contents)
    scores = replace(
        plain, template="landmarks/scores.html.jinja", tables={**plain.tables, "points": points(contents.metrics)}
    )
    return [
        scores,
        Section(
            "errors", "Cumulative errors", "landmarks/errors.html.jinja", "How often it is how far off",
            figures={"cumulative": figures.cumulative.draw, "each_point": figures.each_point.draw},
        ),
        Section(
            "images", "Worst and best images", "landmarks/images.html.jinja", "Where its points lie",
            figures={"worst": figures.shapes.worst, "best": figures.shapes.best},
        ),
        *run.background(contents, {"samples": samples.draw}),
    ]  # fmt: skip


def own(judged: Judged) -> Placed:
    """Return what the sections need, from the points (n, K, 2) predicted in the images of the judged split."""
    split, predicted, metrics = judged.split, judged.predictions, judged.metrics
    names = judged.data.columns[judged.data.targets[0]].spec.names
    normaliser = metrics["normaliser"]
    apart = np.linalg.norm(predicted - split.target, axis=2)
    known = np.isfinite(apart)
    mean = np.where(known, apart, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    errors = np.where(known.any(axis=1), mean / lengths(split.target, normaliser, names)[0], np.nan)
    order = np.argsort(-np.nan_to_num(errors, nan=-np.inf), kind="stable")[: int(known.any(axis=1).sum())]
    truth, said_of = (placed(each, split.placements) for each in (split.target, predicted))

    def drawn(rows: np.ndarray) -> tuple[Drawn, ...]:
        return tuple(
            Drawn(split.images(row), truth[row], said_of[row], float(errors[row]), str(split.ids[row])) for row in rows
        )

    few = min(SHOWN, len(order) // 2) or len(order)
    return Placed(names, errors, said(normaliser), drawn(order[:few]), drawn(order[len(order) - few :]))


def points(metrics: Mapping[str, Any], most: int | None = None) -> Table:
    """Return each point's own error, the worst first; of all, or of so many."""
    about = About("", "", "pixels" if metrics["normaliser"] == "pixels" else "")
    ranked = sorted(metrics["points"], key=lambda row: -(row["nme"]["value"] or 0.0))
    rows = [
        (
            row["name"],
            quantities.value(row["nme"], about),
            quantities.bounds(row["nme"], about),
            f"{row['missing']:,}",
        )
        for row in ranked[:most]
    ]
    first = f"point (worst {most} of {len(ranked)})" if most is not None and len(ranked) > most else "point"
    return Table((first, "error", "95 % interval", "missing"), rows, (1, 2, 3))


def remarks(contents: Contents) -> list[str]:
    """Say what errors are counted in or divided by, and which images lack it."""
    if contents.metrics["normaliser"] == "pixels":
        return ["Errors are counted in pixels of the image."]
    stood_in = contents.metrics["stood_in"]
    lacking = f" Of {count(stood_in, 'image')} without it, the others' median stands in." if stood_in else ""
    return [f"Errors are divided by {contents.own.divided}.{lacking}"]


REPORT = TaskReport(sections, own, remarks=remarks, listings=lambda metrics: [points(metrics, LISTED)])
