"""The adjoint of a correlation: from outputs back to inputs, half gathered and half added up.

Every input collects grad · kernel from the windows it lies in. Along the last axis these are gathered before the
matrix product, which sums them; along the others its results are added where they belong. Adding up all axes moves more
numbers, in short runs: on small images that took twice the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from convscope.geometry import Window
from convscope.ops.layout import Box, tiles
from convscope.ops.phases import Patches, Windows, taps


@dataclass(frozen=True)
class Part:
    """Results along the last axis, ``length`` of them, through the kernel offsets ``offsets``.

    ``count`` offsets are gathered: output j meets the i-th of them at result j + i·step. ``left`` others are added up.
    ``windows`` lead from results to inputs.
    """

    offsets: slice
    count: int
    left: int
    step: int
    length: int
    windows: Windows


def gathering(windows: Windows) -> tuple[Part, ...]:
    """Divide the last axis by phase; of each, all offsets are gathered."""
    *others, last = windows
    found = []
    for group in taps(last):
        length = group.length(last.outputs)
        before = last.before - group.phase - group.first * last.stride
        phase = Window(last.size, 1, last.stride, before, 0)
        found.append(Part(group.offsets, group.count, 1, group.step, length, (*others, phase)))
    return tuple(found)


def adding(windows: Windows) -> tuple[Part, ...]:
    """Take the last axis as the others: all offsets are added up."""
    last = windows[-1]
    return (Part(slice(None), 1, last.kernel, 0, last.outputs, windows),)


class Adjoint:
    """Adds up the gradient of x (B, C, *space, R) from that of the outputs, call after call; its buffers are kept.

    Memory: gathered outputs and results of about ``tile`` bytes, or those of one row of outputs if that is more.
    """

    def __init__(self, windows: Windows, groups: int, tile: int, *, gather: bool = True) -> None:
        self.parts = gathering(windows) if gather else adding(windows)
        self.groups, self.tile = groups, tile
        self.outputs = tuple(window.outputs for window in windows)
        self._made_for: tuple[object, ...] = ()

    def add(self, grad: np.ndarray, kernel: np.ndarray, x: np.ndarray) -> None:
        """Add to x what grad (B, O, *outputs, R) and kernel (O, C/groups, *k) give; x is written to."""
        self._prepare(grad, kernel)
        for part, buffers in zip(self.parts, self._buffers, strict=True):
            matrix = self._matrix(kernel, part)
            for box in self._boxes:
                gathered, results, patches = buffers[box.size]
                self._gather(part, grad, box, gathered)
                np.matmul(matrix, gathered.reshape(self.groups, matrix.shape[2], -1), out=results)
                patches.scatter(x, box.start)

    def _matrix(self, kernel: np.ndarray, part: Part) -> np.ndarray:
        """Return the weights (G, C/G · offsets added up, O/G · offsets gathered)."""
        weights = kernel[..., part.offsets].reshape(self.groups, -1, *kernel.shape[1:-1], part.left, part.count)
        last = weights.ndim - 1
        weights = weights.transpose(0, *range(2, last), 1, last)  # np.moveaxis would cost more than the copy
        return weights.reshape(self.groups, -1, len(kernel) // self.groups * part.count)

    def _gather(self, part: Part, grad: np.ndarray, box: Box, gathered: np.ndarray) -> None:
        """Write the outputs once for each offset, so far apart as they meet; between them stay zeros."""
        (b, *rows, _, r), width = (slice(f, f + n) for f, n in zip(box.start, box.size, strict=True)), self.outputs[-1]
        given = grad[(b, slice(None), *rows, slice(None), r)].swapaxes(0, 1)  # (O, b, *rows, width, r)
        if part.length > width:
            gathered.fill(0)
        for i in range(part.count):
            gathered[:, i, ..., i * part.step : i * part.step + width, :] = given

    def _prepare(self, grad: np.ndarray, kernel: np.ndarray) -> None:
        """Make the buffers for arrays like these, unless they are there."""
        made_for = (grad.shape, kernel.shape, grad.dtype)
        if made_for == self._made_for:
            return
        self._made_for = made_for
        (batch, channels, *_, run), k = grad.shape, math.prod(kernel.shape[1:-1]) * self.groups
        each = max((channels * part.count + k * part.left) * part.length for part in self.parts) * grad.itemsize
        whole = tuple(tiles((batch, *self.outputs[:-1], run), each, self.tile))
        self._boxes = [
            Box((*box.start[:-1], 0, box.start[-1]), (*box.size[:-1], self.outputs[-1], box.size[-1])) for box in whole
        ]
        largest = max((math.prod(box.size) // box.size[-2] for box in self._boxes), default=0)
        work = np.empty(each // grad.itemsize * largest, grad.dtype)  # all take turns: small buffers stay in the cache
        sizes = dict.fromkeys(box.size for box in self._boxes)
        self._buffers = [{size: self._cut(work, part, size, kernel) for size in sizes} for part in self.parts]

    def _cut(
        self, work: np.ndarray, part: Part, size: tuple[int, ...], kernel: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, Patches]:
        """Return gathered outputs (O, count, *box), the results (G, rows, box), and what adds these to x."""
        box = (*size[:-2], part.length, size[-1])
        above, below = (len(kernel), part.count), (kernel.shape[1] * self.groups, *kernel.shape[2:-1], part.left)
        end, more = (math.prod((*shape, *box)) for shape in (above, below))
        columns = work[end : end + more].reshape(*below, *box)
        results = columns.reshape(self.groups, math.prod(below) // self.groups, -1)
        return work[:end].reshape(*above, *box), results, Patches(part.windows, columns)
