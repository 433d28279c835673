"""A cross-validation's numbers as rows of text, each ready to be printed."""

from __future__ import annotations

from convscope.report.quantities import Estimate, ahead, interval, known, lead, number, places, unit, value
from convscope.report.tables import Table
from convscope.report.text import chance
from convscope.runs.compare.cross_validation import CrossValidation, Validated
from convscope.tasks.scores import About

TESTS = {
    "mcnemar": "McNemar",
    "sign_flip": "sign flips",
    "bootstrap": "bootstrap",
    "corrected_t": "corrected t",
}


def scores(found: CrossValidation) -> Table:
    """Return each network's figures over all splits: the mean, its spread, and what the folds give together."""
    rows = []
    for network in found.networks:
        for name, about in found.metrics.items():
            pooled = () if network.pooled is None else (with_interval(network.pooled[name], about),)
            spread = number(network.std[name], about, places(network.mean[name], about))
            rows.append((network.name, about.title, *pooled, with_interval(network.mean[name], about), spread))
    together = ("all folds together",) if found.kind == "folds" else ()
    titles = ("network", "figure", *together, f"mean over {found.kind}", "standard deviation")
    return Table(titles, rows, tuple(range(2, len(titles))))


def splits(found: CrossValidation) -> Table:
    """Return each network's main figure on each split."""
    about = found.metrics[found.main]
    kind = found.kind.removesuffix("s")
    rows = [(f"{kind} {split}", *_on(found, at, about)) for at, split in enumerate(found.splits)]
    titles = (kind, *(network.name for network in found.networks))
    return Table(titles, rows, tuple(range(1, len(titles))))


def pairs(found: CrossValidation) -> Table:
    """Return every two networks with the test between them."""
    about = found.metrics[found.main]
    rows = [
        (
            pair.a,
            pair.b,
            "unknown" if pair.difference["value"] is None else lead(ahead(pair.difference, about), about),
            f"{wins} of {len(found.splits)}",
            TESTS[pair.test],
            chance(pair.p),
            chance(pair.p_holm),
            "yes" if pair.decided else "no",
        )
        for pair, wins in zip(found.pairs, found.wins, strict=True)
    ]
    by = f"by, {unit(about)}" if unit(about) else "by"
    titles = ("ahead", "of", by, f"leads on {found.kind}", "test", "p", "corrected p", "beyond chance")
    return Table(titles, rows, (2, 3, 5, 6))


def with_interval(estimate: Estimate, about: About) -> str:
    """Return a figure with its interval where it has one."""
    return value(estimate, about) + (f"  ({interval(estimate, about)})" if known(estimate) else "")


def _on(found: CrossValidation, at: int, about: About) -> tuple[str, ...]:
    return tuple(_plain(network, found.main, at, about) for network in found.networks)


def _plain(network: Validated, main: str, at: int, about: About) -> str:
    return number(network.by_split[main][at], about, places(network.mean[main], about))
