"""Correlation as matrix products: kernel (O, C·K) @ columns (C·K, outputs), a row of outputs each, in tiles.

``rows`` tells how the columns of one row of outputs share memory with those of the next. The kernel gradient is the sum
of grad @ columnsᵀ over the rows; the input gradient is the adjoint's work, see ``adjoint``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from convscope.ops.correlation.adjoint import Adjoint
from convscope.ops.correlation.rows import at_once, overlapping, rows_of, unrolled
from convscope.ops.layout import TILE, Box, Views, as_runs, batch_innermost, from_runs, tiles
from convscope.ops.polyphase import Patches, Windows

# OpenBLAS is a third faster in products of so few multiplications if grad is transposed beforehand; where columns are
# lower than ``TALL``, transposing costs more.
SMALL, TALL = 10**6, 128
PRODUCTS = 2**20  # bytes of kernel gradients of single rows at once: they stay in the cache


def forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, *, windows: Windows, groups: int) -> np.ndarray:
    """Return the correlation; see ``Im2col.forward``."""
    return Im2col(windows, groups).forward(x, kernel, bias)


def backward(
    grad: np.ndarray, x: np.ndarray, kernel: np.ndarray, *, windows: Windows, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of x and kernel; see ``Im2col.backward``."""
    layer = Im2col(windows, groups)
    kernel_grad = np.ascontiguousarray(layer.backward_kernel(grad, x))
    return layer.backward_input(grad, kernel, innermost=batch_innermost(x)), kernel_grad


@dataclass(frozen=True)
class Columns:
    """The columns of boxes of one size, filled by ``patches`` and seen as ``matrices`` (G, rows, C/G·K, l)."""

    patches: Patches
    matrices: np.ndarray


