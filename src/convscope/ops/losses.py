"""Losses of pairs of numbers (for classes see ``cross_entropy``): how far a network's output is from what was wanted.

``reduction`` is "mean", "sum" or "none" everywhere. A ``grad`` is that of what the loss returned: 1.0 to begin with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.ops.arguments import check_gradient, choice, floats, matching
from convscope.ops.axes import Axes, pointwise, positions, whole_along
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, function_of, traffic
from convscope.ops.special import expit, log_expit

REDUCTIONS = ("mean", "sum", "none")


class Gradients(NamedTuple):
    """The gradients of a squared error."""

    x: np.ndarray
    target: np.ndarray


def binary_cross_entropy_with_logits(logits: ArrayLike, targets: ArrayLike, *, reduction: str = "mean") -> np.ndarray:
    """Return -(y·log σ(z) + (1 - y)·log σ(-z)): finite for any logit z, where log(σ(z)) overflows.

    logits and targets of one shape; targets y from 0 to 1, of the type of logits; "none" returns that shape. Where the
    probability is e^z / (e^z + e^-z), the logit is 2z. Raises ``ShapeError`` where the shapes differ. By hand:
    σ(ln 3) = ¾, and -log ¾ = 0.2877.

    >>> z = np.array([np.log(3.0), -1000.0])
    >>> binary_cross_entropy_with_logits(z, np.array([1.0, 1.0]), reduction="none").round(4).tolist()
    [0.2877, 1000.0]
    """
    name = "binary_cross_entropy_with_logits"
    z, y = floats(name, logits=logits, targets=targets)
    _paired(name, "targets", z.shape, y.shape, reduction)
    return reduced(-(y * log_expit(z) + (1 - y) * log_expit(-z)), reduction, z.size)


def binary_cross_entropy_with_logits_backward(
    grad: ArrayLike, logits: ArrayLike, targets: ArrayLike, *, reduction: str = "mean"
) -> np.ndarray:
    """Return the gradient of logits: σ(z) - y, over their number for the mean.

    >>> binary_cross_entropy_with_logits_backward(1.0, np.array([0.0, 0.0]), np.array([1.0, 0.0])).tolist()
    [-0.25, 0.25]
    """
    z, y = floats("binary_cross_entropy_with_logits_backward", logits=logits, targets=targets)
    return (expit(z) - y) * each("binary_cross_entropy_with_logits_backward", grad, z.shape, z.dtype, reduction, z.size)


def squared_error(x: ArrayLike, target: ArrayLike, *, reduction: str = "mean") -> np.ndarray:
    """Return (x - target)²: both of one shape, "none" returns that shape.

    Raises ``ShapeError`` where the shapes differ: nothing is broadcast. By hand: (1² + 3²) / 2 = 5.

    >>> float(squared_error(np.array([1.0, 5.0]), np.array([2.0, 2.0])))
    5.0
    """
    x, target = floats("squared_error", x=x, target=target)
    _paired("squared_error", "target", x.shape, target.shape, reduction)
    return reduced(np.square(x - target), reduction, x.size)


def squared_error_backward(grad: ArrayLike, x: ArrayLike, target: ArrayLike, *, reduction: str = "mean") -> Gradients:
    """Return the gradients 2·(x - target) of x and its negative of target, over their number for the mean.

    >>> squared_error_backward(1.0, np.array([1.0, 5.0]), np.array([2.0, 2.0])).x.tolist()
    [-1.0, 3.0]
    """
    x, target = floats("squared_error_backward", x=x, target=target)
    towards = 2 * (x - target) * each("squared_error_backward", grad, x.shape, x.dtype, reduction, x.size)
    return Gradients(towards, -towards)


def reduced(losses: np.ndarray, reduction: str, divisor: float) -> np.ndarray:
    """Return the losses' sum, that over ``divisor``, or the losses themselves."""
    if reduction == "none":
        return losses
    with np.errstate(invalid="ignore"):  # the mean of nothing is NaN, as in PyTorch
        return losses.sum() / losses.dtype.type(divisor) if reduction == "mean" else losses.sum()


def each(operation: str, grad: ArrayLike, losses: Shape, dtype: np.dtype, reduction: str, divisor: float) -> np.ndarray:
    """Return what each single loss, shaped ``losses``, receives of the gradient."""
    grad = np.asarray(grad, dtype)
    check_gradient(operation, grad, losses if reduction == "none" else ())
    return grad / dtype.type(divisor or 1) if reduction == "mean" else grad


def _paired(name: str, other: str, x: Shape, target: Shape, reduction: str) -> Shape:
    choice(name, "reduction", reduction, REDUCTIONS)
    matching(name, other, target, x, "of the shape of the first array")
    return x if reduction == "none" else ()


def _primitive(
    name: str,
    inputs: tuple[str, str],
    forward: Callable[..., np.ndarray],
    backward: Callable[..., Any],
    every: tuple[int, int],
    differentiable: tuple[str, ...],
) -> Primitive:
    """Put a loss of pairs together; ``every`` is the multiplications and additions for one pair."""

    def shape(x: Shape, target: Shape, *, reduction: str = "mean") -> Shape:
        return _paired(name, inputs[1], x, target, reduction)

    def cost(x: Shape, target: Shape, *, reduction: str = "mean", itemsize: int = 4) -> Cost:
        output, n = shape(x, target, reduction=reduction), count(x)
        total = 0 if reduction == "none" else max(n - 1, 0)
        multiplications = n * every[0] + (reduction == "mean")
        return Cost(multiplications, n * every[1] + total, *traffic(output, x, target, itemsize=itemsize))

    def axes(x: Shape, target: Shape, *, reduction: str = "mean") -> Axes:
        return dict.fromkeys(inputs, pointwise(x) if reduction == "none" else whole_along(x, range(len(x))))

    def terms(at: tuple[int, ...], x: np.ndarray, target: np.ndarray, *, reduction: str = "mean") -> Terms:
        total = float(forward(x, target, reduction=reduction)[at])
        arrays = dict(zip(inputs, (x, target), strict=True))
        return function_of(total, name, arrays, positions(axes(x.shape, target.shape, reduction=reduction), at))

    return Primitive(name, inputs, forward, backward, shape, cost, axes, terms, differentiable=differentiable)


PRIMITIVES = (
    _primitive(
        "binary_cross_entropy_with_logits",
        ("logits", "targets"),
        binary_cross_entropy_with_logits,
        binary_cross_entropy_with_logits_backward,
        (6, 4),  # twice log σ = -log(1 + exp) and a product; 1 - y, and their sum
        ("logits",),
    ),
    _primitive("squared_error", ("x", "target"), squared_error, squared_error_backward, (1, 1), ("x", "target")),
)
