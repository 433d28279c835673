"""What a network says of examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.runs.prediction import Prediction


def prediction(found: Prediction) -> dict[str, Any]:
    """Return an example's name, the task's answer, what went wrong, and what was converted."""
    return plain(found.to_dict())


def predictions(found: Iterable[Prediction]) -> list[dict[str, Any]]:
    """Return one row an example."""
    return [prediction(each) for each in found]
