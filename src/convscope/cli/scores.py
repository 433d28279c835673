"""The score tables that ``train`` and ``evaluate`` print."""

from __future__ import annotations

from typing import Any

from rich.console import Group
from rich.text import Text

from convscope.cli.output import interval, table
from convscope.text import count

_SHOWN = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC (mean over classes)",
    "average_precision": "average precision (mean)",
    "ece": "calibration error (ECE)",
    "log_loss": "log loss",
}
_BINARY = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "positive predictive value",
    "npv": "negative predictive value",
}
MOST_CLASSES = 30  # more rows than this nobody reads in a terminal; the report has them all


def scores_table(metrics: dict[str, Any]) -> Group:
    """Return the figures of one split as tables: overall, by class, and the simple methods beside the network."""
    rows = [(words, interval(metrics[key])) for key, words in _SHOWN.items()]
    binary = metrics.get("binary")
    if binary:
        rows += [(f"{words} ({binary['positive']})", interval(binary[key])) for key, words in _BINARY.items()]
    averaged = ", averaged over augmented copies" if metrics.get("tta") else ""
    groups = f" of {count(metrics['groups'], 'group')}" if metrics.get("groups") else ""
    title = f"{metrics['split']}: {count(metrics['examples'], 'image')}{groups}{averaged}"
    parts: list[Any] = [table((title, "value (95 % interval)"), rows)]
    classes = metrics["per_class"][:MOST_CLASSES]
    held = ("groups",) if groups else ()
    parts.append(
        table(
            ("class", "images", *held, "precision", "recall", "AUC"),
            [
                (
                    c["class"],
                    c["support"],
                    *(c[key] for key in held),
                    *(interval(c[key]) for key in ("precision", "recall", "auc")),
                )
                for c in classes
            ],
            right=("images", *held),
        )
    )
    if len(metrics["per_class"]) > MOST_CLASSES:
        every = f"{len(metrics['per_class']):,} classes; evaluate RUN --json shows all"
        parts.append(Text(f"the first {MOST_CLASSES} of {every}"))
    if metrics.get("baselines"):
        rivals = [
            (
                b["name"],
                interval(b["accuracy"]),
                _difference(b["versus"]["difference"]),
                f"{b['seconds']:.1f} s",
            )
            for b in metrics["baselines"]
        ]
        parts.append(table(("beside it", "accuracy", "the network is better by", "took"), rivals, right=("took",)))
    if groups:
        parts.append(Text(f"intervals: {metrics['interval']}", style="dim"))
    return Group(*parts)


def _difference(estimate: dict[str, Any]) -> str:
    value, low, high = (estimate[key] for key in ("value", "low", "high"))
    text = f"{100 * value:+.1f} points"
    return text if low is None else f"{text} ({100 * low:+.1f} to {100 * high:+.1f})"
