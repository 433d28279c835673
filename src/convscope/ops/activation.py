"""Activations: one number in, one number out, any shape."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from convscope.ops import elementwise
from convscope.ops.arguments import floats
from convscope.ops.elementwise import alike
from convscope.ops.primitive import Primitive
from convscope.ops.special import expit, ndtr

SELU_ALPHA = 1.6732632423543772848170429916717  # Klambauer et al. 2017, eq. 14: mean 0 and variance 1 are kept
SELU_SCALE = 1.0507009873554804934193349852946


def relu(x: ArrayLike) -> np.ndarray:
    """Return max(x, 0) for each number of an array of any shape; NaN stays NaN.

    >>> relu(np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 3.0]
    """
    (x,) = floats("relu", x=x)
    return np.maximum(x, 0)


def relu_backward(grad: np.ndarray, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` where x > 0, else 0 (at 0 too, as PyTorch has it).

    >>> relu_backward(np.array([5.0, 5.0, 5.0]), np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 5.0]
    """
    grad, x = alike("relu_backward", grad, x)
    return np.where(x <= 0, 0, grad)  # no product: 0 · NaN is NaN


def leaky_relu(x: ArrayLike, *, slope: float = 0.01) -> np.ndarray:
    """Return x where x > 0, else ``slope`` · x (Maas et al. 2013).

    >>> leaky_relu(np.array([-2.0, 3.0])).tolist()
    [-0.02, 3.0]
    """
    (x,) = floats("leaky_relu", x=x)
    return np.where(x > 0, x, x * x.dtype.type(slope))


def leaky_relu_backward(grad: np.ndarray, x: ArrayLike, *, slope: float = 0.01) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` where x > 0, else ``slope`` · ``grad``.

    >>> leaky_relu_backward(np.array([5.0, 5.0]), np.array([-2.0, 3.0])).tolist()
    [0.05, 5.0]
    """
    grad, x = alike("leaky_relu_backward", grad, x)
    return np.where(x > 0, grad, grad * grad.dtype.type(slope))


def selu(x: ArrayLike) -> np.ndarray:
    """Return λ·x where x > 0, else λ·α·(eˣ - 1), with λ = 1.0507, α = 1.6733 (Klambauer et al. 2017).

    By hand: eˣ - 1 is -0.5 at x = ln ½, so that selu(ln ½) = 1.0507 · 1.6733 · -0.5 = -0.8790.

    >>> selu(np.array([-np.log(2.0), 2.0])).round(4).tolist()
    [-0.879, 2.1014]
    """
    (x,) = floats("selu", x=x)
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


def selu_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: λ·``grad`` where x > 0, else λ·α·eˣ·``grad``.

    >>> selu_backward(np.array([1.0, 1.0]), np.array([-np.log(2.0), 2.0])).round(4).tolist()
    [0.879, 1.0507]
    """
    grad, x = alike("selu_backward", grad, x)
    return grad * (SELU_SCALE * np.where(x > 0, x.dtype.type(1), SELU_ALPHA * np.exp(np.minimum(x, 0))))


def gelu(x: ArrayLike) -> np.ndarray:
    """Return x·Φ(x), Φ the normal distribution function: exact, no tanh (Hendrycks & Gimpel 2016).

    By hand: Φ(1) = 0.8413, so that gelu(1) = 0.8413 and gelu(-1) = -1 + 0.8413 = -0.1587.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
    [-0.1587, 0.0, 0.8413]
    """
    (x,) = floats("gelu", x=x)
    return x * ndtr(x)


def gelu_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: (Φ(x) + x·φ(x)) · ``grad``, φ the normal density.

    >>> gelu_backward(np.array([4.0]), np.array([0.0])).tolist()
    [2.0]
    """
    grad, x = alike("gelu_backward", grad, x)
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return grad * (ndtr(x) + x * density)


def silu(x: ArrayLike) -> np.ndarray:
    """Return x·σ(x), also called swish (Elfwing et al. 2018).

    By hand: σ(ln 3) = 3/4, so that silu(ln 3) = 0.75 · 1.0986 = 0.8240.

    >>> silu(np.array([0.0, np.log(3.0)])).round(4).tolist()
    [0.0, 0.824]
    """
    (x,) = floats("silu", x=x)
    return x * expit(x)


def silu_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: σ(x)·(1 + x·(1 - σ(x))) · ``grad``.

    >>> silu_backward(np.array([4.0]), np.array([0.0])).tolist()
    [2.0]
    """
    grad, x = alike("silu_backward", grad, x)
    gate = expit(x)
    return grad * (gate * (1 + x * (1 - gate)))


def sigmoid(x: ArrayLike) -> np.ndarray:
    """Return σ(x) = 1 / (1 + e⁻ˣ) without overflow; e^z / (e^z + e^-z) is σ(2z).

    >>> sigmoid(np.array([-1000.0, 0.0, np.log(3.0)])).round(12).tolist()
    [0.0, 0.5, 0.75]
    """
    (x,) = floats("sigmoid", x=x)
    return expit(x)


def sigmoid_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: σ(x)·(1 - σ(x)) · ``grad``.

    >>> sigmoid_backward(np.array([4.0]), np.array([0.0])).tolist()
    [1.0]
    """
    grad, x = alike("sigmoid_backward", grad, x)
    return grad * (expit(x) * expit(-x))  # σ(-x) is 1 - σ(x), and keeps its digits where σ is near 1


def tanh(x: ArrayLike) -> np.ndarray:
    """Return the hyperbolic tangent.

    By hand: e^ln 2 = 2, so that tanh(ln 2) = (2 - ½) / (2 + ½) = 0.6.

    >>> tanh(np.array([0.0, np.log(2.0)])).round(12).tolist()
    [0.0, 0.6]
    """
    (x,) = floats("tanh", x=x)
    return np.tanh(x)


def tanh_backward(grad: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Return the gradient with respect to x: (1 - tanh²x) · ``grad``.

    >>> tanh_backward(np.array([1.0, 1.0]), np.array([0.0, np.log(2.0)])).round(12).tolist()
    [1.0, 0.64]
    """
    grad, x = alike("tanh_backward", grad, x)
    return grad * (1 - np.tanh(x) ** 2)


def _function(
    name: str, forward: Callable[..., np.ndarray], backward: Callable[..., np.ndarray], each: tuple[int, int]
) -> Primitive:
    return elementwise.primitive(name, forward, backward, each, elementwise.function(name, forward))


def _passed(x: float) -> float:
    return float(x > 0)


def _sloped(x: float, slope: float = 0.01) -> float:
    return 1.0 if x > 0 else slope


PRIMITIVES = (
    elementwise.primitive("relu", relu, relu_backward, (0, 1), elementwise.scaled(relu, _passed)),
    elementwise.primitive(
        "leaky_relu",
        leaky_relu,
        leaky_relu_backward,
        (1, 1),
        elementwise.scaled(leaky_relu, _sloped),
    ),
    _function("selu", selu, selu_backward, (3, 2)),  # comparison, exp, - 1, · α, · λ
    _function("gelu", gelu, gelu_backward, (2, 0)),  # Φ, product
    _function("silu", silu, silu_backward, (3, 1)),  # σ, product
    _function("sigmoid", sigmoid, sigmoid_backward, (2, 1)),  # exp, 1 +, division
    _function("tanh", tanh, tanh_backward, (1, 0)),
)
