"""The fully connected layer, and the table that turns whole numbers into vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convscope.graph.builder import GraphBuilder, Ref, Unknown


def linear(graph: GraphBuilder, input: Ref, weight: Ref, bias: Ref | None = None) -> Ref:
    """Return x · weightᵀ + bias."""
    return graph.emit("linear", input, weight, bias)


def embedding(
    graph: GraphBuilder,
    input: Ref,
    weight: Ref,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Ref:
    """Rows of a table; those of one index may be left out of its gradient."""
    if max_norm is not None or scale_grad_by_freq:
        raise Unknown("rows that are renormalised, or a gradient by their number")
    padding = {} if padding_idx is None else {"padding_index": padding_idx % weight.shape[0]}
    return graph.emit("embedding", input, weight, **padding)


RULES: dict[str, Callable[..., Any]] = {"linear": linear, "embedding": embedding}
