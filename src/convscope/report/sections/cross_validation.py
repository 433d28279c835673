"""The sections of a cross-validation: scores, split by split, differences, and how it was done."""

from __future__ import annotations

from convscope.errors import quoted
from convscope.report import cross_tables as tables
from convscope.report.section import Section
from convscope.runs.compare.cross_validation import CrossValidation


def sections(validation: CrossValidation) -> list[Section]:
    """Return the page of a cross-validation."""
    from convscope.report.figures import splits

    by_split = "Fold by fold" if validation.kind == "folds" else "Resample by resample"
    folders = [quoted(folder) for network in validation.networks for folder in network.folders]
    return [
        Section(
            "scores", "Scores", "cross_validation/scores.html.jinja",
            figures={"splits": splits.draw}, tables={"scores": tables.scores(validation)},
        ),
        Section("splits", by_split, "cross_validation/splits.html.jinja", tables={"splits": tables.splits(validation)}),
        Section(
            "pairs", "Differences", "cross_validation/pairs.html.jinja", "What is beyond chance",
            tables={"pairs": tables.pairs(validation)},
        ),
        Section("method", "Method", "cross_validation/method.html.jinja", values={"folders": folders}),
    ]  # fmt: skip
