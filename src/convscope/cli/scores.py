"""The score tables that ``train`` and ``evaluate`` print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from convscope.report.section import report_of
from convscope.tasks.metrics.units import in_words
from convscope.tasks.quantities import ahead, lead, unit
from convscope.tasks.scores import About
from convscope.terminal.tables import interval, shown, table
from convscope.text import count


def scores_table(metrics: Mapping[str, Any]) -> Group:
    """Return the figures of one split as tables: overall, what the task adds, and the baselines beside the network."""
    about = {name: About(**values) for name, values in metrics["metrics"].items()}
    averaged = ", averaged over augmented copies" if metrics.get("tta") else ""
    groups = f" of {in_words(metrics['groups'], metrics.get('single', 0))}" if metrics.get("groups") else ""
    title = f"{metrics['split']}: {count(metrics['examples'], 'example')}{groups}{averaged}"
    rows = [(meaning.title, _figure(metrics[name], meaning)) for name, meaning in about.items()]
    parts: list[Any] = [table((title, "value (95 % interval)"), rows)]
    parts += [shown(listing) for listing in report_of(metrics["task"]).listings(metrics)]
    if metrics.get("baselines"):
        parts.append(_baselines(metrics, about[metrics["main"]]))
    if metrics.get("motion"):
        parts.append(_motion(metrics, about[metrics["main"]]))
    if groups:
        parts.append(Text(f"intervals: {metrics['interval']}", style="dim"))
    return Group(*parts)


def _figure(estimate: dict[str, Any], about: About) -> str:
    """Return a figure with its interval and its unit.

    >>> _figure({"value": 3.2, "low": 3.1, "high": 3.3}, About("mean error", "", "px"))
    '3.2000 (3.1000-3.3000) px'
    """
    return f"{interval(estimate)} {'' if about.unit == 'share' else about.unit}".rstrip()


def _motion(metrics: Mapping[str, Any], main: About) -> Any:
    """Return what the network is worth without motion."""
    rows = [("all frames, in order", _figure(metrics[metrics["main"]], main), "")]
    rows += [
        (
            control["name"],
            _figure(control[metrics["main"]], main),
            lead(ahead(control["versus"]["difference"], main), main),
        )
        for control in metrics["motion"]
    ]
    by = f"all frames are better by{f', {unit(main)}' if unit(main) else ''}"
    return table(("how much motion matters", main.title, by), rows)


def _baselines(metrics: Mapping[str, Any], main: About) -> Any:
    rows = [
        (
            baseline["name"],
            _figure(baseline[metrics["main"]], main),
            lead(ahead(baseline["versus"]["difference"], main), main),
            f"{baseline['seconds']:.1f} s",
        )
        for baseline in metrics["baselines"]
    ]
    by = f"the network is better by{f', {unit(main)}' if unit(main) else ''}"
    return table(("baseline", main.title, by, "took"), rows, right=("took",))
