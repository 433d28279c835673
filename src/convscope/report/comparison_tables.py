"""A comparison's numbers as rows of text, each ready to be printed."""

from __future__ import annotations

from typing import Any

from convscope.report.tables import Table
from convscope.report.text import THIN, chance, decimal, large, percent, places, seconds, shorten, signed, span
from convscope.runs.compare.comparison import FIGURES, Comparison, Network, Pair

TESTS = {"mcnemar": "McNemar", "sign_flip": "sign flips of groups", "bootstrap": "bootstrap"}


def scores(found: Comparison) -> Table:
    """Return each network's figures, and how far it is behind the best."""
    rows = [
        (
            network.name,
            _with_span(network.figures["accuracy"]),
            percent(network.figures["balanced_accuracy"]["value"]),
            decimal(network.figures["log_loss"]["value"]),
            percent(network.figures["ece"]["value"]),
            *_behind(found, network),
        )
        for network in found.networks
    ]
    titles = ("network", f"accuracy (95{THIN}% interval)", "balanced", "log loss", "ECE")
    tested = ("the best leads by, points", "p (corrected)") if len(found.networks) > 1 else ()
    columns = (*titles, *tested)
    rows += [(name, *("–",) * (len(columns) - 1)) for name in found.failed]
    notes = (*map(_seeds, found.networks), *["could not be trained: see above"] * len(found.failed))
    return Table(columns, rows, tuple(range(1, len(columns))), notes)


def costs(found: Comparison) -> Table:
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
        for network in found.networks
    ]
    titles = ("network", "weights", "multiply-adds an image", "epochs", "training time", "images a second")
    return Table(titles, rows, (1, 2, 3, 4, 5))


def runs(found: Comparison) -> Table:
    """Return every run by itself."""
    rows = [
        (
            network.name,
            f"{run.seed}",
            percent(run.figures["accuracy"], 2),
            percent(run.figures["balanced_accuracy"], 2),
            decimal(run.figures["log_loss"], 4),
            percent(run.figures["ece"], 2),
            seconds(run.seconds),
            shorten(run.folder, 40),
        )
        for network in found.networks
        for run in network.runs
    ]
    titles = ("network", "seed", "accuracy", "balanced", "log loss", "ECE", "training time", "run")
    return Table(titles, rows, (1, 2, 3, 4, 5, 6))


def pairs(found: Comparison) -> Table:
    """Return every two networks with the test between them, and seed by seed where there are several."""
    rows = [
        (
            pair.a,
            pair.b,
            f"{signed(pair.difference['value'])}  ({lead(pair)})",
            _by_seed(pair),
            TESTS[pair.test],
            chance(pair.p),
            chance(pair.p_holm),
            "yes" if pair.decided else "no",
        )
        for pair in found.pairs
    ]
    titles = ("ahead", "of", "points", "only one right", "test", "p", "corrected p", "beyond chance")
    return Table(titles, rows, (2, 3, 5, 6))


def settings(found: Comparison) -> Table | None:
    """Return the settings, beside the network itself, that are not the same for all; None where all are."""
    keys = list(found.networks[0].settings)
    if not keys:
        return None
    rows = [(network.name, *(shorten(_plain(network.settings[key]), 40) for key in keys)) for network in found.networks]
    return Table(("network", *(key.removeprefix("set.").replace("_", " ") for key in keys)), rows)


def lead(pair: Pair) -> str:
    """Return a difference's interval in points."""
    return f"{signed(pair.difference['low'])} to {signed(pair.difference['high'])}"


def _behind(found: Comparison, network: Network) -> tuple[str, ...]:
    if len(found.networks) == 1:
        return ()
    if network is found.best:
        return ("–", "")
    pair = found.pair(found.best.name, network.name)
    return f"{signed(pair.difference['value'])}  ({lead(pair)})", f"{chance(pair.p)}  ({chance(pair.p_holm)})"


def _with_span(estimate: dict[str, Any]) -> str:
    return f"{percent(estimate['value'], places(estimate))}  ({span(estimate).removesuffix(f'{THIN}%')})"


def _seeds(network: Network) -> str:
    if len(network.runs) == 1:
        return f"seed {network.seeds[0]}"
    values = [run.figures[FIGURES[0]] for run in network.runs]
    low, high = (percent(end, 2).removesuffix(f"{THIN}%") for end in (min(values), max(values)))
    return f"mean of {len(values)} seeds, {low} to {high}{THIN}%"


def _by_seed(pair: Pair) -> str:
    """Return in how many images only one of the two was right, "31 : 12", seed by seed."""
    return ", ".join(f"{row['only_a']} : {row['only_b']}" for row in pair.seeds) or "no seed in common"


def _plain(value: Any) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
