"""What several splits allow to say, in sentences, and what takes away from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convscope.runs.compare.conclusions import gap, in_words
from convscope.tasks.quantities import number, places
from convscope.tasks.scores import About
from convscope.text import inside

if TYPE_CHECKING:
    from convscope.runs.compare.cross_validation import CrossValidation


def conclusions(summary: CrossValidation) -> Iterator[str]:
    """Yield how good the best network is, and whether it is better than each other one."""
    about, best, J = summary.metrics[summary.main], summary.best, len(summary.splits)
    name = inside(about.title)
    if best.pooled is not None:
        examples = f"all {summary.examples:,} examples, each tested once in {J} folds"
        yield f"{best.name}: {name} {in_words(best.pooled[summary.main], about)} on {examples}."
    else:
        yield f"{best.name}: mean {name} {in_words(best.mean[summary.main], about)} over {J} resamples."
    if summary.baselines:
        yield _beside(summary, about)
    for other in summary.networks[1:]:
        pair = summary.pair(best.name, other.name)
        wins = summary.wins[summary.pairs.index(pair)]
        on = f"on {wins} of {J} {summary.kind}"
        if pair.decided:
            yield f"{best.name} is better than {other.name} by {gap(pair, about)}; it leads {on}."
        elif pair.difference["value"] is not None:
            yield (
                f"Between {best.name} and {other.name} the {summary.kind} do not decide: the difference of "
                f"{gap(pair, about)} could be chance; {best.name} leads {on}."
            )


def _beside(summary: CrossValidation, about: About) -> str:
    """Say how the best network stands beside the best baseline, which is scored split by split."""
    sign = 1 if about.better == "higher" else -1
    name, theirs = max(summary.baselines.items(), key=lambda each: sign * sum(each[1]))
    mine = summary.best.by_split[summary.main]
    wins = sum(a is not None and sign * (a - b) > 0 for a, b in zip(mine, theirs, strict=True))
    mean = number(sum(theirs) / len(theirs), about, places(summary.best.mean[summary.main], about))
    return (
        f"The best baseline, {name}, averages {mean}; {summary.best.name} is better on {wins} of "
        f"{len(theirs)} {summary.kind}."
    )


def notes(summary: CrossValidation) -> Iterator[str]:
    """Yield what a reader must know before relying on the figures."""
    yield from (f"left out {name}: {reason}" for name, reason in summary.failed.items())
    yield (
        f"the {summary.kind} share training examples, so their figures are not independent: the interval of their mean "
        "is corrected for it (Nadeau and Bengio 2003)"
    )
    if summary.kind == "folds":
        drawn = f"the {summary.resampled}" if summary.groups else "examples"
        yield f"the intervals of all folds together resample {drawn}; the chance in training is not in them"
