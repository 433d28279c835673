"""Rounding to whole numbers: one number in, one number out, any shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ConfigError, nearest
from convscope.ops import elementwise
from convscope.ops.arguments import floats
from convscope.ops.elementwise import alike
from convscope.ops.primitive import Primitive, Shape

DIRECTIONS = {"nearest": np.rint, "down": np.floor, "up": np.ceil, "zero": np.trunc}


def round_off(x: ArrayLike, *, direction: str = "nearest") -> np.ndarray:
    """Return the whole number beside x: the nearest (of two the even one), the one below, above, or towards zero.

    Raises ``ConfigError`` for another direction than "nearest", "down", "up" and "zero".

    >>> round_off(np.array([-1.5, 0.5, 2.7])).tolist()
    [-2.0, 0.0, 3.0]
    >>> round_off(np.array([-1.5, 0.5, 2.7]), direction="down").tolist()
    [-2.0, 0.0, 2.0]
    """
    (x,) = floats("round_off", x=x)
    _shape(x.shape, direction=direction)
    return np.asarray(DIRECTIONS[direction](x))


def round_off_backward(grad: ArrayLike, x: ArrayLike, *, direction: str = "nearest") -> np.ndarray:
    """Return the gradient with respect to x, 0: a whole number does not change by a little.

    >>> round_off_backward(np.array([5.0]), np.array([0.4])).tolist()
    [0.0]
    """
    _, x = alike("round_off_backward", grad, x)
    return np.zeros_like(x)


def _shape(x: Shape, *, direction: str = "nearest") -> Shape:
    if direction not in DIRECTIONS:
        raise ConfigError(f"round_off: there is no direction {direction!r}{nearest(direction, DIRECTIONS)}")
    return x


PRIMITIVES = (
    Primitive(
        "round_off",
        ("x",),
        round_off,
        round_off_backward,
        _shape,
        elementwise.cost(0, 1),
        elementwise.axes,
        elementwise.function("round_off", round_off),
    ),
)
