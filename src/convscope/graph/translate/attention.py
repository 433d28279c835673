"""Attention; ``nn.MultiheadAttention`` comes as its projections, products and softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.graph.tape import Ref, Tape, Unknown


def attention(
    tape: Tape,
    query: Ref,
    key: Ref,
    value: Ref,
    attn_mask: Ref | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Ref:
    """Return softmax(q kᵀ · scale + mask) v."""
    if dropout_p or (enable_gqa and query.shape[-3] != key.shape[-3]):
        raise Unknown("attention with dropout or grouped queries")
    if is_causal:
        attn_mask = tape.constant(np.tri(query.shape[-2], key.shape[-2], dtype=bool))
    if attn_mask is not None and attn_mask.value is None:  # it may have a gradient, of which the primitive tells none
        return _by_parts(tape, query, key, value, attn_mask, scale)
    return tape.emit("attention", query, key, value, attn_mask, scale=scale)


def _by_parts(tape: Tape, query: Ref, key: Ref, value: Ref, mask: Ref, scale: float | None) -> Ref:
    """The same as scores, a mask that is added to them, a softmax and a product."""
    rank = len(key.shape)
    turned = tape.emit("permute", key, axes=(*range(rank - 2), rank - 1, rank - 2))
    scores = tape.emit("multiply", tape.emit("matmul", query, turned), scale or query.shape[-1] ** -0.5)
    weights = tape.emit("softmax", tape.emit("add", scores, mask), axis=len(scores.shape) - 1)
    return tape.emit("matmul", weights, value)


RULES: dict[str, Callable[..., Any]] = {"scaled_dot_product_attention": attention}
