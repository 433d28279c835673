"""What the run showed, in one or two sentences that need no training to read."""

from __future__ import annotations

from convscope.report.contents import Contents, Rival
from convscope.report.text import percent, places, points, signed, span, units
from convscope.text import count
from convscope.training.choice import decided_by_validation


def best_rival(contents: Contents) -> Rival | None:
    """Return the simple method with the highest accuracy, if any was tried."""
    return max(contents.rivals, key=lambda rival: rival.accuracy["value"], default=None)


def verdict(contents: Contents) -> list[str]:
    """Return the sentences at the head of the report: how good, better than what, and how sure that is."""
    accuracy = contents.metrics["accuracy"]
    n = f"{contents.metrics['examples']:,}"
    by = decided_by_validation(contents.metrics)
    chose = contents.metrics.get("split") == "valid" and by
    seen = f"On {n} images it had never seen"
    if chose:
        seen = f"On the {n} validation images, which also served to choose {' and '.join(by)}"
    opening = (
        f"{seen}, the network named {percent(accuracy['value'], places(accuracy))} correctly"
        f" (95 % interval {span(accuracy)}{_drawn(contents)})"
    )
    rival = best_rival(contents)
    sentences = [f"{opening}."] if rival is None else _against(opening, rival)
    if chose:
        sentences.append("That choice flatters the score, and no test split judges it.")
    return [units(sentence) for sentence in sentences + _binary(contents)]


def _drawn(contents: Contents) -> str:
    groups = contents.metrics.get("groups")
    return f" over {count(groups, 'group')}" if groups else ""


def _against(opening: str, rival: Rival) -> list[str]:
    gap = rival.comparison["difference"]
    interval = f"95 % interval {signed(gap['low'])} to {signed(gap['high'])} points"
    name = f"{rival.name}, {percent(rival.accuracy['value'])}"
    if gap["low"] > 0:
        return [
            f"{opening}, {points(gap['value'])} more than the best simple method ({name}).",
            f"Convolution earned its keep: the gain is beyond chance ({interval}).",
        ]
    if gap["high"] < 0:
        return [
            f"{opening}, {points(gap['value'])} less than the best simple method ({name}).",
            f"Convolution did not earn its keep here ({interval}): use the simple method, or give the network"
            " more data or more epochs.",
        ]
    return [
        f"{opening}.",
        f"The best simple method ({name}) is as good as far as these images can tell: the difference of"
        f" {signed(gap['value'])} points could be chance ({interval}). Convolution has not shown that it earns its"
        " keep.",
    ]


def _binary(contents: Contents) -> list[str]:
    binary = contents.metrics.get("binary")
    if not binary or binary["sensitivity"]["value"] is None:
        return []
    index = contents.classes.index(binary["positive"])
    total = contents.metrics["per_class"][index]["support"]
    return [
        f"Of {total:,} images of “{binary['positive']}”, the class counted as positive, it missed"
        f" {len(binary['missed']):,} (sensitivity {percent(binary['sensitivity']['value'])},"
        f" specificity {percent(binary['specificity']['value'])})."
    ]
