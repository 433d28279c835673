"""The adjoint of a correlation: from outputs back to inputs, half gathered and half added up.

Every input collects grad · kernel from the windows it lies in. Along the first axis the matrix product sums these: an
input row of phase p (see ``polyphase``) meets the kernel rows p, p + stride, …, and the rows of grad that it meets them
in follow each other in memory: a matrix as they stand (see ``rows``), with rows of zeros before the first and after the
last. Along the other axes the results are added where they belong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from convscope.ops.correlation.rows import Rows, at_once, overlapping
from convscope.ops.layout import Box, Views, tiles
from convscope.ops.polyphase import Patches, taps


@dataclass(frozen=True)
class Work:
    """The buffers for boxes of one size.

    ``grad`` are rows (G, rows, O/G, l) of outputs, those before and after the first included. For each phase there are
    matrices (G, m, n·O/G, l) of n rows each, and the rows (G, m, k'·C/G, l) that come out, with some zeros between them
    where there is a single box (``slack``, see ``Patches``); ``patches`` adds these to x.
    """

    grad: np.ndarray
    phases: list[tuple[np.ndarray, np.ndarray]]
    patches: Patches


class Piece(NamedTuple):
    """A box of input rows: the ``place`` of the grads it meets, which rows of ``Work.grad`` they fill, its start."""

    box: Box
    place: tuple[slice, ...]
    filled: tuple[int, int]
    start: tuple[int, ...]


class Adjoint:
    """Adds up the gradient of x (B, C, *space, R) from that of the outputs, call after call; its buffers are kept.

    Memory: rows of outputs and results of about ``tile`` bytes, or of one output if that is more.
    """

    def __init__(self, rows: Rows, tile: int) -> None:
        self.rows, self.tile = rows, tile
        self.taps = taps(rows.first)
        self.longest = self.taps[0].count
        self._made_for: tuple[object, ...] = ()

    def add(self, grad: np.ndarray, kernel: np.ndarray, x: np.ndarray) -> None:
        """Add to x what grad (B, O, *outputs, R) and kernel (O, C/groups, *k) give; x is written to."""
        self._prepare(grad, kernel)
        (image,) = self._images.of(x, self._split)
        for matrix, part in zip(self._matrices, self._weights.of(kernel, self._offsets), strict=True):
            np.copyto(matrix, part)
        for piece, block in zip(self._pieces, self._blocks.of(grad, self._placed), strict=True):
            work = self._work[piece.box.size]
            self._gather(block, piece, work.grad)
            for matrix, (rows, columns) in zip(self._products, work.phases, strict=True):
                np.matmul(matrix, rows, out=columns)
            work.patches.scatter(image, piece.start, alone=self._alone)

    def _split(self, x: np.ndarray) -> list[np.ndarray]:
        return [self.rows.split(x)]

    def _placed(self, grad: np.ndarray) -> list[np.ndarray]:
        """Return the part of grad that each piece meets."""
        return [self.rows.block(grad, piece.place) for piece in self._pieces]

    def _offsets(self, kernel: np.ndarray) -> list[np.ndarray]:
        """Return, for each phase, the weights (G, k'·C/G, n, O/G), the last kernel row first: it meets the first."""
        matrix = self.rows.matrix(kernel).transpose(0, 3, 2, 1)  # (G, k'·C/G, k, O/G)
        return [matrix[:, :, t.offsets][:, :, ::-1] for t in self.taps]

    def _gather(self, block: np.ndarray, piece: Piece, rows: np.ndarray) -> None:
        """Write the rows of grad that the box meets; those before the first and after the last are zero."""
        low, high = piece.filled
        if not self._single:
            rows[:, :low] = 0
            rows[:, high:] = 0
        rows[:, low:high].reshape(block.shape)[...] = block

    def _prepare(self, grad: np.ndarray, kernel: np.ndarray) -> None:
        """Make the buffers for arrays like these, unless they are there."""
        made_for = (grad.shape, kernel.shape, grad.dtype)
        if made_for == self._made_for:
            return
        self._made_for = made_for
        rows, first, groups = self.rows, self.rows.first, self.rows.groups
        low, high = (i // first.stride for i in (first.before, first.size - 1 + first.before))
        count = high + 1 - low
        above, below = len(kernel) // groups, kernel.shape[1] * math.prod(rows.kernel)

        def shapes(size: tuple[int, ...], gap: int = 0) -> list[tuple[int, ...]]:
            length = size[0] * math.prod(size[2:])
            rows_in, rows_out = size[1] + self.longest - 1, size[1] * first.stride
            return [(groups, rows_in, above, length), (groups, rows_out, below, gap + length)]

        def cost(size: tuple[int, ...]) -> int:
            return sum(map(math.prod, shapes(size))) * grad.itemsize

        counts = (len(grad), count, *rows.outputs[1:], grad.shape[-1])
        boxes = list(tiles(counts, cost, self.tile, at_once(len(grad), math.prod(counts[2:]))))
        self._pieces = [self._piece(box, low, grad.shape[-1]) for box in boxes]
        self._alone = all(box.size[2:-1] == rows.outputs[1:] for box in boxes)  # no input is in two boxes
        self._single = len(boxes) == 1  # then what is zero stays zero
        self._slack = rows.slack(boxes[0].size) if self._single else 0
        self._images, self._blocks, self._weights = Views(), Views(), Views()
        self._matrices = [np.empty((groups, below, t.count, above), grad.dtype) for t in self.taps]
        self._products = [matrix.reshape(groups, 1, below, -1) for matrix in self._matrices]  # with n·O/G last
        sizes, gap = dict.fromkeys(box.size for box in boxes), self._slack * grad.shape[-1]
        extents = {size: shapes(size, gap) for size in sizes}
        most = max((sum(map(math.prod, extent)) for extent in extents.values()), default=0)
        memory = np.zeros(most + gap, grad.dtype)
        self._work = {size: self._cut(memory, size, gap, *extent) for size, extent in extents.items()}

    def _piece(self, box: Box, first: int, run: int) -> Piece:
        (image, m, *others), (images, count, *sizes) = box.start, box.size
        row, n = first + m - (self.longest - 1), count + self.longest - 1
        low = min(max(0, -row), n)
        high = max(low, min(n, self.rows.outputs[0] - row))
        reached = Box((image, max(0, row), *others), (images, high - low, *sizes))
        start = (image, 0, (first + m) * self.rows.first.stride, *others)
        return Piece(box, self.rows.place(reached, run), (low, high), start)

    def _cut(
        self, memory: np.ndarray, size: tuple[int, ...], gap: int, above: tuple[int, ...], below: tuple[int, ...]
    ) -> Work:
        end, more = math.prod(above), math.prod(below)
        grad, columns = memory[:end].reshape(above), memory[end : end + more].reshape(below)
        step = self.rows.first.stride
        phases: list[tuple[np.ndarray, np.ndarray]] = []
        for t in self.taps:
            rows = overlapping(grad[:, self.longest - t.count :], size[1], 1, t.count)
            phases.append((rows, columns[:, t.phase :: step, :, gap:]))
        return Work(grad, phases, self.rows.patches(columns, size, slack=self._slack))
