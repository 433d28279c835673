"""What the run showed, in one or two sentences that need no training to read."""

from __future__ import annotations

from convscope.report.contents import Baseline, Contents
from convscope.report.text import units
from convscope.tasks.metrics.units import in_words
from convscope.tasks.quantities import ahead, amount, bounds, digits, known, signed, unit, value, within
from convscope.text import count, inside
from convscope.training.choice import decided_by_validation


def verdict(contents: Contents) -> list[str]:
    """Return the sentences at the head of the report: how good, better than what, and how sure that is."""
    main, estimate = contents.main, contents.figure
    n = count(contents.metrics["examples"], contents.noun)
    by = decided_by_validation(contents.metrics)
    chose = contents.metrics.get("split") == "valid" and by
    seen = f"On {n} it had never seen"
    if chose:
        seen = f"On {n} of the validation split, which also served to choose {' and '.join(by)}"
    if estimate["value"] is None:
        return [
            f"{seen}, the network has no {inside(main.title)}: the figure is not defined on them.",
            f"Judge it on more {contents.noun}s, such as hold what it has learned to find.",
        ]
    sure = f"95 % interval {bounds(estimate, main)}{_drawn(contents)}" if known(estimate) else "no interval is known"
    opening = f"{seen}, the network has {inside(main.title)} {value(estimate, main)} ({sure})"
    lines = _against(contents, opening, contents.ranked[0]) if contents.ranked else [f"{opening}."]
    if chose:
        lines.append("That choice makes the score optimistic, and there is no test split.")
    return [units(line) for line in lines]


def _drawn(contents: Contents) -> str:
    groups, single = contents.metrics.get("groups"), contents.metrics.get("single", 0)
    return f" over {in_words(groups, single)}" if groups else ""


def _against(contents: Contents, opening: str, best: Baseline) -> list[str]:
    main = contents.main
    gap = ahead(best.comparison["difference"], main)
    decimals = digits(gap, main)
    sure = within(gap, main)
    name = f"{best.name}, {value(best.figure, main)}"
    if gap["low"] > 0:
        return [
            f"{opening}, {amount(gap['value'], main, decimals)} better than the best baseline ({name}).",
            f"{_capital(contents.mechanism)} earned its keep: the gain is beyond chance ({sure}).",
        ]
    if gap["high"] < 0:
        return [
            f"{opening}, {amount(gap['value'], main, decimals)} worse than the best baseline ({name}).",
            f"The simple method wins: {contents.mechanism} did not earn its keep here ({sure}). Use the simple method,"
            " or give the network more data or more epochs.",
        ]
    difference = f"{signed(gap['value'], main, decimals)} {unit(main)}".rstrip()
    return [
        f"{opening}.",
        f"The best baseline ({name}) is as good as far as these {contents.noun}s can tell: the difference of"
        f" {difference} could be chance ({sure}). {_capital(contents.mechanism)} has not shown that it earns its keep.",
    ]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
