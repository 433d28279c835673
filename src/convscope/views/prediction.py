"""What a network says of examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.runs.prediction import Prediction


def prediction(result: Prediction) -> dict[str, Any]:
    """Return an example's name, the task's answer, its error and its note."""
    return plain(result.to_dict())


def predictions(results: Iterable[Prediction]) -> list[dict[str, Any]]:
    """Return one row per example."""
    return [prediction(each) for each in results]
