"""Elementary functions and the activations made of them: one number in, one number out, any shape."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.ops import elementwise
from convscope.ops.arguments import floats
from convscope.ops.elementwise import alike
from convscope.ops.primitive import Primitive
from convscope.ops.special import erf as _erf
from convscope.ops.special import expit

TANH_SLOPE = math.sqrt(2 / math.pi)  # Hendrycks & Gimpel 2016: Φ(x) ≈ ½ + ½·tanh(√(2/π)·(x + 0.044715·x³))
TANH_CUBIC = 0.044715


def exp(x: ArrayLike) -> np.ndarray:
    """Return eˣ.

    >>> exp(np.array([0.0, np.log(3.0)])).round(12).tolist()
    [1.0, 3.0]
    """
    (x,) = floats("exp", x=x)
    return np.exp(x)


def exp_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: eˣ · ``grad``.

    >>> exp_backward(np.array([5.0]), np.array([0.0])).tolist()
    [5.0]
    """
    grad, x = alike("exp_backward", grad, x)
    return grad * np.exp(x)


def log(x: ArrayLike) -> np.ndarray:
    """Return the natural logarithm: -inf at 0, NaN below.

    >>> log(np.array([1.0, np.e])).tolist()
    [0.0, 1.0]
    """
    (x,) = floats("log", x=x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)


def log_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` / x.

    >>> log_backward(np.array([5.0]), np.array([2.0])).tolist()
    [2.5]
    """
    grad, x = alike("log_backward", grad, x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return grad / x


def sin(x: ArrayLike) -> np.ndarray:
    """Return the sine of angles in radians.

    >>> sin(np.array([0.0, np.pi / 6])).round(12).tolist()
    [0.0, 0.5]
    """
    (x,) = floats("sin", x=x)
    return np.sin(x)


def sin_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: cos x · ``grad``.

    >>> sin_backward(np.array([5.0]), np.array([0.0])).tolist()
    [5.0]
    """
    grad, x = alike("sin_backward", grad, x)
    return grad * np.cos(x)


def cos(x: ArrayLike) -> np.ndarray:
    """Return the cosine of angles in radians.

    >>> cos(np.array([0.0, np.pi / 3])).round(12).tolist()
    [1.0, 0.5]
    """
    (x,) = floats("cos", x=x)
    return np.cos(x)


def cos_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: -sin x · ``grad``.

    >>> cos_backward(np.array([5.0]), np.array([np.pi / 2])).tolist()
    [-5.0]
    """
    grad, x = alike("cos_backward", grad, x)
    return grad * -np.sin(x)


def erf(x: ArrayLike) -> np.ndarray:
    """Return the error function 2/√π · ∫₀ˣ exp(-t²) dt; ½·(1 + erf(x/√2)) is the normal distribution function.

    >>> erf(np.array([0.0, 1.0])).round(4).tolist()
    [0.0, 0.8427]
    """
    (x,) = floats("erf", x=x)
    return _erf(x)


def erf_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: 2/√π · exp(-x²) · ``grad``.

    >>> erf_backward(np.array([1.0]), np.array([0.0])).round(4).tolist()
    [1.1284]
    """
    grad, x = alike("erf_backward", grad, x)
    return grad * (2 / math.sqrt(math.pi) * np.exp(-x * x))


def absolute(x: ArrayLike) -> np.ndarray:
    """Return the distance from 0.

    >>> absolute(np.array([-2.0, 0.0, 3.0])).tolist()
    [2.0, 0.0, 3.0]
    """
    (x,) = floats("absolute", x=x)
    return np.abs(x)


def absolute_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` with the sign of x, 0 at 0 and at NaN.

    >>> absolute_backward(np.array([5.0, 5.0, 5.0]), np.array([-2.0, 0.0, 3.0])).tolist()
    [-5.0, 0.0, 5.0]
    """
    grad, x = alike("absolute_backward", grad, x)
    return grad * np.where(np.isnan(x), x.dtype.type(0), np.sign(x))


def power(x: ArrayLike, *, exponent: float) -> np.ndarray:
    """Return x to the power ``exponent``; 0.5 is the square root, -1 the reciprocal. NaN where there is none.

    >>> power(np.array([4.0, 9.0]), exponent=0.5).tolist()
    [2.0, 3.0]
    """
    (x,) = floats("power", x=x)
    return _raised(x, exponent)


def power_backward(grad: ArrayLike, x: ArrayLike, *, exponent: float) -> np.ndarray:
    """Return the gradient with respect to x: ``exponent`` · x^(``exponent`` - 1) · ``grad``; 0 where exponent is 0.

    >>> power_backward(np.array([5.0]), np.array([3.0]), exponent=2).tolist()
    [30.0]
    """
    grad, x = alike("power_backward", grad, x)
    if exponent == 0:
        return np.zeros_like(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return grad * (x.dtype.type(exponent) * _raised(x, exponent - 1))


def _raised(x: np.ndarray, exponent: float) -> np.ndarray:
    """Return a power; roots as PyTorch has them, NaN of -∞ and with the sign of a zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if abs(exponent) == 0.5:
            root = np.sqrt(x)
            return root if exponent > 0 else 1 / root
        return np.power(x, x.dtype.type(exponent))


