"""Correlation as a matrix product: kernel (O, C·K) @ columns (C·K, outputs), in tiles.

The kernel gradient is grad @ columnsᵀ; the input gradient is the adjoint's work, see ``adjoint``.
"""

from __future__ import annotations

import math

import numpy as np

from convscope.ops.correlation.adjoint import Adjoint
from convscope.ops.layout import TILE, Box, as_runs, batch_innermost, from_runs, tiles
from convscope.ops.phases import Patches, Windows


def forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, *, windows: Windows, groups: int) -> np.ndarray:
    """Return the correlation; see ``Im2col.forward``."""
    return Im2col(windows, groups).forward(x, kernel, bias)


def backward(
    grad: np.ndarray, x: np.ndarray, kernel: np.ndarray, *, windows: Windows, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of x and kernel; see ``Im2col.backward``."""
    layer = Im2col(windows, groups)
    return layer.backward_input(grad, kernel, innermost=batch_innermost(x)), layer.backward_kernel(grad, x)


class Im2col:
    """The correlation of one layer, call after call, with its buffers kept.

    Arrays are (N, C, *space) in either memory order, C-contiguous or batch innermost, and results have the same order;
    kernels are (O, C/groups, *k). Any N goes; as long as N, type and order stay, no buffer is made anew.

    What may be reused when. Results are the object's own buffers: each is valid, and may be overwritten by the caller,
    until the next call of the method that returned it. If all columns fit in one ``tile`` (bytes), ``forward(x)``
    leaves them behind, and the next ``backward_kernel(grad, x)`` with the very same array object uses them without
    reading x again.

    Memory beside the results: columns of at most ``tile`` bytes, or of one window if that is more, and the inputs under
    them, which are fewer than the columns where windows overlap; for ``backward_input`` about as much again.

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
        self._adjoint = Adjoint(windows, groups, tile)

    def forward(self, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """Return the correlation (N, O, *outputs) of x with kernel, plus bias (O,)."""
        innermost = batch_innermost(x)
        self._prepare(x, x.shape[1], innermost)
        source, matrix = as_runs(x, innermost), kernel.reshape(self.groups, len(kernel) // self.groups, -1)
        y = self._result("y", len(kernel), self.outputs)
        for box in self._boxes:
            columns = self._gather(box, source)  # (G, C/G·K, l)
            target = self._view(y, box)
            total = np.matmul(matrix, columns, out=target)  # (G, O/G, l)
            if bias is not None:
                np.add(total, bias.reshape(self.groups, -1, 1), out=total)
            if target is None:
                self._images(y, box)[...] = total.reshape(len(kernel), box.size[0], *self.outputs, 1)
        self._held = x if len(self._boxes) == 1 else None
        return from_runs(y, innermost)

    def backward_kernel(self, grad: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the gradient (O, C/groups, *k) of the kernel from grad (N, O, *outputs)."""
        innermost = batch_innermost(x)
        self._prepare(x, x.shape[1], innermost)
        source, given = as_runs(x, innermost), self._ordered(grad, innermost)
        channels = grad.shape[1]
        # columns @ gradᵀ and not grad @ columnsᵀ: the same numbers, but OpenBLAS takes half the time
        total = self._array("kernel", (self.groups, math.prod(self._column) // self.groups, channels // self.groups))
        if not self._boxes:
            total.fill(0)
        for number, box in enumerate(self._boxes):
            columns = self._columns(box) if self._held is x else self._gather(box, source)
            part = self._stretch(given, box).swapaxes(1, 2)  # (G, l, O/G)
            if number == 0:
                np.matmul(columns, part, out=total)
            else:
                total += np.matmul(columns, part)
        self._held = x if len(self._boxes) == 1 else None
        return total.swapaxes(1, 2).reshape(channels, -1, *self.kernel)

    def backward_input(self, grad: np.ndarray, kernel: np.ndarray, *, innermost: bool | None = None) -> np.ndarray:
        """Return the gradient (N, C, *space) of x from grad (N, O, *outputs), in grad's memory order unless told."""
        innermost = batch_innermost(grad) if innermost is None else innermost
        self._prepare(grad, kernel.shape[1] * self.groups, innermost)
        x = self._result("x", self._column[0], self.space)
        x.fill(0)
        adjoint = self._adjoint
        if not np.isfinite(np.vdot(kernel, kernel)):  # a NaN times the zeros of gathering would reach too far
            adjoint = Adjoint(self.windows, self.groups, self.tile, gather=False)
        adjoint.add(as_runs(grad, innermost), kernel, x)
        return from_runs(x, innermost)

    def _prepare(self, like: np.ndarray, channels: int, innermost: bool) -> None:
        """Make the buffers for arrays like this one, unless they are there."""
        made_for = (len(like), like.dtype, channels, innermost)
        if made_for == self._made_for:
            return
        self._made_for, self._held = made_for, None
        self._batch, self._run = (1, len(like)) if innermost else (len(like), 1)
        self._dtype, self._column = like.dtype, (channels, *self.kernel)
        each = math.prod(self._column) * like.itemsize
        self._boxes = tuple(tiles((self._batch, *self.outputs, self._run), each, self.tile))
        largest = max((math.prod(box.size) for box in self._boxes), default=0)
        self._arrays: dict[str, np.ndarray] = {}
        self._buffer = np.empty(math.prod(self._column) * largest, like.dtype)
        self._patches = {size: self._of_size(size) for size in dict.fromkeys(box.size for box in self._boxes)}

    def _of_size(self, size: tuple[int, ...]) -> Patches:
        shape = (*self._column, *size)
        columns = self._buffer[: math.prod(shape)].reshape(shape)
        return Patches(self.windows, columns, fixed=len(self._boxes) == 1)

    def _columns(self, box: Box) -> np.ndarray:
        return self._patches[box.size].columns.reshape(self.groups, math.prod(self._column) // self.groups, -1)

    def _gather(self, box: Box, source: np.ndarray) -> np.ndarray:
        self._patches[box.size].gather(source, box.start)
        return self._columns(box)

    def _array(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        found = self._arrays.get(name)
        if found is None or found.shape != shape:
            found = self._arrays[name] = np.empty(shape, self._dtype)
        return found

    def _result(self, name: str, channels: int, space: tuple[int, ...]) -> np.ndarray:
        return self._array(name, (self._batch, channels, *space, self._run))

    def _ordered(self, grad: np.ndarray, innermost: bool) -> np.ndarray:
        return np.ascontiguousarray(as_runs(grad, innermost))

    def _images(self, array: np.ndarray, box: Box) -> np.ndarray:
        """Return the box of several whole images in (B, O, *outputs, R) as (O, b, *outputs, R)."""
        return array[box.start[0] : box.start[0] + box.size[0]].swapaxes(0, 1)

    def _view(self, array: np.ndarray, box: Box) -> np.ndarray | None:
        """Return the box in (B, O, *outputs, R) as (groups, O/groups, l); None for several images: no stretch."""
        if box.size[0] > 1:
            return None
        flat = array[box.start[0]].reshape(self.groups, array.shape[1] // self.groups, -1)
        first = 0
        for at, n in zip(box.start[1:], array.shape[2:], strict=True):
            first = first * n + at
        return flat[:, :, first : first + math.prod(box.size)]

    def _stretch(self, array: np.ndarray, box: Box) -> np.ndarray:
        """Return the box as (groups, O/groups, l), copied if need be."""
        found = self._view(array, box)
        if found is None:
            found = self._images(array, box).reshape(self.groups, array.shape[1] // self.groups, -1)
        return found
