"""The weights of resampling along one axis, as a sparse matrix (outputs, inputs)."""

from __future__ import annotations

import functools

import numpy as np
from scipy import sparse  # pyright: ignore[reportMissingTypeStubs]

SHARPNESS = -0.75  # the free number of Keys' cubic, as PyTorch has it
ROUNDING = 1e-14  # a weight that small is 0
SOFTNESS = -0.5  # the same where it is stretched against aliasing: Keys' own choice, and Pillow's

Step = tuple[float, float]  # one output further is step[0] / step[1] inputs further; kept apart, so that nothing rounds


@functools.lru_cache
def nearest(n: int, outputs: int, step: Step, exact: bool = False) -> sparse.csr_array:
    """Return a copy of one input for each output; with ``exact`` of that under the output's middle."""
    # PyTorch rounds step and product to float32: exact arithmetic would take a neighbour at sizes such as 2 -> 82.
    rows = np.arange(outputs)
    places = rows.astype(np.float32) + np.float32(0.5 if exact else 0)
    chosen = np.floor(places * np.float32(step[0] / step[1])).astype(int)
    return sparse.csr_array((np.ones(outputs), (rows, np.minimum(chosen, n - 1))), shape=(outputs, n))


@functools.lru_cache
def linear(n: int, outputs: int, step: Step, align_corners: bool = False, antialias: bool = False) -> sparse.csr_array:
    """Return the weights of the two nearest inputs; with ``antialias`` of all under a triangle."""
    if antialias:
        return _stretched(n, outputs, step, align_corners, 1)
    rows = np.arange(outputs)
    # PyTorch copies an axis whose size stays, whatever the scale
    position = rows if n == outputs else np.clip(_positions(n, outputs, step, align_corners), 0, n - 1)
    below = np.floor(position).astype(int)
    above = below if n == outputs else np.minimum(below + 1, n - 1)
    weights = np.concatenate([1 - (position - below), position - below])
    return sparse.csr_array((weights, (np.tile(rows, 2), np.concatenate([below, above]))), shape=(outputs, n))


@functools.lru_cache
def cubic(n: int, outputs: int, step: Step, align_corners: bool = False, antialias: bool = False) -> sparse.csr_array:
    """Return the weights of the four nearest inputs; with ``antialias`` of all under the stretched cubic."""
    if antialias:
        return _stretched(n, outputs, step, align_corners, 2)
    position = _positions(n, outputs, step, align_corners)
    near = np.floor(position).astype(int)[:, None] + np.arange(-1, 3)  # (outputs, 4)
    weights = _keys(np.abs(position[:, None] - near), SHARPNESS)
    return _matrix(weights, np.clip(near, 0, n - 1), n)


def _stretched(n: int, outputs: int, step: Step, align_corners: bool, reach: int) -> sparse.csr_array:
    """Return the weights of a triangle (``reach`` 1) or cubic (2) as wide as an output, which add up to 1."""
    each = step[0] / step[1]
    if align_corners:  # PyTorch changes the step alone, so that the corners are not aligned
        each = (n - 1) / (outputs - 1) if outputs > 1 else 0.0
    wide = max(each, 1.0)
    position = (np.arange(outputs) + 0.5) * each - 0.5
    near = np.floor(position - reach * wide).astype(int)[:, None] + np.arange(int(2 * reach * wide) + 3)
    far = np.abs(position[:, None] - near) / wide
    weights = np.maximum(1 - far, 0) if reach == 1 else _keys(far, SOFTNESS)
    weights = np.where((near < 0) | (near >= n) | (np.abs(weights) < ROUNDING), 0, weights)
    return _matrix(weights / weights.sum(1, keepdims=True), np.clip(near, 0, n - 1), n)


def _keys(far: np.ndarray, sharpness: float) -> np.ndarray:
    """Return Keys' cubic (1981) at a distance; 0 from 2 on."""
    inside = ((sharpness + 2) * far - (sharpness + 3)) * far * far + 1
    outside = sharpness * (((far - 5) * far + 8) * far - 4)
    return np.where(far <= 1, inside, np.where(far < 2, outside, 0))


def _matrix(weights: np.ndarray, inputs: np.ndarray, n: int) -> sparse.csr_array:
    """Return the matrix (outputs, n) of weights (outputs, taps) at ``inputs``; of the same input they add up."""
    rows = np.repeat(np.arange(len(weights)), weights.shape[1])
    matrix = sparse.csr_array((weights.ravel(), (rows, inputs.ravel())), shape=(len(weights), n))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def _positions(n: int, outputs: int, step: Step, align_corners: bool) -> np.ndarray:
    """Return where the outputs lie among the inputs, 0 to n - 1 and half a step beyond."""
    rows = np.arange(outputs)
    if align_corners:
        return rows * (n - 1) / max(outputs - 1, 1)
    return (rows + 0.5) * step[0] / step[1] - 0.5
