"""Numbers of a map at places between its positions, which another array names: the sampler of spatial transformers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_gradient, choice, floats, spatial
from convscope.ops.axes import Axes, pointwise, same, whole, whole_along
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, traffic

MODES = ("linear", "nearest")
PADDINGS = ("zeros", "border", "reflection")


Corner = tuple[Any, list[np.ndarray], tuple[np.ndarray, ...], np.ndarray]  # as ``_corners`` tells it


class Gradients(NamedTuple):
    """The gradients of the map and of the places."""

    x: np.ndarray
    grid: np.ndarray


def grid_sample(
    x: ArrayLike, grid: ArrayLike, *, mode: str = "linear", padding_mode: str = "zeros", align_corners: bool = False
) -> np.ndarray:
    """Return x (N, C, *space) at the places grid (N, *size, rank) -> (N, C, *size), linear between 2^rank neighbours.

    A place has one coordinate per axis, the last axis first, from -1 to 1 over all cells, or with ``align_corners``
    from the centre of the first to that of the last. Outside, ``padding_mode`` counts 0 ("zeros"), the nearest place
    inside ("border") or its mirror image ("reflection"). ``mode`` "nearest" copies the nearest (Jaderberg et al. 2015).
    Raises ``ShapeError`` where the two do not fit, x has an axis without positions, or for another mode.

    >>> x = np.array([[[0.0, 4.0, 8.0]]])
    >>> grid_sample(x, np.array([[[-0.5], [0.0]]]), align_corners=True).tolist()
    [[[2.0, 4.0]]]
    """
    x, grid = floats("grid_sample", x=x, grid=grid)
    _shape(x.shape, grid.shape, mode=mode, padding_mode=padding_mode)
    output = np.zeros((*x.shape[:2], *grid.shape[1:-1]), x.dtype)
    for weight, _, places, inside in _corners(x.shape, grid, mode, padding_mode, align_corners):
        output += weight[:, None] * _taken(x, places, inside)
    return output


def grid_sample_backward(
    grad: ArrayLike,
    x: ArrayLike,
    grid: ArrayLike,
    *,
    mode: str = "linear",
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> Gradients:
    """Return the gradients of x and of the places; with "nearest" that of the places is 0.

    >>> x, grid = np.array([[[0.0, 4.0, 8.0]]]), np.array([[[-0.5]]])
    >>> grid_sample_backward(np.array([[[1.0]]]), x, grid, align_corners=True)
    Gradients(x=array([[[0.5, 0.5, 0. ]]]), grid=array([[[4.]]]))
    """
    grad, x, grid = floats("grid_sample_backward", grad=grad, x=x, grid=grid)
    check_gradient("grid_sample_backward", grad, _shape(x.shape, grid.shape, mode=mode, padding_mode=padding_mode))
    of_x, of_grid = np.zeros_like(x, order="C"), np.zeros_like(grid, order="C")
    zero: np.floating = grad.dtype.type(0)
    for weight, slopes, places, inside in _corners(x.shape, grid, mode, padding_mode, align_corners):
        portions = np.where(inside[:, None], weight[:, None] * grad, zero)  # (N, C, *size)
        np.add.at(np.moveaxis(of_x, 1, -1), _of_examples(places), np.moveaxis(portions, 1, -1))
        if mode == "nearest":
            continue
        meets = (grad * _taken(x, places, inside)).sum(1)  # (N, *size)
        for axis, slope in enumerate(slopes):
            of_grid[..., -1 - axis] += meets * slope
    return Gradients(of_x, of_grid)


def _taken(x: np.ndarray, places: tuple[np.ndarray, ...], inside: np.ndarray) -> np.ndarray:
    """Return the numbers (N, C, *size) of x at places, 0 outside."""
    taken = np.moveaxis(x, 1, -1)[_of_examples(places)]  # (N, *size, C)
    return np.where(inside[:, None], np.moveaxis(taken, -1, 1), x.dtype.type(0))


def _of_examples(places: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Return the index of places (N, *size) along each axis of space, each in its own example."""
    n, rank = len(places[0]), places[0].ndim - 1
    examples = np.arange(n).reshape(n, *(1,) * rank)
    return (examples, *places)


def _corners(x: Shape, grid: np.ndarray, mode: str, padding_mode: str, align_corners: bool) -> Iterator[Corner]:
    """Yield for each neighbour: its weight, the weight's slope along each coordinate, where it is, and if inside."""
    neighbours = [
        _along(grid[..., -1 - axis], n, mode, padding_mode, align_corners) for axis, n in enumerate(x[2:])
    ]  # by axis: two neighbours, or one
    for chosen in itertools.product(*neighbours):
        weight = math.prod(neighbour[0] for neighbour in chosen)
        slopes = [
            neighbour[1] * math.prod(other[0] for other in chosen if other is not neighbour) for neighbour in chosen
        ]  # (N, *size) each
        places = tuple(neighbour[2] for neighbour in chosen)
        inside = np.logical_and.reduce([neighbour[3] for neighbour in chosen])
        yield weight, slopes, places, inside


