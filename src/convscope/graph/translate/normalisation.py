"""Normalisations, as they are when a network is evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.arrangement import reshape
from convscope.graph.translate.reduction import axes_of, extreme_along


def batch_norm(
    graph: GraphBuilder,
    input: Ref,
    running_mean: Ref | None,
    running_var: Ref | None,
    weight: Ref | None = None,
    bias: Ref | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Ref:
    """By the running averages, or by the batch's own where there are none."""
    averages = (None, None) if training else (running_mean, running_var)
    return graph.emit("batch_norm", input, weight, bias, *averages, eps=eps)


def layer_norm(
    graph: GraphBuilder,
    input: Ref,
    normalized_shape: Any,
    weight: Ref | None = None,
    bias: Ref | None = None,
    eps: float = 1e-5,
) -> Ref:
    """Over the last axes."""
    return graph.emit("layer_norm", input, weight, bias, axes=len(tuple(normalized_shape)), eps=eps)


def group_norm(
    graph: GraphBuilder,
    input: Ref,
    num_groups: int,
    weight: Ref | None = None,
    bias: Ref | None = None,
    eps: float = 1e-5,
) -> Ref:
    """Over groups of channels."""
    return graph.emit("group_norm", input, weight, bias, groups=num_groups, eps=eps)


def instance_norm(
    graph: GraphBuilder,
    input: Ref,
    running_mean: Ref | None = None,
    running_var: Ref | None = None,
    weight: Ref | None = None,
    bias: Ref | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Ref:
    """Over each channel of each example, or by the running averages."""
    if use_input_stats:
        return graph.emit("instance_norm", input, weight, bias, eps=eps)
    return graph.emit("batch_norm", input, weight, bias, running_mean, running_var, eps=eps)


def rms_norm(
    graph: GraphBuilder, input: Ref, normalized_shape: Any, weight: Ref | None = None, eps: float | None = None
) -> Ref:
    """x / √(mean of x² + eps) · weight (Zhang & Sennrich 2019)."""
    eps = float(np.finfo(input.dtype).eps) if eps is None else eps
    rank = len(input.shape)
    axes = tuple(range(rank - len(tuple(normalized_shape)), rank))
    mean = graph.emit("reduce_mean", graph.emit("power", input, exponent=2), axes=axes)
    scaled = graph.emit("multiply", input, graph.emit("power", graph.emit("add", mean, eps), exponent=-0.5))
    return scaled if weight is None else graph.emit("multiply", scaled, weight)


def vector_norm(
    graph: GraphBuilder, input: Ref, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Ref:
    """The square root of the sum of squares along axes; the sum of sizes (order 1), or the largest (infinite)."""
    if dtype is not None and str(dtype).removeprefix("torch.") != input.dtype:
        raise Unknown("a norm in another type")
    return reshape(graph, _length(graph, input, axes_of(input, dim), graph.number(ord)), graph.shape)


def norm(
    graph: GraphBuilder, input: Ref, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Ref:
    """The norm of vectors; that of matrices where it is the same."""
    if ord is not None and (not isinstance(dim, int) and len(input.shape) > 1):
        raise Unknown("the norm of a matrix")
    return vector_norm(graph, input, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


def cosine_similarity(graph: GraphBuilder, x1: Ref, x2: Ref, dim: int = 1, eps: float = 1e-8) -> Ref:
    """The product of two vectors over both their lengths, which are at least eps."""
    axes = (dim % max(len(x1.shape), len(x2.shape)),)
    if len(x1.shape) != len(x2.shape):
        raise Unknown("vectors with unequally many axes")
    units = (graph.emit("divide", vector, _long(graph, vector, axes, eps)) for vector in (x1, x2))
    product = graph.emit("multiply", *units)
    return graph.emit("reshape", graph.emit("reduce_sum", product, axes=axes), shape=graph.shape)


def weight_norm(graph: GraphBuilder, v: Ref, g: Ref, dim: int = 0) -> Ref:
    """Return g · v / ‖v‖, the length taken over all axes but one, or over all: -1 (Salimans & Kingma 2016)."""
    kept = dim if dim == -1 else dim % len(v.shape)
    axes = tuple(axis for axis in range(len(v.shape)) if axis != kept)
    return graph.emit("multiply", v, graph.emit("divide", g, _length(graph, v, axes)))


def pairwise_distance(
    graph: GraphBuilder, x1: Ref, x2: Ref, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Ref:
    """The length of the difference, to each number of which eps is added."""
    away = graph.emit("add", graph.emit("subtract", x1, x2), float(eps))
    return reshape(graph, _length(graph, away, (len(away.shape) - 1,), p), graph.shape)


def _long(graph: GraphBuilder, input: Ref, axes: tuple[int, ...], least: float) -> Ref:
    """Return a length of at least so much, whose gradient is that of the length itself, as PyTorch has it."""
    length = _length(graph, input, axes)
    missing = graph.emit("subtract", graph.emit("clip", length, low=float(least)), length)
    return graph.emit("add", length, graph.emit("detach", missing))


def _length(graph: GraphBuilder, input: Ref, axes: tuple[int, ...], order: float = 2) -> Ref:
    """Return a norm; of order 1 the sum of the sizes, of ∞ and -∞ the largest and least, of 0 how many are not 0."""
    if order == 2 or (math.isfinite(order) and order not in (0, 1)):
        return graph.emit("reduce_norm", input, axes=axes, **({} if order == 2 else {"order": float(order)}))
    if order == 0:
        one, zero = graph.scalar(1, input.dtype), graph.scalar(0, input.dtype)
        nonzero = graph.emit("compare", input, zero, relation="not_equal")
        return graph.emit("reduce_sum", graph.emit("where", nonzero, one, zero), axes=axes)
    sizes = graph.emit("absolute", input)
    if order == -math.inf:
        return extreme_along(graph, sizes, axes, least=True)
    return graph.emit("reduce_sum" if order == 1 else "reduce_max", sizes, axes=axes)


RULES: dict[str, Callable[..., Any]] = {
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "rms_norm": rms_norm,
    "linalg_vector_norm": vector_norm,
    "linalg_norm": norm,
    "cosine_similarity": cosine_similarity,
    "pairwise_distance": pairwise_distance,
    "weight_norm": weight_norm,
}
