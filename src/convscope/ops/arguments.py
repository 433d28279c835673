"""Friendly arguments → one strict form, at the door: tuples of one integer an axis, pairs of padding, checked arrays.

Inside the primitives only the strict forms occur. Every message names the operation, the argument, what was given and
what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.geometry import same_padding

Whole = int | Sequence[int]  # one for all axes, or one per axis
Padding = int | str | Sequence[int] | Sequence[Sequence[int]]
Pairs = tuple[tuple[int, int], ...]
AXES = {1: "length", 2: "height and width", 3: "depth, height and width"}


@overload
def floats(operation: str, **arrays: ArrayLike) -> tuple[np.ndarray, ...]: ...


@overload
def floats(operation: str, **arrays: ArrayLike | None) -> tuple[Any, ...]: ...


def floats(operation: str, **arrays: ArrayLike | None) -> tuple[Any, ...]:
    """Return the arrays given as NumPy arrays; all float32, or all float64. None stays None.

    Raises:
        ShapeError: integers, complex numbers or two types at once.

    >>> floats("relu", x=np.arange(3))
    Traceback (most recent call last):
    convscope.errors.ShapeError: relu: x holds int64; expected float32 or float64: convert it with x.astype(np.float32)
    """
    converted: dict[str, Any] = {name: value if value is None else np.asarray(value) for name, value in arrays.items()}
    for name, array in converted.items():
        if array is not None and array.dtype not in (np.float32, np.float64):
            raise ShapeError(
                f"{operation}: {name} holds {array.dtype}; expected float32 or float64: convert it with "
                f"{name}.astype(np.float32)"
            )
    types = {name: array.dtype for name, array in converted.items() if array is not None}
    if len(set(types.values())) > 1:
        listed = ", ".join(f"{name} {dtype}" for name, dtype in types.items())
        raise ShapeError(f"{operation}: all arrays must be of one type, found {listed}; convert them to one")
    return tuple(converted.values())


def spatial(operation: str, name: str, shape: Sequence[int]) -> tuple[int, ...]:
    """Return the spatial sizes of (N, C, *space) with one to three spatial axes."""
    if not 3 <= len(shape) <= 5:
        raise ShapeError(
            f"{operation}: {name} must be (N, C, *space) with 1 to 3 spatial axes, found {len(shape)} axes: "
            f"{tuple(shape)}" + ("; add a batch or channel axis with [None]" if len(shape) < 3 else "")
        )
    return tuple(shape[2:])


def each_axis(operation: str, name: str, value: int | Sequence[int], rank: int, least: int = 1) -> tuple[int, ...]:
    """Return one whole number per axis, at least ``least``; one number, or a tuple of one, stands for all axes.

    >>> each_axis("max_pool", "stride", 2, rank=2), each_axis("max_pool", "stride", (2,), rank=2)
    ((2, 2), (2, 2))
    """
    values: tuple[Any, ...] = tuple(value) if isinstance(value, Sequence | np.ndarray) else (value,)
    values = values * rank if len(values) == 1 else values
    if len(values) != rank or not all(isinstance(v, int | np.integer) for v in values):
        raise ShapeError(
            f"{operation}: {name} must be one whole number or {rank} of them ({AXES[rank]}), found {value!r}"
        )
    if min(values) < least:
        raise ShapeError(f"{operation}: {name} must be at least {least}, found {value!r}")
    return tuple(int(v) for v in values)


def paddings(
    operation: str,
    value: int | str | Sequence[int] | Sequence[Sequence[int]],
    space: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    *,
    negative: bool = False,
) -> Pairs:
    """Return (before, after) for each axis from a number, one per axis, pairs, "valid", "same" or "same_lower".

    A tuple of one number stands for all axes, as in PyTorch.

    "same" leaves ⌈size / stride⌉ outputs; an odd padding goes after, with "same_lower" before. ``negative`` allows
    padding below 0 (cropping).

    >>> paddings("correlate", "same", (7, 7), (4, 3), (1, 1), (1, 1))
    ((1, 2), (1, 1))
    """
    rank = len(space)
    if value == "valid":
        return ((0, 0),) * rank
    if value in ("same", "same_lower"):
        sizes = zip(space, kernel, stride, dilation, strict=True)
        return tuple(same_padding(n, k, s, d, extra_after=value == "same") for n, k, s, d in sizes)
    values: Any = () if isinstance(value, str) else tuple(value) if np.iterable(value) else (value,)
    values = values * rank if len(values) == 1 and not np.iterable(values[0]) else values  # one for all axes
    pairs = [tuple(v) if np.iterable(v) else (v, v) for v in values]
    whole = all(len(pair) == 2 and all(isinstance(v, int | np.integer) for v in pair) for pair in pairs)
    if len(pairs) != rank or not whole:
        raise ShapeError(
            f"{operation}: padding must be a whole number, {rank} of them, {rank} pairs (before, after), 'valid', "
            f"'same' or 'same_lower'; found {value!r}"
        )
    if not negative and min(min(pair) for pair in pairs) < 0:
        raise ShapeError(f"{operation}: padding must not be negative, found {value!r}; crop the input by slicing it")
    return tuple((int(before), int(after)) for before, after in pairs)


def choice(operation: str, name: str, value: str, known: Sequence[str]) -> str:
    """Return ``value`` if it is one of the ``known`` words."""
    if value not in known:
        raise ShapeError(f"{operation}: {name} must be one of {', '.join(known)}; found {value!r}")
    return value


def shapes(*arrays: np.ndarray | None) -> tuple[Any, ...]:
    """Return each array's shape; None for one that is absent."""
    return tuple(None if array is None else array.shape for array in arrays)


def matching(operation: str, name: str, shape: Sequence[int] | None, expected: Sequence[int], meaning: str) -> None:
    """Refuse an array whose shape is not the one that the others ask for; an absent one passes.

    >>> matching("linear", "bias", (3,), (2,), "(O,)")
    Traceback (most recent call last):
    convscope.errors.ShapeError: linear: bias must be (O,) = (2,), found (3,)
    """
    if shape is not None and tuple(shape) != tuple(expected):
        raise ShapeError(f"{operation}: {name} must be {meaning} = {tuple(expected)}, found {tuple(shape)}")


def check_axis(operation: str, axis: int, shape: Sequence[int], name: str = "x") -> None:
    """Refuse an axis that an array does not have; one below 0 counts from the end."""
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(f"{operation}: axis {axis} is not one of the {len(shape)} axes of {name} {tuple(shape)}")


def check_gradient(operation: str, grad: np.ndarray, output: Sequence[int]) -> None:
    """Refuse a gradient that is not shaped as the output."""
    if grad.shape != tuple(output):
        raise ShapeError(f"{operation}: grad must be shaped as the output, {tuple(output)}; found {grad.shape}")
