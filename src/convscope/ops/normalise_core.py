"""The one core of all normalisations: subtract the mean of what belongs together, divide by the deviation.

A kind of normalisation (``normalisation.py``) says by ``Groups`` what belongs together; forward, backward, cost,
axes and terms are here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_gradient, floats, matching, shapes
from convscope.ops.axes import Axes, Link, blocks, pointwise, whole_along
from convscope.ops.combination import unbroadcast
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, traffic

ARRAYS = ("x", "weight", "bias", "mean", "variance")


class Gradients(NamedTuple):
    """The gradients of x, scale and shift; None where there was none."""

    x: np.ndarray
    weight: np.ndarray | None
    bias: np.ndarray | None


@dataclass(frozen=True)
class Groups:
    """Which numbers of x (``shape``) are normalised together: all along ``axes``, or a group of the channels too.

    ``parameter`` is the shape of weight and bias (``meaning`` in words), ``affine`` that in which they lie over x.
    ``alone``: what to say where a number stands alone, so that moments must be given.
    """

    shape: Shape
    axes: tuple[int, ...]
    parameter: Shape
    meaning: str
    affine: Shape
    channel_groups: int | None = None
    alone: str = ""

    @property
    def view(self) -> tuple[Shape, tuple[int, ...]]:
        """The shape in which to see x, and the axes of it that are normalised together."""
        if self.channel_groups is None:
            return self.shape, self.axes
        n, channels, *space = self.shape
        return (n, self.channel_groups, channels // self.channel_groups, *space), tuple(range(2, 3 + len(space)))

    @property
    def number(self) -> int:
        """How many numbers are normalised together."""
        shape, axes = self.view
        return math.prod(shape[axis] for axis in axes)

    @property
    def sets(self) -> int:
        """How many such sets there are."""
        shape, axes = self.view
        return math.prod(n for axis, n in enumerate(shape) if axis not in axes)

    @property
    def links(self) -> tuple[Link, ...]:
        """How each number of x feeds those that it is normalised together with."""
        links = list(whole_along(self.shape, self.axes))
        if self.channel_groups is not None:
            links[1] = blocks(1, self.shape[1], self.shape[1], self.channel_groups)
        return tuple(links)

    def parameter_at(self, at: tuple[int, ...]) -> tuple[int, ...]:
        """Return where in weight and bias the scale and shift of ``at`` stand."""
        return at[len(at) - len(self.affine) :][: len(self.parameter)]


Kind = Callable[..., Groups]  # (shape of x, **arguments) -> what belongs together, or a ShapeError


def moments(x: np.ndarray, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance over ``axes``, which stay with length 1; 0 where there is nothing."""
    number = max(math.prod(x.shape[axis] for axis in axes), 1)
    mean = x.sum(axes, keepdims=True) / number
    return mean, np.square(x - mean).sum(axes, keepdims=True) / number


def forward(name: str, kind: Kind, arrays: tuple[ArrayLike | None, ...], eps: float, **arguments: Any) -> np.ndarray:
    """Return x̂ · weight + bias for ``arrays`` x, weight, bias and, where given, mean and variance."""
    x, weight, bias, *moments_given = floats(name, **dict(zip(ARRAYS, arrays, strict=False)))
    grouping = _fitting(name, kind, shapes(x, weight, bias, *moments_given), arguments)
    y, _ = _standardised(x, grouping, eps, *moments_given)
    y = y if weight is None else y * weight.reshape(grouping.affine)
    return y if bias is None else y + bias.reshape(grouping.affine)


def backward(
    name: str, kind: Kind, grad: ArrayLike, arrays: tuple[ArrayLike | None, ...], eps: float, **arguments: Any
) -> Gradients:
    """Return the gradients of x, weight and bias: for x, ∂/σ less its mean and its part along x̂, ∂ = grad · weight."""
    named = dict(zip(ARRAYS, arrays, strict=False))
    upstream, x, weight, bias, *moments_given = floats(f"{name}_backward", grad=grad, **named)
    grouping = _fitting(name, kind, shapes(x, weight, bias, *moments_given), arguments)
    check_gradient(f"{name}_backward", upstream, x.shape)
    standardised, inverse = _standardised(x, grouping, eps, *moments_given)
    view, axes = grouping.view
    towards = (upstream if weight is None else upstream * weight.reshape(grouping.affine)).reshape(view)
    if not moments_given or moments_given[0] is None:  # then mean and deviation move with x
        along, number = standardised.reshape(view), max(grouping.number, 1)
        towards = (
            towards
            - towards.sum(axes, keepdims=True) / number
            - along * ((towards * along).sum(axes, keepdims=True) / number)
        )
    return Gradients(
        (towards * inverse).reshape(x.shape),
        None if weight is None else unbroadcast(upstream * standardised, grouping.affine).reshape(weight.shape),
        None if bias is None else unbroadcast(upstream, grouping.affine).reshape(bias.shape),
    )


