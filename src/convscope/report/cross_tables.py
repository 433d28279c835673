"""A cross-validation's numbers as rows of text, each ready to be printed."""

from __future__ import annotations

import numpy as np

from convscope.report.tables import Table
from convscope.report.text import chance
from convscope.runs.compare.cross_validation import CrossValidation, Validated
from convscope.tasks.quantities import Estimate, ahead, bounds, known, lead, number, places, unit, value
from convscope.tasks.scores import About

TESTS = {
    "mcnemar": "McNemar",
    "sign_flip": "sign flips",
    "bootstrap": "bootstrap",
    "corrected_t": "corrected t",
}


def scores(validation: CrossValidation) -> Table:
    """Return each network's figures over all splits: the mean, its spread, and what the folds give together."""
    rows = []
    for network in validation.networks:
        for name, about in validation.metrics.items():
            pooled = () if network.pooled is None else (with_interval(network.pooled[name], about),)
            spread = number(network.std[name], about, places(network.mean[name], about))
            rows.append((network.name, about.title, *pooled, with_interval(network.mean[name], about), spread))
    together = ("all folds together",) if validation.kind == "folds" else ()
    titles = ("network", "figure", *together, f"mean over {validation.kind}", "standard deviation")
    return Table(titles, rows, tuple(range(2, len(titles))))


def splits(validation: CrossValidation) -> Table:
    """Return the main figure of each network, and of the baselines beside them, on each split and on average."""
    about = validation.metrics[validation.main]
    kind = validation.kind.removesuffix("s")
    rows = [(f"{kind} {split}", *_on(validation, at, about)) for at, split in enumerate(validation.splits)]
    means = (
        number(each.mean[validation.main]["value"], about, _places(each, validation)) for each in validation.networks
    )
    beside = (_beside(validation, float(np.mean(values)), about) for values in validation.baselines.values())
    titles = (kind, *(network.name for network in validation.networks), *validation.baselines)
    return Table(titles, [*rows, ("mean", *means, *beside)], tuple(range(1, len(titles))))


def pairs(validation: CrossValidation) -> Table:
    """Return every two networks with the test between them."""
    about = validation.metrics[validation.main]
    rows = [
        (
            pair.a,
            pair.b,
            "unknown" if pair.difference["value"] is None else lead(ahead(pair.difference, about), about),
            f"{wins} of {len(validation.splits)}",
            TESTS[pair.test],
            chance(pair.p),
            chance(pair.p_holm),
            "yes" if pair.decided else "no",
        )
        for pair, wins in zip(validation.pairs, validation.wins, strict=True)
    ]
    by = f"by, {unit(about)}" if unit(about) else "by"
    titles = ("ahead", "of", by, f"leads on {validation.kind}", "test", "p", "corrected p", "beyond chance")
    return Table(titles, rows, (2, 3, 5, 6))


def with_interval(estimate: Estimate, about: About) -> str:
    """Return a figure with its interval where it has one."""
    return value(estimate, about) + (f"  ({bounds(estimate, about)})" if known(estimate) else "")


def _on(validation: CrossValidation, at: int, about: About) -> tuple[str, ...]:
    main = validation.main
    networks = (number(each.by_split[main][at], about, _places(each, validation)) for each in validation.networks)
    return (*networks, *(_beside(validation, values[at], about) for values in validation.baselines.values()))


def _places(network: Validated, validation: CrossValidation) -> int:
    return places(network.mean[validation.main], validation.metrics[validation.main])


def _beside(validation: CrossValidation, value: float, about: About) -> str:
    """Return a baseline's figure with as many decimals as the best network's."""
    return number(value, about, _places(validation.best, validation))
