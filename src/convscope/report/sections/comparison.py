"""The sections of a comparison: scores, differences, costs, learning, and how it was done."""

from __future__ import annotations

from convscope.errors import quoted
from convscope.report import comparison_tables as tables
from convscope.report.section import Section
from convscope.runs.compare.comparison import Comparison


def sections(comparison: Comparison) -> list[Section]:
    """Return the page of a comparison."""
    from convscope.report.figures import differences, learning_curves, networks, tradeoff

    several = len(comparison.networks) > 1
    varied = tables.settings(comparison) if several else None
    return [
        Section(
            "scores", "Scores", "comparison/scores.html.jinja", "How good each is",
            figures={"networks": networks.draw},
            tables={"scores": tables.scores(comparison), "runs": tables.runs(comparison)},
        ),
        Section(
            "pairs", "Differences", "comparison/pairs.html.jinja", "What is beyond chance",
            figures={"differences": differences.draw}, tables={"pairs": tables.pairs(comparison)},
        ),
        Section(
            "costs", "Costs", "comparison/costs.html.jinja", "What it takes",
            figures={"tradeoff": tradeoff.draw}, tables={"costs": tables.costs(comparison)},
        ),
        Section(
            "learning", "Learning curves", "comparison/learning.html.jinja", "How they learned",
            figures={"learning_curves": learning_curves.draw},
        ),
        Section(
            "method", "Method", "comparison/method.html.jinja", "How they were compared",
            tables={"settings": varied} if varied else {},
            values={"folders": [quoted(run.folder) for network in comparison.networks for run in network.runs]},
        ),
    ]  # fmt: skip
