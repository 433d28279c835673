"""What may be asked for: settings and examples are checked at the door, and a message names who was asked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convscope.errors import ConfigError
from convscope.ops.arguments import AXES, each_axis


def whole(who: str, **values: Any) -> None:
    """Raise ``ConfigError`` unless every value is a whole number of at least 1.

    >>> whole("fit", epochs=1.5)
    Traceback (most recent call last):
    convscope.errors.ConfigError: fit: epochs must be a whole number, found 1.5
    """
    for name, value in values.items():
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise ConfigError(f"{who}: {name} must be a whole number, found {value!r}")
        if value < 1:
            raise ConfigError(f"{who}: {name} must be at least 1, found {value}")


def above_zero(who: str, name: str, value: float, hint: str = "") -> None:
    """Refuse what is 0, negative or NaN."""
    if not value > 0:
        raise ConfigError(f"{who}: {name} must be above 0, found {value}{hint}")


def kernel_sizes(who: str, size: Any, **steps: Any) -> tuple[int, ...]:
    """Return the kernel's sizes, one per axis; one number means two equal ones. ``steps`` must go with them.

    >>> kernel_sizes("Conv", 5, stride=2), kernel_sizes("Conv", (5,))
    ((5, 5), (5,))
    """
    rank = np.size(size) if np.ndim(size) else 2
    if rank not in AXES:
        raise ConfigError(f"{who}: size must have 1 to 3 axes, found {size!r}")
    for name, value in steps.items():
        each_axis(who, name, value, rank, least=0 if name == "output_padding" else 1)
    return each_axis(who, "size", size, rank)


def channels(who: str, inputs: int, outputs: int, groups: int = 1) -> None:
    """Refuse numbers of channels that are none, or that do not fall into groups."""
    whole(who, inputs=inputs, outputs=outputs, groups=groups)
    if inputs % groups or outputs % groups:
        raise ConfigError(f"{who}: groups must divide inputs and outputs, found {groups} for {inputs} and {outputs}")


def floating(who: str, dtype: DTypeLike) -> np.dtype:
    """Return the type as NumPy has it, float32 or float64."""
    try:
        asked = np.dtype(dtype)
    except TypeError:
        asked = np.dtype(object)
    if asked not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ConfigError(f"{who}: dtype must be float32 or float64, found {dtype!r}")
    return asked


def examples(who: str, arrays: str, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y as arrays; there must be one target for each example, and at least one."""
    x, y = np.asarray(x), np.asarray(y)
    if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
        raise ConfigError(
            f"{who}: {arrays} must hold one target for each example, and at least one; found {x.shape} and {y.shape}"
        )
    return x, y
