"""A comparison's numbers as rows of text, each ready to be printed."""

from __future__ import annotations

from typing import Any

from convscope.report.tables import Table
from convscope.report.text import chance, large, seconds, shorten
from convscope.runs.compare.comparison import Comparison, Network, Pair
from convscope.tasks import quantities
from convscope.text import THIN, inside

TESTS = {"mcnemar": "McNemar", "sign_flip": "sign flips", "bootstrap": "bootstrap"}


def scores(comparison: Comparison) -> Table:
    """Return each network's figures, and how far it is behind the best."""
    (main, about), *others = comparison.metrics.items()
    rows = [
        (
            network.name,
            f"{quantities.value(network.figures[main], about)}  ({quantities.bounds(network.figures[main], about)})",
            *(quantities.value(network.figures[name], other) for name, other in others),
            *_behind(comparison, network),
        )
        for network in comparison.networks
    ]
    unit = quantities.unit(about)
    lead = f"the best leads by, {unit}" if unit else "the best leads by"
    tested = (lead, "p (corrected)") if len(comparison.networks) > 1 else ()
    columns = (
        "network",
        f"{inside(about.title)} (95{THIN}% interval)",
        *(inside(other.title) for _, other in others),
        *tested,
    )
    rows += [(name, *("–",) * (len(columns) - 1)) for name in comparison.failed]
    notes = (
        *(_seeds(comparison, network) for network in comparison.networks),
        *["could not be trained: see above"] * len(comparison.failed),
    )
    return Table(columns, rows, tuple(range(1, len(columns))), notes)


def costs(comparison: Comparison) -> Table:
    """Return what each network took."""
    rows = [
        (
            network.name,
            f"{network.weights:,}",
            large(network.multiply_adds),
            f"{sum(run.epochs for run in network.runs) / len(network.runs):.4g}",
            seconds(network.seconds),
            f"{network.images_per_second:,.0f}",
        )
        for network in comparison.networks
    ]
    titles = (
        "network",
        "weights",
        f"multiply-adds per {comparison.noun}",
        "epochs",
        "training time",
        f"{comparison.noun}s per second",
    )
    return Table(titles, rows, (1, 2, 3, 4, 5))


def runs(comparison: Comparison) -> Table:
    """Return every run by itself."""
    rows = [
        (
            network.name,
            f"{run.seed}",
            *(_plain_figure(comparison, name, run.figures[name]) for name in comparison.metrics),
            seconds(run.seconds),
            shorten(run.folder, 40),
        )
        for network in comparison.networks
        for run in network.runs
    ]
    titles = (
        "network",
        "seed",
        *(inside(about.title) for about in comparison.metrics.values()),
        "training time",
        "run",
    )
    return Table(titles, rows, tuple(range(1, len(titles) - 1)))


def pairs(comparison: Comparison) -> Table:
    """Return every two networks with the test between them, and seed by seed where answers are right or wrong."""
    about = comparison.metrics[comparison.main]
    right = counts_right(comparison)
    rows = [
        (
            pair.a,
            pair.b,
            quantities.lead(quantities.ahead(pair.difference, about), about),
            *((_by_seed(pair),) if right else ()),
            TESTS[pair.test],
            chance(pair.p),
            chance(pair.p_holm),
            "yes" if pair.decided else "no",
        )
        for pair in comparison.pairs
    ]
    gap = quantities.unit(about) or "difference"
    titles = ("ahead", "of", gap, *(("only one right",) if right else ()), "test", "p", "corrected p", "beyond chance")
    numbers = {gap, "only one right", "p", "corrected p"}
    return Table(titles, rows, tuple(at for at, title in enumerate(titles) if title in numbers))


def counts_right(comparison: Comparison) -> bool:
    """Return whether the main figure counts examples that are right or not."""
    return any("only_a" in row for pair in comparison.pairs for row in pair.seeds)


def settings(comparison: Comparison) -> Table | None:
    """Return the settings, beside the network itself, that are not the same for all; None where all are."""
    keys = list(comparison.networks[0].settings)
    if not keys:
        return None
    rows = [
        (network.name, *(shorten(_plain(network.settings[key]), 40) for key in keys)) for network in comparison.networks
    ]
    return Table(("network", *(key.removeprefix("set.").replace("_", " ") for key in keys)), rows)


def _behind(comparison: Comparison, network: Network) -> tuple[str, ...]:
    if len(comparison.networks) == 1:
        return ()
    if network is comparison.best:
        return ("–", "")
    pair, about = comparison.pair(comparison.best.name, network.name), comparison.metrics[comparison.main]
    led = quantities.lead(quantities.ahead(pair.difference, about), about)
    return led, f"{chance(pair.p)}  ({chance(pair.p_holm)})"


def _seeds(comparison: Comparison, network: Network) -> str:
    if len(network.runs) == 1:
        return f"seed {network.seeds[0]}"
    values = [value for run in network.runs if (value := run.figures[comparison.main]) is not None]
    low, high = (_plain_figure(comparison, comparison.main, end(values, default=None)) for end in (min, max))
    return f"mean of {len(values)} seeds, {low} to {high}"


def _plain_figure(comparison: Comparison, name: str, value: float | None) -> str:
    """Return one run's figure, for which no interval is given, with one decimal more than a mean over seeds has."""
    about = comparison.metrics[name]
    plain = {"value": value, "low": None, "high": None}
    return quantities.number(value, about, quantities.places(plain, about) + 1)


def _by_seed(pair: Pair) -> str:
    """Return in how many examples only one of the two was right, "31 : 12", seed by seed."""
    return ", ".join(f"{row['only_a']} : {row['only_b']}" for row in pair.seeds) or "no seed in common"


def _plain(value: Any) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
