"""Relevance through sums with weights: convolutions, their transposes and dense layers."""

from __future__ import annotations

import math

import numpy as np

from convscope.explaining.lrp.step import Shares, Step, proportional
from convscope.ops import PRIMITIVES
from convscope.ops.correlation.input_gradient import input_gradient


def dense(step: Step) -> Shares:
    """Share relevance in proportion to the products x · w (the ε rule); the bias absorbs its part."""
    if step.carriers != ("x",):  # weights that were computed
        return proportional(step)
    x = step.array("x")
    return {"x": x * (step.quotient() @ step.array("weight"))}


def convolution(step: Step) -> Shares:
    """Share relevance by the ε, the γ or the z⁺ rule; see ``Settings.gamma``."""
    if step.carriers != ("x",):
        return proportional(step)
    gamma = step.settings.gamma
    if gamma == 0:
        x = step.array("x")
        return {"x": x * _input_gradient(step, step.quotient(), step.array("kernel"))}
    return {"x": _positive(step) if math.isinf(gamma) else _preferring(step, gamma / 2)}


def _preferring(step: Step, half: float) -> np.ndarray:
    """Return the relevance by the γ rule (Montavon et al. 2019): z + γ · the products of the sign of z, and so on.

    The products p of one sign are (p ± |p|) / 2, so that those of |x| and |w| are all that is needed beside z.
    """
    x, kernel, bias, z = step.array("x"), step.array("kernel"), step.arrays["bias"], step.output
    rectified = x.min(initial=0) >= 0
    sizes, weights = x if rectified else np.abs(x), half * np.abs(kernel)
    quotient = _forward(step, sizes, weights, None if bias is None else half * np.abs(bias))
    own = np.abs(z)
    own *= 1 + half
    quotient += own  # |z| + γ · the products of its sign
    quotient += step.settings.epsilon
    np.divide(step.relevance, quotient, out=quotient)
    below = z < 0
    if rectified and not (below & (step.relevance != 0)).any():
        share = _input_gradient(step, quotient, (1 + half) * kernel + weights)
        return np.multiply(share, x, out=share)
    share = _input_gradient(step, quotient, weights)
    share *= sizes
    np.negative(quotient, out=quotient, where=below)
    rest = _input_gradient(step, quotient, (1 + half) * kernel)
    rest *= x
    share += rest
    return share


def _positive(step: Step) -> np.ndarray:
    """Return the relevance by the z⁺ rule (Bach et al. 2015, α = 1, β = 0): positive products count, and no bias.

    Where a number has no positive product, what arrives at it is absorbed.
    """
    x, kernel = step.array("x"), step.array("kernel")
    rectified = x.min(initial=0) >= 0
    parts = [(x if rectified else np.maximum(x, 0), np.maximum(kernel, 0))]
    if not rectified:
        parts.append((np.minimum(x, 0), np.minimum(kernel, 0)))
    first, *others = (_forward(step, *part, None) for part in parts)
    quotient = step.quotient(sum(others, first))
    first, *others = (side * _input_gradient(step, quotient, weights) for side, weights in parts)
    return sum(others, first)


def _forward(step: Step, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    return PRIMITIVES[step.node.op].forward(x, kernel, bias, **step.arguments)


def _input_gradient(step: Step, gradient: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    x = step.array("x")
    if step.node.op == "correlate_transpose":
        return PRIMITIVES[step.node.op].backward(gradient, x, kernel, None, **step.arguments).x
    return input_gradient(gradient, x, kernel, flip=step.node.op == "convolve", **step.arguments)
