"""Pooling: one number for each window, per channel; maximum, mean or p-norm."""

from __future__ import annotations

from convscope.ops.pooling import average, maximum, power
from convscope.ops.pooling.average import avg_pool, avg_pool_backward
from convscope.ops.pooling.maximum import MaxPooled, max_pool, max_pool_backward
from convscope.ops.pooling.power import lp_pool, lp_pool_backward

PRIMITIVES = (average.PRIMITIVE, power.PRIMITIVE, maximum.PRIMITIVE)

__all__ = [
    "MaxPooled",
    "avg_pool",
    "avg_pool_backward",
    "lp_pool",
    "lp_pool_backward",
    "max_pool",
    "max_pool_backward",
]
