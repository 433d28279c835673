"""Runs beside one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.runs.compare.comparison import Comparison
    from convscope.runs.compare.cross_validation import CrossValidation


def comparison(found: Comparison | CrossValidation) -> dict[str, Any]:
    """Return networks, every two of them, and what may be said of them."""
    return plain(found.to_dict())
