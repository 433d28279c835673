"""Runs beside one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.runs.compare.comparison import Comparison
    from convscope.runs.compare.cross_validation import CrossValidation


def comparison(result: Comparison | CrossValidation) -> dict[str, Any]:
    """Return the networks, their pairs, and the conclusions."""
    return plain(result.to_dict())