class Im2col:
    """The correlation of one layer, call after call, with its buffers kept.

    Arrays are (N, C, *space) in either memory order, C-contiguous or batch innermost, and results have the same order;
    kernels are (O, C/groups, *k). Any N goes; as long as N, type and order stay, no buffer is made anew.

    What may be reused when. Results are the object's own buffers: each is valid, and may be overwritten by the caller,
    until the next call of the method that returned it. If all columns fit in one ``tile`` (bytes), ``forward(x)``
    leaves them behind, and the next ``backward_kernel(grad, x)`` with the very same array object uses them without
    reading x again.

    The arrays of the last call are held on to: their views serve again where the next call is given the same objects.

    Memory beside the results: columns and products of at most ``tile`` bytes, or of one window if that is more, and the
    inputs under them, which are fewer than the columns where windows overlap; for ``backward_input`` about as much
    again; for ``backward_kernel`` a few kernels, of at most a megabyte if that is more.

    >>> from convscope.geometry import Window
    >>> layer = Im2col((Window(3, kernel=2),))
    >>> x, kernel = np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, -1.0]]])
    >>> layer.forward(x, kernel).tolist()
    [[[-1.0, -2.0]]]
    >>> grad = np.array([[[1.0, 1.0]]])
    >>> layer.backward_kernel(grad, x).tolist(), layer.backward_input(grad, kernel).tolist()
    ([[[3.0, 6.0]]], [[[1.0, 0.0, -1.0]]])
    """

    def __init__(self, windows: Windows, groups: int = 1, *, tile: int = TILE) -> None:
        self.windows, self.groups, self.tile = windows, groups, tile
        self.space = tuple(window.size for window in windows)
        self.kernel = tuple(window.kernel for window in windows)
        self.outputs = tuple(window.outputs for window in windows)
        self._made_for: tuple[object, ...] = ()
        self._held: np.ndarray | None = None  # the x whose columns lie in the only tile

    def forward(self, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """Return the correlation (N, O, *outputs) of x with kernel, plus bias (O,)."""
        innermost = batch_innermost(x)
        self._prepare(x, x.shape[1], len(kernel), innermost)
        (source,) = self._sources.of(x, self._split)
        (matrix,) = self._kernels.of(kernel, self._matrix)
        shift = None if bias is None else bias.reshape(self.groups, 1, -1, 1)
        y = self._array("y", (self._batch, len(kernel), *self.outputs, self._run))
        for (box, _), target in zip(self._boxes, self._targets.of(y, self._cut), strict=True):
            columns = self._gather(box, source)
            total = np.matmul(matrix, columns, out=target[:, :, :, 0] if box.size[0] == 1 else None)
            if shift is not None:
                np.add(total, shift, out=total)
            if box.size[0] > 1:
                target[...] = total.reshape(target.shape)
        self._held = x if len(self._boxes) == 1 else None
        return from_runs(y, innermost)

    def backward_kernel(self, grad: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the gradient (O, C/groups, *k) of the kernel from grad (N, O, *outputs), in any memory order."""
        innermost, channels = batch_innermost(x), grad.shape[1]
        self._prepare(x, x.shape[1], channels, innermost)
        (source,) = self._sources.of(x, self._split)
        (upstream,) = self._grads.of(grad, self._ordered)
        # columns @ gradᵀ and not grad @ columnsᵀ: the same numbers, but OpenBLAS takes half the time
        shape = (self.groups, math.prod(self._column) // self.groups, channels // self.groups)
        total = self._array("kernel", shape)
        for number, ((box, _), part) in enumerate(zip(self._boxes, self._blocks.of(upstream, self._cut), strict=True)):
            columns = self._columns[box.size].matrices if self._held is x else self._gather(box, source)
            part = part.reshape(*part.shape[:3], -1).swapaxes(2, 3)  # (G, rows, l, O/G)
            if columns.shape[2] >= TALL and columns[0, 0].size * part.shape[3] <= SMALL:
                part = np.ascontiguousarray(part)
            _add_products(columns, part, total, fresh=number == 0)
        if not self._boxes:
            total.fill(0)
        self._held = x if len(self._boxes) == 1 else None
        apart = total.reshape(self.groups, *self.kernel, -1, shape[2])
        return apart.transpose(0, -1, -2, *range(1, apart.ndim - 2)).reshape(channels, -1, *self.kernel)

    def backward_input(self, grad: np.ndarray, kernel: np.ndarray, *, innermost: bool | None = None) -> np.ndarray:
        """Return the gradient (N, C, *space) of x from grad (N, O, *outputs), in grad's memory order unless told."""
        innermost = batch_innermost(grad) if innermost is None else innermost
        self._prepare(grad, kernel.shape[1] * self.groups, len(kernel), innermost)
        x = self._array("x", (self._batch, self._column[0], *self.space, self._run))
        x.fill(0)
        adjoint = self._adjoint
        weights = kernel.ravel("K")
        if not np.isfinite(weights @ weights):  # a NaN times the zeros of gathering would reach too far
            adjoint = Adjoint(unrolled(self.windows, self.groups), self.tile)
        (upstream,) = self._grads.of(grad, self._ordered)
        adjoint.add(upstream, kernel, x)
        return from_runs(x, innermost)

    def _prepare(self, like: np.ndarray, channels: int, outputs: int, innermost: bool) -> None:
        """Make the buffers for arrays like this one, unless they are there."""
        made_for = (len(like), like.dtype, channels, outputs, innermost)
        if made_for == self._made_for:
            return
        self._made_for, self._held, self._innermost = made_for, None, innermost
        self._batch, self._run = (1, len(like)) if innermost else (len(like), 1)
        self._dtype, self._column = like.dtype, (channels, *self.kernel)
        one_group = channels // self.groups, outputs // self.groups
        self._rows = rows = rows_of(self.windows, self.groups, one_group, self._batch, self._run)
        self._adjoint = Adjoint(rows, self.tile)
        self._height = math.prod((channels // self.groups, *rows.kernel))  # of a row's columns

        def cost(size: tuple[int, ...]) -> int:
            images, count, *others = size
            products = outputs * count if images > 1 else 0  # not where they belong, at first
            each = self.groups * rows.under(count) * self._height + products
            return images * math.prod(others) * each * like.itemsize

        counts = (self._batch, *rows.outputs, self._run)
        boxes = tiles(counts, cost, self.tile, at_once(self._batch, math.prod(counts[2:])))
        self._boxes = [(box, rows.place(box, self._run)) for box in boxes]
        sizes = dict.fromkeys(box.size for box, _ in self._boxes)
        self._arrays: dict[str, np.ndarray] = {}
        self._sources, self._grads, self._kernels, self._blocks, self._targets = (Views() for _ in range(5))
        self._buffer = np.empty(max((math.prod(self._shape(size)) for size in sizes), default=0), like.dtype)
        self._columns = {size: self._of_size(size) for size in sizes}

    def _split(self, x: np.ndarray) -> list[np.ndarray]:
        return [self._rows.split(as_runs(x, self._innermost))]

    def _matrix(self, kernel: np.ndarray) -> list[np.ndarray]:
        """Return the weights (G, 1, O/G, K·C/G)."""
        return [self._rows.matrix(kernel).reshape(self.groups, 1, len(kernel) // self.groups, -1)]

    def _ordered(self, grad: np.ndarray) -> list[np.ndarray]:
        return [np.ascontiguousarray(as_runs(grad, self._innermost))]

    def _cut(self, outputs: np.ndarray) -> list[np.ndarray]:
        """Return the part (G, rows, O/G, b, l) of outputs (B, O, *outputs, R) of each box."""
        return [self._rows.block(outputs, place) for _, place in self._boxes]

    def _shape(self, size: tuple[int, ...]) -> tuple[int, int, int, int]:
        images, count, *others = size
        return self.groups, self._rows.under(count), self._height, images * math.prod(others)

    def _of_size(self, size: tuple[int, ...]) -> Columns:
        shape = self._shape(size)
        columns = self._buffer[: math.prod(shape)].reshape(shape)
        first = self._rows.first
        matrices = overlapping(columns, size[1], first.stride, first.kernel)
        return Columns(self._rows.patches(columns, size, fixed=len(self._boxes) == 1), matrices)

    def _gather(self, box: Box, source: np.ndarray) -> np.ndarray:
        """Return the matrices (G, rows, C/G·K, l) of the box, filled from source."""
        columns = self._columns[box.size]
        image, row, *others = box.start
        columns.patches.gather(source, (image, 0, row * self._rows.first.stride, *others))
        return columns.matrices

    def _array(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        array = self._arrays.get(name)
        if array is None:
            array = self._arrays[name] = np.empty(shape, self._dtype)
        return array


def _add_products(columns: np.ndarray, grad: np.ndarray, total: np.ndarray, *, fresh: bool) -> None:
    """Add columns (G, rows, C/G·K, l) @ grad (G, rows, l, O/G) to the total (G, C/G·K, O/G), 0 if ``fresh``."""
    count = max(1, PRODUCTS // total.nbytes)
    for first in range(0, columns.shape[1], count):
        rows = slice(first, first + count)
        products = np.matmul(columns[:, rows], grad[:, rows])
        if fresh and first == 0:
            np.add.reduce(products, 1, out=total)
        else:
            total += np.add.reduce(products, 1)
