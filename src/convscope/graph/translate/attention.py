"""Attention; ``nn.MultiheadAttention`` comes as its projections, products and softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.arrangement import each_repeated, repeated


def attention(
    graph: GraphBuilder,
    query: Ref,
    key: Ref,
    value: Ref,
    attn_mask: Ref | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Ref:
    """Return softmax(q kᵀ · scale + mask) v, the mask constant or computed; a key's head may serve several queries'."""
    if dropout_p:
        raise Unknown("attention with dropout")
    if is_causal:
        attn_mask = graph.constant(np.tri(query.shape[-2], key.shape[-2], dtype=bool))
    if enable_gqa:
        heads = query.shape[-3]
        key, value = (each_repeated(graph, array, -3, heads // array.shape[-3]) for array in (key, value))
    front = graph.shape[:-2]
    query, key, value = (repeated(graph, array, (*front, *array.shape[-2:])) for array in (query, key, value))
    return graph.emit("attention", query, key, value, attn_mask, scale=scale)


RULES: dict[str, Callable[..., Any]] = {"scaled_dot_product_attention": attention}