def clip(x: ArrayLike, *, low: float = -math.inf, high: float = math.inf, edges: bool = True) -> np.ndarray:
    """Return x, no less than ``low`` and no more than ``high``; NaN stays NaN. ReLU6 is clip from 0 to 6.

    ``edges`` matters to the gradient only.

    >>> clip(np.array([-1.0, 3.0, 8.0]), low=0, high=6).tolist()
    [0.0, 3.0, 6.0]
    """
    (x,) = floats("clip", x=x)
    return np.minimum(np.maximum(x, x.dtype.type(low)), x.dtype.type(high))


def clip_backward(
    grad: ArrayLike, x: ArrayLike, *, low: float = -math.inf, high: float = math.inf, edges: bool = True
) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` between ``low`` and ``high``, else 0.

    On a bound itself it is ``grad`` with ``edges``, as in PyTorch's clamp, and 0 without, as in its ReLU6; 0 at NaN.

    >>> clip_backward(np.array([5.0, 5.0, 5.0]), np.array([-1.0, 3.0, 6.0]), low=0, high=6).tolist()
    [0.0, 5.0, 5.0]
    """
    grad, x = alike("clip_backward", grad, x)
    inside = (x >= low) & (x <= high) if edges else (x > low) & (x < high)
    return np.where(inside, grad, grad.dtype.type(0))


def elu(x: ArrayLike, *, alpha: float = 1.0) -> np.ndarray:
    """Return x where x > 0, else ``alpha`` · (eˣ - 1) (Clevert et al. 2016).

    >>> elu(np.array([-np.log(2.0), 2.0])).tolist()
    [-0.5, 2.0]
    """
    (x,) = floats("elu", x=x)
    return np.where(x > 0, x, x.dtype.type(alpha) * np.expm1(np.minimum(x, 0)))


def elu_backward(grad: ArrayLike, x: ArrayLike, *, alpha: float = 1.0) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` where x > 0, else ``alpha`` · eˣ · ``grad``.

    >>> elu_backward(np.array([4.0, 4.0]), np.array([-np.log(2.0), 2.0])).tolist()
    [2.0, 4.0]
    """
    grad, x = alike("elu_backward", grad, x)
    one: np.floating = x.dtype.type(1)
    return grad * np.where(x > 0, one, x.dtype.type(alpha) * np.exp(np.minimum(x, 0)))


def softplus(x: ArrayLike, *, beta: float = 1.0, threshold: float = math.inf) -> np.ndarray:
    """Return ln(1 + e^(``beta``·x)) / ``beta`` without overflow, a smooth ReLU; x where beta·x > ``threshold``.

    >>> softplus(np.array([0.0, 1000.0])).round(4).tolist()
    [0.6931, 1000.0]
    """
    (x,) = floats("softplus", x=x)
    steep = x * x.dtype.type(beta)
    smooth = (np.maximum(steep, 0) + np.log1p(np.exp(-np.abs(steep)))) / x.dtype.type(beta)
    return np.where(steep > threshold, x, smooth)


def softplus_backward(grad: ArrayLike, x: ArrayLike, *, beta: float = 1.0, threshold: float = math.inf) -> np.ndarray:
    """Return the gradient with respect to x: σ(``beta``·x) · ``grad``; ``grad`` where beta·x > ``threshold``.

    >>> softplus_backward(np.array([4.0]), np.array([0.0])).tolist()
    [2.0]
    """
    grad, x = alike("softplus_backward", grad, x)
    steep = x * x.dtype.type(beta)
    return np.where(steep > threshold, grad, grad * expit(steep))


def gelu_tanh(x: ArrayLike) -> np.ndarray:
    """Return ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), GELU's approximation (Hendrycks & Gimpel 2016).

    >>> gelu_tanh(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
    [-0.1588, 0.0, 0.8412]
    """
    (x,) = floats("gelu_tanh", x=x)
    return 0.5 * x * (1 + np.tanh(TANH_SLOPE * (x + TANH_CUBIC * x * x * x)))


def gelu_tanh_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x.

    >>> gelu_tanh_backward(np.array([4.0]), np.array([0.0])).tolist()
    [2.0]
    """
    grad, x = alike("gelu_tanh_backward", grad, x)
    t = np.tanh(TANH_SLOPE * (x + TANH_CUBIC * x * x * x))
    return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * TANH_SLOPE * (1 + 3 * TANH_CUBIC * x * x))


def _sign(x: float) -> float:
    return float(np.sign(x))


def _function(name: str, forward: Callable[..., Any], backward: Callable[..., Any], each: tuple[int, int]) -> Primitive:
    return elementwise.primitive(name, forward, backward, each, elementwise.function(name, forward))


PRIMITIVES = (
    _function("exp", exp, exp_backward, (1, 0)),
    _function("log", log, log_backward, (1, 0)),
    _function("sin", sin, sin_backward, (1, 0)),
    _function("cos", cos, cos_backward, (1, 0)),
    _function("erf", erf, erf_backward, (1, 0)),
    elementwise.primitive(
        "absolute",
        absolute,
        absolute_backward,
        (0, 1),
        elementwise.scaled(absolute, _sign),
    ),
    _function("power", power, power_backward, (1, 0)),
    _function("clip", clip, clip_backward, (0, 2)),
    _function("elu", elu, elu_backward, (2, 2)),  # comparison, exp, - 1, · α
    _function("softplus", softplus, softplus_backward, (2, 1)),  # exp, 1 +, ln
    _function("gelu_tanh", gelu_tanh, gelu_tanh_backward, (7, 2)),  # x³ 2, · c, +, · √, tanh, 1 +, two products
)
