"""The learning rate of each of several networks, chosen on the validation split from a few rates that all try."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from convscope.api.series import Series
from convscope.data.dataset import Data
from convscope.errors import ConfigError, Error
from convscope.text import count

RATES = (0.0005, 0.002, 0.008, 0.032)  # the same for every network
LEAST = 30  # validation examples below which a rate found on them is none


def check_search(data: Data, settings: Mapping[str, Any]) -> None:
    """Raise ``ConfigError`` where a rate is given as well, or too few examples would choose one."""
    if "lr" in settings:
        raise ConfigError("--lr and --search-lr: give the rate, or let it be searched for")
    if len(data.valid) < LEAST:
        raise ConfigError(
            f"--search-lr chooses on the validation split, which has {count(len(data.valid), 'example')} here: "
            f"expected {LEAST} or more; each network's usual rate is taken without it"
        )


def search_rates(
    run: Callable[..., Series], each: Mapping[str, Mapping[str, Any]], folder: Path, models: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """Return each network's main figure on the validation split at each rate, with one seed."""
    scores: dict[str, dict[str, float | None]] = {name: {} for name in models}
    for rate in RATES:
        alone = {name: {**values, "lr": rate} for name, values in each.items()}
        series = run(seeds=1, each=alone, out=folder / f"{rate:g}")
        for trained in series.runs:
            main = trained.metrics["main"]
            sign = 1 if trained.about[main].better == "higher" else -1
            value = trained.metrics["valid"][main]["value"]
            scores[trained.plan.model][f"{rate:g}"] = None if value is None else sign * value
    return scores


def best_rate(scores: Mapping[str, float | None]) -> str:
    """Return the rate with the highest score, of equal ones the lower rate.

    >>> best_rate({"0.002": 0.91, "0.0005": 0.91, "0.008": None})
    '0.0005'
    """
    known = {rate: score for rate, score in scores.items() if score is not None}
    if not known:
        raise Error(f"no learning rate of {', '.join(map(str, RATES))} could be judged; give one (--lr)")
    return max(known, key=lambda rate: (known[rate], -float(rate)))
