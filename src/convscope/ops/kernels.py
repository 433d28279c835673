"""Classic kernels, ready for ``correlate``: (1, 1, *k), float64 unless told otherwise, or float32.

All raise ``ShapeError`` for a rank other than 1, 2 or 3, an axis outside it, a size below 1 or another dtype.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convscope.errors import ConfigError, ShapeError
from convscope.ops.arguments import AXES, choice, each_axis

__all__ = ["anti_diagonal", "box", "cross", "edge", "gaussian", "laplacian", "sobel", "surround", "wide_edge"]


def edge(*, rank: int = 1, axis: int = -1, rising: bool = False, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Return (1, -1) along one of ``rank`` spatial axes: +1 where the image falls by 1; ``rising``: (-1, 1).

    >>> edge().tolist(), edge(rank=2, rising=True).tolist()
    ([[[1.0, -1.0]]], [[[[-1.0, 1.0]]]])
    """
    return _kernel("edge", _along("edge", [-1, 1] if rising else [1, -1], rank, axis), dtype)


def wide_edge(*, rank: int = 1, axis: int = -1, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Return (-1, -1, 0, 1, 1) along one axis: a rise, seen over five positions.

    >>> wide_edge().tolist()
    [[[-1.0, -1.0, 0.0, 1.0, 1.0]]]
    """
    return _kernel("wide_edge", _along("wide_edge", [-1, -1, 0, 1, 1], rank, axis), dtype)


def surround(*, rank: int = 2, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Return each position against its neighbours: -1, and in the middle their number (8 in two dimensions).

    >>> surround().tolist()
    [[[[-1.0, -1.0, -1.0], [-1.0, 8.0, -1.0], [-1.0, -1.0, -1.0]]]]
    """
    kernel = -np.ones(_sizes("surround", 3, rank))
    kernel[(1,) * rank] = 3**rank - 1
    return _kernel("surround", kernel, dtype)


def sobel(*, rank: int = 2, axis: int = -1, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Return the derivative (-1, 0, 1) along ``axis``, smoothed by (1, 2, 1) along the others (Sobel and Feldman 1968).

    >>> sobel().tolist()
    [[[[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]]]
    """
    kernel = _along("sobel", [-1, 0, 1], rank, axis)
    for other in set(range(rank)) - {axis % rank}:
        kernel = kernel * _along("sobel", [1, 2, 1], rank, other)
    return _kernel("sobel", kernel, dtype)


def laplacian(*, rank: int = 2, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Return the sum of the second differences (1, -2, 1) along all axes.

    >>> laplacian().tolist()
    [[[[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]]]
    """
    kernel = np.zeros(_sizes("laplacian", 3, rank))
    for axis in range(rank):
        line = tuple(slice(None) if a == axis else 1 for a in range(rank))
        kernel[line] += (1, -2, 1)
    return _kernel("laplacian", kernel, dtype)


def gaussian(size: int | Sequence[int], sigma: float, *, rank: int = 1, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Return exp(-r² / 2σ²) over ``size`` positions per axis (one number: ``rank`` axes of it), with the sum 1.

    >>> gaussian(3, 1.0).round(4).tolist()
    [[[0.2741, 0.4519, 0.2741]]]
    """
    if not 0 < sigma < np.inf:
        raise ConfigError(f"gaussian: sigma must be above 0 and finite, found {sigma}")
    kernel = np.ones(())
    for n in _sizes("gaussian", size, rank):
        distance = np.arange(n) - (n - 1) / 2
        kernel = np.multiply.outer(kernel, np.exp(-(distance**2) / (2 * sigma**2)))
    return _kernel("gaussian", kernel / kernel.sum(), dtype)


def box(size: int | Sequence[int], *, rank: int = 1, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Return ones over ``size`` positions per axis: the sum of the window.

    >>> box(3).tolist()
    [[[1.0, 1.0, 1.0]]]
    """
    return _kernel("box", np.ones(_sizes("box", size, rank)), dtype)


def cross(*, rank: int = 2, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Return ones in the middle and at its direct neighbours, of 3 positions per axis.

    >>> cross().tolist()
    [[[[0.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]]]]
    """
    away = np.abs(np.indices(_sizes("cross", 3, rank)) - 1).sum(0)
    return _kernel("cross", away <= 1, dtype)


def anti_diagonal(size: int = 3, *, on: float = 0.9, off: float = 0.1, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Return a stroke from bottom left to top right: ``on`` on the anti-diagonal, ``off`` elsewhere.

    >>> anti_diagonal().tolist()
    [[[[0.1, 0.1, 0.9], [0.1, 0.9, 0.1], [0.9, 0.1, 0.1]]]]
    """
    (size,) = each_axis("anti_diagonal", "size", size, 1)
    return _kernel("anti_diagonal", np.where(np.fliplr(np.eye(size)) > 0, on, off), dtype)


def _sizes(operation: str, size: int | Sequence[int], rank: Any) -> tuple[int, ...]:
    """Return one size per axis; of one number, ``rank`` times that."""
    axes, argument = (np.size(size), f"size {size!r}") if np.ndim(size) else (rank, f"rank {rank!r}")
    if not (issubclass(type(axes), int | np.integer) and axes in AXES):
        raise ShapeError(f"{operation}: rank must be 1, 2 or 3 spatial axes, found {argument}")
    return each_axis(operation, "size", size, axes)


def _along(operation: str, values: Sequence[float], rank: int, axis: Any) -> np.ndarray:
    """Return the values along one of ``rank`` axes."""
    shape = list(_sizes(operation, 1, rank))
    if not isinstance(axis, int | np.integer) or not -rank <= axis < rank:
        raise ShapeError(f"{operation}: axis must be a whole number from {-rank} to {rank - 1}, found {axis!r}")
    shape[axis] = len(values)
    return np.array(values, float).reshape(shape)


def _kernel(operation: str, values: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """Return the values as (1, 1, *k), in the type asked for."""
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = repr(dtype)
    return values.astype(choice(operation, "dtype", name, ("float32", "float64")))[None, None]
