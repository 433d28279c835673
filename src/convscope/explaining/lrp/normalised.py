"""Relevance through normalisations: the affine maps that they are once mean and deviation are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from convscope.explaining.lrp.step import Shares, Step

Shape = tuple[int, ...]


def batch_norm(step: Step) -> Shares:
    """Share by the ε rule, channel by channel, with the running mean and variance; what is shifted is absorbed."""
    x, weight, variance = step.array("x"), step.arrays["weight"], step.arrays["variance"]
    if variance is None:
        return own_moments(step)
    scale = 1 / np.sqrt(variance + step.arguments.get("eps", 1e-5))
    scale = scale if weight is None else scale * weight
    share = step.quotient()
    share *= x
    share *= scale.reshape(-1, *(1,) * (x.ndim - 2))
    return {"x": share}


def own_moments(step: Step) -> Shares:
    """Share by the ε rule through x - mean(x), scaled; the deviation counts as a constant (Ali et al. 2022)."""
    x, weight = step.array("x"), step.arrays["weight"]
    view, axes = TOGETHER[step.node.op](x.shape, step.arguments)
    inverse = 1 / np.sqrt(x.reshape(view).var(axes, keepdims=True) + step.arguments.get("eps", 1e-5))
    towards = step.quotient()
    if weight is not None:
        layered = weight if step.node.op == "layer_norm" else weight.reshape(-1, *(1,) * (x.ndim - 2))
        towards = towards * layered
    scaled = towards.reshape(view) * inverse
    return {"x": x * (scaled - scaled.mean(axes, keepdims=True)).reshape(x.shape)}


def _layer(x: Shape, arguments: Mapping[str, Any]) -> tuple[Shape, Shape]:
    return x, tuple(range(len(x) - arguments.get("axes", 1), len(x)))


def _group(x: Shape, arguments: Mapping[str, Any]) -> tuple[Shape, Shape]:
    groups = arguments["groups"]
    return (x[0], groups, x[1] // groups, *x[2:]), tuple(range(2, 1 + len(x)))


# Which numbers share a mean and a deviation: the shape in which to see x, and the axes of it.
TOGETHER: Mapping[str, Callable[[Shape, Mapping[str, Any]], tuple[Shape, Shape]]] = {
    "batch_norm": lambda x, _: (x, (0, *range(2, len(x)))),
    "layer_norm": _layer,
    "group_norm": _group,
    "instance_norm": lambda x, _: (x, tuple(range(2, len(x)))),
}