def primitive(
    name: str,
    kind: Kind,
    inputs: tuple[str, ...],
    forward: Callable[..., np.ndarray],
    backward: Callable[..., Gradients],
) -> Primitive:
    """Put a normalisation together from what belongs together."""

    def shape(*shapes_given: Shape | None, eps: float = 1e-5, **arguments: Any) -> Shape:
        return _fitting(name, kind, shapes_given, arguments).shape

    def cost(*shapes_given: Any, eps: float = 1e-5, itemsize: int = 4, **arguments: Any) -> Cost:
        return _cost(_fitting(name, kind, shapes_given, arguments), *shapes_given, itemsize=itemsize)

    def axes(*shapes_given: Shape | None, eps: float = 1e-5, **arguments: Any) -> Axes:
        grouping = kind(name, shapes_given[0], **arguments)
        has_moments = len(shapes_given) > 3 and shapes_given[3] is not None
        parameter = pointwise(grouping.parameter, len(grouping.shape) - len(grouping.affine))
        return dict.fromkeys(inputs, parameter) | {"x": pointwise(grouping.shape) if has_moments else grouping.links}

    def terms(at: tuple[int, ...], *arrays: Any, eps: float = 1e-5, **arguments: Any) -> Terms:
        return _terms(at, _fitting(name, kind, shapes(*arrays), arguments), eps, *arrays)

    return Primitive(name, inputs, forward, backward, shape, cost, axes, terms, differentiable=ARRAYS[:3])


def _fitting(name: str, kind: Kind, arrays: tuple[Any, ...], arguments: dict[str, Any]) -> Groups:
    """Return what belongs together, with weight, bias, mean and variance checked against it."""
    x, weight, bias, mean, variance = (*arrays, None, None, None, None)[:5]
    grouping = kind(name, x, **arguments)
    if mean is None and grouping.alone:
        raise ShapeError(f"{name}: x {x} has {grouping.alone}")
    if (mean is None) != (variance is None):
        raise ShapeError(f"{name}: mean and variance must be given both, or neither of them")
    for label, array in zip(ARRAYS[1:], (weight, bias, mean, variance), strict=True):
        matching(name, label, array, grouping.parameter, grouping.meaning)
    return grouping


def _standardised(
    x: np.ndarray, grouping: Groups, eps: float, mean: np.ndarray | None = None, variance: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return x̂ = (x - μ) / σ in the shape of x, and 1 / σ in the shape of its view."""
    view, axes = grouping.view
    seen = x.reshape(view)
    if mean is None or variance is None:
        mean, variance = moments(seen, axes)
    else:
        mean, variance = mean.reshape(grouping.affine), variance.reshape(grouping.affine)
    inverse = 1 / np.sqrt(variance + eps)
    return ((seen - mean) * inverse).reshape(x.shape), inverse


def _cost(
    grouping: Groups,
    x: Shape,
    weight: Shape | None = None,
    bias: Shape | None = None,
    mean: Shape | None = None,
    variance: Shape | None = None,
    *,
    itemsize: int,
) -> Cost:
    n, sets = count(x), grouping.sets
    multiplications, additions = n + sets, n + sets  # (x - μ) / σ, σ = √(σ² + eps)
    if mean is None:
        multiplications += n + 2 * sets  # squares; both means
        additions += n + 2 * max(n - sets, 0)  # distances; both sums
    multiplications += n * (weight is not None)
    additions += n * (bias is not None)
    return Cost(multiplications, additions, *traffic(x, x, weight, bias, mean, variance, itemsize=itemsize))


def _terms(
    at: tuple[int, ...],
    grouping: Groups,
    eps: float,
    x: np.ndarray,
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    mean: np.ndarray | None = None,
    variance: np.ndarray | None = None,
) -> Terms:
    """Return one term x · γ/σ; the bias is β - μ·γ/σ. Mean and deviation count as constants."""
    place = grouping.parameter_at(at)
    if mean is None or variance is None:
        members = x[np.ix_(*(link.inputs(at) for link in grouping.links))]
        centre, spread = members.mean(), members.var()
    else:
        centre, spread = mean[place], variance[place]
    factor = (1 if weight is None else weight[place]) / np.sqrt(spread + eps)
    shift = float((0 if bias is None else bias[place]) - centre * factor)
    total = float(x[at] * factor) + shift
    return Terms(total, "x", np.array([at]), np.array([x[at]]), np.array([factor], x.dtype), shift)
