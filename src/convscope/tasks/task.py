"""What every task must bring, so that training, evaluation and the report need not know which one it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """A task as four functions.

    ``code`` turns the targets a user writes into what the network is trained on; ``loss`` compares the network's
    output with coded targets (torch tensors); ``score`` turns targets and predictions into figures with intervals
    (NumPy arrays, JSON-able result); ``show`` turns one prediction into what a person reads.
    """

    name: str
    code: Callable[[Sequence[Any], Sequence[str]], Any]
    loss: Callable[..., Any]
    score: Callable[..., dict[str, Any]]
    show: Callable[[Any, Sequence[str]], dict[str, Any]]
