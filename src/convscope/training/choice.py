"""Which epoch is kept, and what the validation images decided: in words, and for whoever reads the figures later.

A score on images that decided anything is optimistic: of many epochs the one that happened to suit them best was taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convscope.tasks.task import Monitor

EPOCH, STOP = "the epoch", "when to stop"  # what validation images may have decided


def decided(select: str, stops: Sequence[str]) -> list[str]:
    """Return what the validation images decided; ``stops`` says why each stage ended."""
    stopped = any(reason.startswith(_NO_BETTER) for reason in stops)
    return [EPOCH] * (select == "best") + [STOP] * stopped


def no_better(patience: int) -> str:
    """Return the reason for which a stage ends that has not improved for so many epochs."""
    return f"{_NO_BETTER} for {patience} epochs"


_NO_BETTER = "no better validation score"


def rule(select: str, stops: Sequence[str], monitor: Monitor, *, has_test: bool) -> str:
    """Return the sentence that says which epoch was kept, and what the scores are worth.

    >>> rule("last", ["all epochs done"], Monitor("dice"), has_test=False)
    'the last epoch: the validation split chose nothing, so its score is unbiased'
    """
    by = decided(select, stops)
    if not by:
        return "the last epoch: the validation split chose nothing, so its score is unbiased"
    kept = "the last epoch"
    if select == "best":
        kept = f"the epoch with {monitor} (ties: the lower validation {monitor.tie})"
    if has_test:
        after = "this choice" if select == "best" else "the training had stopped"
        return f"{kept}; the test split was opened once, after {after}"
    decisions = " and ".join(by)
    return f"{kept}: the validation split decided {decisions}, so its score is optimistic; there is no test split"


def decided_by_validation(metrics: Mapping[str, Any]) -> list[str]:
    """Return what the validation images decided, from a run's figures; older ones say only how the epoch was chosen."""
    if "decided_by_validation" in metrics:
        return list(metrics["decided_by_validation"])
    return decided("last" if metrics.get("select") == "last" else "best", [str(metrics.get("stopped", ""))])
