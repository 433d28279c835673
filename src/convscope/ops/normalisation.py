"""Normalisation: numbers that belong together get mean 0 and variance 1, then a learned scale and shift.

What belongs together is all that the four kinds differ in: a channel over the batch, a channel of one example
(instance), a group of its channels, or the last axes (layer). Running averages are the caller's business.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops import normalise_core
from convscope.ops.arguments import floats
from convscope.ops.normalise_core import Gradients, Groups
from convscope.ops.primitive import Shape, count


class Moments(NamedTuple):
    """Mean and variance (C,) of each channel; the variance is the mean squared distance of ``number`` numbers."""

    mean: np.ndarray
    variance: np.ndarray
    number: int


def batch_norm(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    variance: ArrayLike | None = None,
    *,
    eps: float = 1e-5,
) -> np.ndarray:
    """Return (x - μ) / √(σ² + eps) · weight + bias, channel by channel (Ioffe & Szegedy 2015).

    x (N, C, *space) or (N, C); all others (C,); no weight is 1, no bias 0. Without ``mean`` and ``variance`` they are
    the batch's own (training; see ``moments``), else those given (evaluation). Raises ``ShapeError`` where a channel
    has one number only and no mean is given. By hand: 1 and 3 have mean 2 and variance 1.

    >>> batch_norm(np.array([[1.0], [3.0]]), np.array([10.0]), eps=0).tolist()
    [[-10.0], [10.0]]
    """
    return normalise_core.forward("batch_norm", _batch, (x, weight, bias, mean, variance), eps)


def batch_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    variance: ArrayLike | None = None,
    *,
    eps: float = 1e-5,
) -> Gradients:
    """Return the gradients of x, weight and bias; the batch's own mean and variance move with x, given ones do not.

    >>> batch_norm_backward(np.array([[1.0], [0.0]]), np.array([[1.0], [3.0]]), np.ones(1), eps=0).weight.tolist()
    [-1.0]
    """
    return normalise_core.backward("batch_norm", _batch, grad, (x, weight, bias, mean, variance), eps)


def moments(x: ArrayLike) -> Moments:
    """Return mean and variance (C,) of each channel of x (N, C, *space), as ``batch_norm`` uses them in training.

    For its running average PyTorch takes variance · number / (number - 1). Raises ``ShapeError`` below two axes.

    >>> moments(np.array([[1.0], [3.0]]))
    Moments(mean=array([2.]), variance=array([1.]), number=2)
    """
    (x,) = floats("moments", x=x)
    grouping = _batch("moments", x.shape)
    mean, variance = normalise_core.moments(x, grouping.axes)
    return Moments(mean.reshape(-1), variance.reshape(-1), grouping.number)


def layer_norm(
    x: ArrayLike, weight: ArrayLike | None = None, bias: ArrayLike | None = None, *, axes: int = 1, eps: float = 1e-5
) -> np.ndarray:
    """Return x normalised over its last ``axes`` axes, · weight + bias (Ba et al. 2016).

    x of any shape with as many axes; weight and bias of the shape of those axes; no weight is 1, no bias 0. Raises
    ``ShapeError`` where they do not fit. By hand: 1 and 3 have mean 2 and variance 1.

    >>> layer_norm(np.array([1.0, 3.0]), np.array([10.0, 20.0]), eps=0).tolist()
    [-10.0, 20.0]
    """
    return normalise_core.forward("layer_norm", _layer, (x, weight, bias), eps, axes=axes)


def layer_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    *,
    axes: int = 1,
    eps: float = 1e-5,
) -> Gradients:
    """Return the gradients of x, weight and bias.

    >>> layer_norm_backward(np.array([5.0, 7.0]), np.array([1.0, 3.0]), np.ones(2), eps=0).weight.tolist()
    [-5.0, 7.0]
    """
    return normalise_core.backward("layer_norm", _layer, grad, (x, weight, bias), eps, axes=axes)


def group_norm(
    x: ArrayLike, weight: ArrayLike | None = None, bias: ArrayLike | None = None, *, groups: int, eps: float = 1e-5
) -> np.ndarray:
    """Return x normalised over each of ``groups`` runs of channels of one example, · weight + bias (Wu & He 2018).

    x (N, C, *space), C a multiple of ``groups``; weight and bias (C,); no weight is 1, no bias 0. Raises
    ``ShapeError`` where they do not fit, or where x holds one number per group in all.

    >>> group_norm(np.array([[1.0, 3.0, 20.0, 40.0]]), groups=2, eps=0).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """
    return normalise_core.forward("group_norm", _group, (x, weight, bias), eps, groups=groups)


def group_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    *,
    groups: int,
    eps: float = 1e-5,
) -> Gradients:
    """Return the gradients of x, weight and bias.

    >>> group_norm_backward(np.array([[5.0, 7.0]]), np.array([[1.0, 3.0]]), np.ones(2), groups=1, eps=0).weight.tolist()
    [-5.0, 7.0]
    """
    return normalise_core.backward("group_norm", _group, grad, (x, weight, bias), eps, groups=groups)


def instance_norm(
    x: ArrayLike, weight: ArrayLike | None = None, bias: ArrayLike | None = None, *, eps: float = 1e-5
) -> np.ndarray:
    """Return x with each channel of each example normalised, · weight + bias (Ulyanov et al. 2016).

    x (N, C, *space); weight and bias (C,); no weight is 1, no bias 0. Raises ``ShapeError`` where a channel of one
    example has one number only.

    >>> instance_norm(np.array([[[1.0, 3.0], [20.0, 40.0]]]), eps=0).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    return normalise_core.forward("instance_norm", _instance, (x, weight, bias), eps)


