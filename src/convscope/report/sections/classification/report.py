"""The report of classification: its sections, and what they are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from convscope.data.dataset import Split
from convscope.data.pictures import Display, data_url, tile
from convscope.report.contents import Contents
from convscope.report.section import Judged, Section, TaskReport
from convscope.report.sections import run
from convscope.report.sections.classification import tables
from convscope.report.sections.classification.closely import closely
from convscope.report.sections.classification.contents import Classified, Mistake
from convscope.report.sections.classification.mistakes import missed, worst
from convscope.text import count, percent

SAMPLES_PER_CLASS, MOST_SAMPLES = 8, 160
SIDE = 112  # pixels of a picture in the page


def sections(contents: Contents) -> list[Section]:
    """Return the page of a run that tells classes apart."""
    from convscope.report.figures import classification as figures

    own: Classified = contents.own
    return [
        _scores(contents),
        Section(
            "confusion", "Confusion matrix", "classification/confusion.html.jinja", "Where it errs",
            figures={"confusion": figures.confusion.draw},
            tables={"confusions": tables.confusions(contents.metrics, contents.noun)},
        ),
        Section(
            "curves", "ROC and precision-recall", "classification/curves.html.jinja",
            figures={"roc": figures.roc.draw, "precision_recall": figures.precision_recall.draw},
        ),
        Section(
            "calibration", "Calibration", "classification/calibration.html.jinja", "What its probabilities are worth",
            figures={"reliability": figures.reliability.draw},
            tables={"reliability": tables.reliability(own, contents.noun)},
        ),
        Section(
            "mistakes", "Most confident errors", "classification/mistakes.html.jinja", "The mistakes it was surest of",
            figures={"mistakes": figures.mistakes.draw},
            values={name: _gallery(contents, getattr(own, name)) for name in ("worst", "missed")},
        ),
        *run.background(contents, {"samples": figures.samples.draw}),
    ]  # fmt: skip


def own(judged: Judged) -> Classified:
    """Return what the sections need, from the probabilities (n, K) of the judged split."""
    split, probabilities, binary = judged.split, judged.predictions, judged.metrics.get("binary")
    return Classified(
        judged.data.classes,
        split.labels,
        probabilities,
        split.groups,
        worst=worst(split, probabilities),
        missed=missed(split, probabilities, binary["missed"]) if binary else (),
    )


def samples(split: Split) -> np.ndarray:
    """Return the positions of the first images of each class: a report of the same data shows the same pictures."""
    classes = np.unique(split.labels)
    each = max(1, min(SAMPLES_PER_CLASS, MOST_SAMPLES // len(classes)))
    return np.concatenate([np.flatnonzero(split.labels == k)[:each] for k in classes[:MOST_SAMPLES]])


def remarks(contents: Contents) -> Iterator[str]:
    """Yield, for two classes, how many of the positive ones were missed."""
    binary = contents.metrics.get("binary")
    if not binary or binary["sensitivity"]["value"] is None:
        return
    total = contents.metrics["per_class"][contents.own.classes.index(binary["positive"])]["support"]
    yield (
        f"Of {count(total, contents.noun)} of “{binary['positive']}”, the class counted as positive, it missed"
        f" {len(binary['missed']):,} (sensitivity {percent(binary['sensitivity']['value'])},"
        f" specificity {percent(binary['specificity']['value'])})."
    )


def _scores(contents: Contents) -> Section:
    plain = run.scores(contents)
    own_tables = {"scores": tables.scores(contents), "classes": tables.classes(contents.metrics, contents.noun)}
    return replace(plain, template="classification/scores.html.jinja", tables={**plain.tables, **own_tables})


def _gallery(contents: Contents, mistakes: tuple[Mistake, ...]) -> list[dict[str, str]]:
    from convscope.report.figures.classification.mistakes import display

    rule, classes = display(contents), contents.own.classes
    return [
        {
            "picture": _picture(mistake.image, rule) if mistake.image is not None and rule is not None else "",
            "truth": classes[mistake.truth],
            "answer": classes[mistake.predicted],
            "probability": percent(mistake.probability),
            "id": mistake.id,
            "text": mistake.text,
        }
        for mistake in mistakes
    ]


def _picture(image: np.ndarray, rule: Display) -> str:
    return data_url(tile(rule.show(image), SIDE), exact=max(image.shape[1:]) <= SIDE)


REPORT = TaskReport(sections, own, samples, lambda contents: list(remarks(contents)), tables.listings, closely)
