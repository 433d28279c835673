"""A setting with its meaning: the command line's flags, keys of settings files and limits are made from it."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def setting(
    default: Any, group: str, text: str, *, above: float | None = None, at_least: float | None = None,
    at_most: float | None = None,
) -> Any:  # fmt: skip
    """Return a dataclass field that says its group, its meaning, and the range that it must lie in."""
    limits = {"above": above, "at_least": at_least, "at_most": at_most}
    metadata = {"group": group, "help": text, "limits": {name: end for name, end in limits.items() if end is not None}}
    if isinstance(default, dict):
        return field(default_factory=dict[str, Any], metadata=metadata)
    return field(default=default, metadata=metadata)


def outside(value: Any, limits: dict[str, float]) -> str | None:
    """Say where a number must lie, if it does not.

    >>> outside(1.5, {"at_least": 0, "at_most": 0.9}), outside(0.5, {"above": 0})
    ('at least 0 and at most 0.9', None)
    """
    wrong = (
        ("above" in limits and not value > limits["above"])
        or ("at_least" in limits and not value >= limits["at_least"])
        or ("at_most" in limits and not value <= limits["at_most"])
    )
    return " and ".join(f"{name.replace('_', ' ')} {end:,}" for name, end in limits.items()) if wrong else None
