"""The fully connected layer, and the table that turns whole numbers into vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convscope.graph.tape import Ref, Tape, Unknown


def linear(tape: Tape, input: Ref, weight: Ref, bias: Ref | None = None) -> Ref:
    """Return x · weightᵀ + bias."""
    return tape.emit("linear", input, weight, bias)


def embedding(
    tape: Tape,
    input: Ref,
    weight: Ref,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Ref:
    """Rows of a table; what training does to its gradient is not part of it."""
    if max_norm is not None:
        raise Unknown("rows that are renormalised")
    return tape.emit("embedding", input, weight)


RULES: dict[str, Callable[..., Any]] = {"linear": linear, "embedding": embedding}
