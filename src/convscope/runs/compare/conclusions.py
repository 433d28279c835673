"""What a comparison allows to say, in sentences, and what takes away from it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from convscope.runs.compare.checks import names_groups
from convscope.runs.compare.estimates import Estimate
from convscope.runs.run import Run
from convscope.tasks import quantities
from convscope.tasks.metrics.units import FEW
from convscope.tasks.scores import About
from convscope.text import THIN, count, inside
from convscope.training.choice import decided_by_validation

if TYPE_CHECKING:
    from convscope.runs.compare.comparison import Comparison, Network, Pair

MUCH_CHEAPER = 2  # times fewer multiply-adds are worth a sentence


def conclusions(comparison: Comparison) -> Iterator[str]:
    """Yield whether the best network is better than each other network, and which cheaper one is as good."""
    best, others = comparison.best, comparison.networks[1:]
    about = comparison.metrics[comparison.main]
    if not others:
        figure = in_words(best.figures[comparison.main], about)
        yield f"{best.name}: {inside(about.title)} {figure} over {count(len(best.runs), 'seed')}."
        return
    against = {network.name: comparison.pair(best.name, network.name) for network in others}
    worse = [pair for pair in against.values() if pair.decided]
    equal = [network for network in others if not against[network.name].decided]
    if worse:
        than = [f"than {_other(pair, best)} by {gap(pair, about)}" for pair in worse]
        yield f"{best.name} is better {_listed(than)}."
    for network in equal:
        pair = against[network.name]
        sure = quantities.ahead(pair.difference, about)["low"] > 0
        counted = f", counting that {len(comparison.pairs)} pairs were looked at" if sure else ""
        yield (
            f"Between {best.name} and {network.name} {_judges(comparison, best, network)} do not decide: "
            f"the difference of {gap(pair, about)} could be chance{counted}."
        )
    cheapest = min(equal, key=lambda network: network.multiply_adds, default=best)
    if cheapest.multiply_adds * MUCH_CHEAPER <= best.multiply_adds:
        times = best.multiply_adds / cheapest.multiply_adds
        less = f"{times:.3g} times fewer multiply-adds per {comparison.noun}"
        yield f"Of these, {cheapest.name} needs {less} than {best.name}."


def notes(comparison: Comparison, runs: list[Run]) -> Iterator[str]:
    """Yield what a reader must know before relying on the figures."""
    yield from (f"could not train {name}: {reason}" for name, reason in comparison.failed.items())
    once = sorted(network.name for network in comparison.networks if len(network.runs) == 1)
    if once and len(comparison.networks) > 1:
        yield (
            f"{_listed(once)} {'was' if len(once) == 1 else 'were'} trained once: the tests do not cover how another "
            "seed would have done; train with --seeds 3 to measure it"
        )
    fewest = min((len(network.runs) for network in comparison.networks if len(network.runs) > 1), default=0)
    if 1 < fewest < 5:
        yield f"{fewest} seeds estimate only roughly how much a network varies from seed to seed"
    yield from _of_groups(comparison, runs)
    if comparison.split == "valid":
        by = sorted({choice for run in runs for choice in decided_by_validation(run.metrics)})
        flattered = f", which also chose {' and '.join(by)} of some runs: their scores are optimistic" if by else ""
        yield f"scored on the validation examples{flattered}"
    for key, noun in (("epochs", "epochs"), ("time", "time"), ("img_size", "image sizes"), ("augment", "augmentation")):
        values = {network.name: network.settings[key] for network in comparison.networks if key in network.settings}
        if values:
            each = ", ".join(f"{name} {value if value is not None else 'none'}" for name, value in values.items())
            yield f"not the same {noun}: {each}"
    machines = {(e.get("processor"), e.get("threads"), e.get("gpu")) for e in (run.environment for run in runs)}
    if len(machines) > 1:
        yield "trained on different machines or numbers of threads: their times are not comparable"


def _of_groups(comparison: Comparison, runs: list[Run]) -> Iterator[str]:
    if comparison.groups is not None:
        rough = f"; with fewer than {FEW} they are rough, and rather too narrow" if comparison.few else ""
        yield f"the {comparison.noun}s come from {comparison.resampled}: intervals and tests draw whole groups{rough}"
    elif old := [run for run in runs if not names_groups(run)]:
        yield (
            f"{old[0].folder} does not say which {comparison.noun}s come from one group (it was written by an older "
            f"version): intervals and tests are over single {comparison.noun}s"
        )


def gap(pair: Pair, about: About) -> str:
    """Return a lead in words, ``"1.2 points (+0.8 to +1.6)"``."""
    led = quantities.ahead(pair.difference, about)
    lead = quantities.amount(led["value"], about, quantities.digits(led, about))
    return lead if math.isnan(led["low"]) else f"{lead} ({quantities.ends(led, about)})"


def _other(pair: Pair, network: Network) -> str:
    return pair.b if pair.a == network.name else pair.a


def _judges(comparison: Comparison, a: Network, b: Network) -> str:
    split = "validation" if comparison.split == "valid" else comparison.split
    examples = f"the {comparison.examples:,} {split} {comparison.noun}s"
    examples += f" of {comparison.resampled}" if comparison.groups else ""
    seeds = min(len(a.runs), len(b.runs))
    return examples if seeds == 1 else f"{examples} and {seeds} seeds"


def in_words(estimate: Estimate, about: About) -> str:
    """Return a figure with its interval.

    >>> in_words({"value": 0.931, "low": 0.92, "high": 0.94}, About("Dice", "", "share"))
    '93.1 % (92.0 to 94.0 %)'
    """
    value = quantities.value(estimate, about)
    interval = f" ({quantities.bounds(estimate, about)})" if quantities.known(estimate) else ""
    return f"{value}{interval}".replace(THIN, " ")  # also for terminals that cannot show it


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
