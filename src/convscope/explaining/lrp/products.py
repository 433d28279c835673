"""Relevance through products of two arrays that both depend on the input.

Where one of them is a gate (a sigmoid, a softmax, a clipped number: how much of the other passes), the other one takes
all, as in Arras et al. 2017 for recurrent networks and Ali et al. 2022 for attention; else each takes half (Achtibat et
al. 2024, the uniform rule).
"""

from __future__ import annotations

from convscope.explaining.lrp.step import Shares, Step

GATES = frozenset(("sigmoid", "softmax", "clip"))


def product(step: Step) -> Shares:
    """Share the relevance of x · y between those that are no gates, each in proportion to its contributions."""
    taking = [name for name in step.carriers if name not in step.gates] or list(step.carriers)
    return _to(step, *taking)


def quotient(step: Step) -> Shares:
    """Give all to the dividend: a divisor that depends on the input is only a scale (Ali et al. 2022)."""
    return _to(step, "x") if "x" in step.carriers else {}


def attended(step: Step) -> Shares:
    """Give all to the values: which of them are attended to is a gate."""
    return _to(step, "v") if "v" in step.carriers else {}


def _to(step: Step, *names: str) -> Shares:
    gradients = step.backward(step.quotient() / len(names))
    return {name: step.array(name) * gradients[name] for name in names}
