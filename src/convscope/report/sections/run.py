"""The sections of any run: its scores, how it learned, its data, its plan, and how to repeat it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from convscope.report import tables
from convscope.report.contents import Contents
from convscope.report.section import Section, TaskReport
from convscope.report.sections import clips, inside, sequences
from convscope.tasks.metrics.comparison import named_test
from convscope.tasks.metrics.units import in_words

if TYPE_CHECKING:
    from convscope.report.figures.style import Drawing

TESTS = {
    "mcnemar": "the exact McNemar test",
    "sign_flip": "the permutation test that flips the signs of {}",
    "bootstrap": "the paired bootstrap",
}


def sections(contents: Contents) -> list[Section]:
    """Return the page of a run whose task adds nothing of its own."""
    from convscope.report.figures import samples

    return [scores(contents), *background(contents, {"samples": samples.draw})]


def background(contents: Contents, samples: Mapping[str, Callable[[Contents], Drawing | None]]) -> list[Section]:
    """Return what stands behind the scores: learning, data (shown by the figures ``samples``), plan, repeating."""
    from convscope.report.figures import augmented, curves, lengths, lr_schedule
    from convscope.report.figures import sequences as of_sequences

    learned = {"curves": curves.draw, "lr_schedule": lr_schedule.draw}
    return [
        Section(
            "learning", "Learning curves", "run/learning.html.jinja", "How it learned",
            figures=learned, tables={"epochs": tables.epochs(contents)},
        ),
        *clips.sections(contents),
        inside.section(contents),
        *sequences.sections(contents),
        Section("data", "Data", "run/data.html.jinja",
                figures={**samples, "examples": of_sequences.examples.draw, "lengths": lengths.draw,
                         "augmented": augmented.draw},
                values={"samples": list(samples)}),
        Section("plan", "Plan", "run/plan.html.jinja"),
        Section("repeat", "Repeat it", "run/repeat.html.jinja"),
    ]  # fmt: skip


def scores(contents: Contents) -> Section:
    """Return the figures of merit, beside those of the baselines."""
    from convscope.report.figures import baselines

    tests = {named_test(dict(each.comparison))[0] for each in contents.baselines}
    groups = contents.metrics.get("groups")
    drawn = in_words(groups, contents.metrics.get("single", 0)) if groups else ""
    flipped = "whole groups" if groups else "differences"
    return Section(
        "scores", "Scores", "run/scores.html.jinja", "How good it is",
        figures={"baselines": baselines.draw},
        tables={"scores": tables.scores(contents), "baselines": tables.baselines(contents)},
        values={"drawn": drawn, "test": " or ".join(TESTS[test].format(flipped) for test in sorted(tests))},
    )  # fmt: skip


REPORT = TaskReport(sections)