def instance_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    *,
    eps: float = 1e-5,
) -> Gradients:
    """Return the gradients of x, weight and bias.

    >>> instance_norm_backward(np.array([[[5.0, 7.0]]]), np.array([[[1.0, 3.0]]]), np.ones(1), eps=0).weight.tolist()
    [2.0]
    """
    return normalise_core.backward("instance_norm", _instance, grad, (x, weight, bias), eps)


def _channels(name: str, x: Shape, least: int, axes: tuple[int, ...], groups: int | None = None) -> Groups:
    """Return what belongs together where weight and bias are one number per channel."""
    if len(x) < least:
        wanted = "(N, C, *space)" if least == 3 else "(N, C) or (N, C, *space)"
        raise ShapeError(f"{name}: x must be {wanted}, found {len(x)} axes: {x}")
    return Groups(x, axes, x[1:2], "(C,)", (x[1], *(1,) * (len(x) - 2)), groups)


def _batch(name: str, x: Shape) -> Groups:
    grouping = _channels(name, x, 2, (0, *range(2, len(x))))
    return _told_if(grouping.number == 1, grouping, "a channel", "give more examples, or mean and variance")


def _told_if(alone: bool, grouping: Groups, of: str, advice: str) -> Groups:
    return replace(grouping, alone=f"one number {of}, whose own variance is 0; {advice}") if alone else grouping


def _layer(name: str, x: Shape, *, axes: int = 1) -> Groups:
    if not 1 <= axes <= len(x):
        raise ShapeError(f"{name}: axes must be from 1 to the {len(x)} axes of x {x}, found {axes!r}")
    last = x[len(x) - axes :]
    return Groups(x, tuple(range(len(x) - axes, len(x))), last, "the last axes of x", last)


def _group(name: str, x: Shape, *, groups: int) -> Groups:
    grouping = _channels(name, x, 2, tuple(range(2, len(x))), groups)
    if groups < 1 or x[1] % groups:
        raise ShapeError(f"{name}: groups must divide the {x[1]} channels of x {x}, found {groups!r}")
    return _told_if(count(x) == groups, grouping, "a group", "take fewer groups")  # PyTorch's rule: a single example


def _instance(name: str, x: Shape) -> Groups:
    grouping = _channels(name, x, 3, tuple(range(2, len(x))))
    return _told_if(grouping.number == 1, grouping, "a channel", "use layer_norm")


_AFFINE = ("x", "weight", "bias")
PRIMITIVES = (
    normalise_core.primitive("batch_norm", _batch, normalise_core.ARRAYS, batch_norm, batch_norm_backward),
    normalise_core.primitive("layer_norm", _layer, _AFFINE, layer_norm, layer_norm_backward),
    normalise_core.primitive("group_norm", _group, _AFFINE, group_norm, group_norm_backward),
    normalise_core.primitive("instance_norm", _instance, _AFFINE, instance_norm, instance_norm_backward),
)
