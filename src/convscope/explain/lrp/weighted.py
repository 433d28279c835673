"""Relevance through sums with weights: convolutions, their transposes and dense layers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from convscope.explain.lrp.step import Shares, Step, proportional
from convscope.ops import PRIMITIVES
from convscope.ops.correlation.input_gradient import input_gradient

Part = tuple[np.ndarray, np.ndarray]  # inputs and weights, whose products are contributions


def dense(step: Step) -> Shares:
    """Share relevance in proportion to the products x · w (the ε rule); the bias absorbs its part."""
    if step.carriers != ("x",):  # weights that were computed
        return proportional(step)
    x = step.array("x")
    return {"x": x * (step.quotient() @ step.array("weight"))}


def convolution(step: Step) -> Shares:
    """Share relevance by the ε, the γ or the z⁺ rule; see ``Settings.gamma``.

    z⁺ (Bach et al. 2015, α = 1 and β = 0) counts positive products x · w only, and no bias: nothing is absorbed. γ
    (Montavon et al. 2019) adds γ times the products of the output's own sign to all of them.
    """
    if step.carriers != ("x",):
        return proportional(step)
    gamma = step.settings.gamma
    if gamma == 0:
        return {"x": _handed(step, step.quotient(), [(step.array("x"), step.array("kernel"))])}
    positive = [*_products(step, +1)]
    favoured = _sum(step, positive)
    if math.isinf(gamma):
        return {"x": _handed(step, step.quotient(favoured), positive)}
    return {"x": _preferring(step, gamma, favoured, positive)}


def _preferring(step: Step, gamma: float, favoured: np.ndarray, positive: list[Part]) -> np.ndarray:
    """Return the relevance by the γ rule: outputs below 0 prefer the contributions below 0."""
    if (bias := step.arrays["bias"]) is not None:
        favoured = favoured + np.maximum(bias, 0).reshape(-1, *(1,) * (step.output.ndim - 2))
    above = step.output >= 0
    preferred = np.where(above, favoured, step.output - favoured)
    quotient = step.quotient(step.output + gamma * preferred)
    shares = _handed(step, quotient, [(step.array("x"), step.array("kernel"))])
    shares += gamma * _handed(step, quotient * above, positive)
    if np.any(quotient[~above]):
        shares += gamma * _handed(step, quotient * ~above, [*_products(step, -1)])
    return shares


def _products(step: Step, sign: int) -> Iterator[Part]:
    """Yield inputs and weights whose products are those of the given sign; of rectified inputs there is one pair."""
    x, kernel = step.array("x"), step.array("kernel")
    rectified = x.min(initial=0) >= 0
    yield x if rectified else np.maximum(x, 0), np.maximum(kernel, 0) if sign > 0 else np.minimum(kernel, 0)
    if not rectified:
        yield np.minimum(x, 0), np.minimum(kernel, 0) if sign > 0 else np.maximum(kernel, 0)


def _sum(step: Step, parts: list[Part]) -> np.ndarray:
    forward = partial(PRIMITIVES[step.node.op].forward, bias=None, **step.arguments)
    first, *others = (forward(x, kernel) for x, kernel in parts)
    return sum(others, first)


def _handed(step: Step, quotient: np.ndarray, parts: list[Part]) -> np.ndarray:
    """Return x · ∂(Σ x · w)/∂x · quotient, summed over the parts."""
    first, *others = (_input_gradient(step, quotient, x, kernel) * x for x, kernel in parts)
    return sum(others, first)


def _input_gradient(step: Step, gradient: np.ndarray, x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    if step.node.op == "correlate_transpose":
        return PRIMITIVES[step.node.op].backward(gradient, x, kernel, None, **step.arguments).x
    return input_gradient(gradient, x, kernel, flip=step.node.op == "convolve", **step.arguments)