def _along(at: np.ndarray, n: int, mode: str, padding_mode: str, align_corners: bool) -> list[tuple[np.ndarray, ...]]:
    """Return the neighbours along one axis: weight, slope with the coordinate, place kept within, and if inside."""
    dtype = at.dtype.type
    each = dtype((n - 1) / 2 if align_corners else n / 2)
    place = (at + 1) * each if align_corners else (at + 1) * each - dtype(0.5)
    slope = np.full_like(place, each)
    if padding_mode != "zeros":
        if padding_mode == "reflection":
            place, turned = _reflected(place, *((0, n - 1) if align_corners else (-0.5, n - 0.5)))
            slope = slope * turned
        slope = np.where((place > 0) & (place < n - 1), slope, 0)
        place = np.clip(place, 0, n - 1)
    place = np.where(np.isfinite(place), place, -100)  # as PyTorch: what is no number lies outside
    if mode == "nearest":
        whole = np.rint(place)
        return [(np.ones_like(place), np.zeros_like(place), *_kept(whole, n))]
    below = np.floor(place)
    fraction = (place - below).astype(at.dtype)
    return [(1 - fraction, -slope, *_kept(below, n)), (fraction, slope, *_kept(below + 1, n))]


def _kept(place: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.clip(place, 0, n - 1).astype(np.int64), (place >= 0) & (place <= n - 1)


def _reflected(place: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Return places mirrored at both ends until they are inside, and 1 or -1: which way they run there."""
    span = place.dtype.type(high - low)
    if span == 0:
        return np.zeros_like(place), np.zeros_like(place)
    far = np.abs(place - low)
    way = np.where(place < low, -1, 1).astype(place.dtype)
    with np.errstate(invalid="ignore"):
        remainder, flips = np.fmod(far, span), np.floor(far / span)
        odd = flips % 2 == 1
        return np.where(odd, span - remainder + low, remainder + low).astype(place.dtype), np.where(odd, -way, way)


def _shape(
    x: Shape, grid: Shape, *, mode: str = "linear", padding_mode: str = "zeros", align_corners: bool = False
) -> Shape:
    space = spatial("grid_sample", "x", x)
    choice("grid_sample", "mode", mode, MODES)
    choice("grid_sample", "padding_mode", padding_mode, PADDINGS)
    if len(grid) != len(x) or grid[0] != x[0] or grid[-1] != len(space):
        raise ShapeError(
            f"grid_sample: grid must be (N, *size, {len(space)}) for x {x}, a coordinate for each axis; found {grid}"
        )
    if 0 in space:
        raise ShapeError(f"grid_sample: x must have inputs along every spatial axis, found {x}")
    return (*x[:2], *grid[1:-1])


def _cost(x: Shape, grid: Shape, *, mode: str = "linear", itemsize: int = 4, **_: Any) -> Cost:
    output, rank = _shape(x, grid, mode=mode), len(x) - 2
    n = count(output)
    products = 2**rank if mode == "linear" else 0
    return Cost(n * products, n * max(products - 1, 0), *traffic(output, x, grid, itemsize=itemsize))


def _axes(x: Shape, grid: Shape, **_: Any) -> Axes:
    """The place, and the whole channel: which of it only the place's numbers tell."""
    place = (same(0, grid[0]), *pointwise(grid[1:-1], 2), whole(grid[-1]))
    return {"x": whole_along(x, range(2, len(x))), "grid": place}


def _terms(at: tuple[int, ...], x: np.ndarray, grid: np.ndarray, **arguments: Any) -> Terms:
    """Return a term for each neighbour inside: its number, times its weight."""
    how: dict[str, Any] = {"mode": "linear", "padding_mode": "zeros", "align_corners": False} | arguments
    place_here = grid[(slice(at[0], at[0] + 1), *at[2:])][(slice(None), *(None,) * (x.ndim - 2))]
    index: list[tuple[int, ...]] = []
    factor: list[float] = []
    for weight, _, places, inside in _corners(x.shape, place_here, **how):
        if inside.item() and weight.item():
            index.append((*at[:2], *(int(place.item()) for place in places)))
            factor.append(weight.item())
    places = np.array(index, int).reshape(-1, x.ndim)
    operand, factors = x[tuple(places.T)], np.array(factor, x.dtype)
    return Terms(float((operand * factors).sum()), "x", places, operand, factors)


PRIMITIVES = (
    Primitive(
        "grid_sample",
        ("x", "grid"),
        grid_sample,
        grid_sample_backward,
        _shape,
        _cost,
        _axes,
        _terms,
        differentiable=("x", "grid"),
    ),
)
