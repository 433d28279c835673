"""A correlation as matrix products of rows: the arrangement that ``im2col`` and its ``adjoint`` share.

Classic im2col writes a column for each window, and so each input as often as windows overlap: 25 times for a kernel of
5×5. Here only the axes after the first are unrolled, 5 times. Then each row of the padded image is a block (k'·C, l) of
memory: what l windows side by side see of it, with k' kernel offsets in C channels. A row of outputs sees k rows of the
image. These follow each other in memory and so are, as they stand, a matrix (k·k'·C, l); those of neighbouring rows of
outputs overlap, and nothing more is copied:

    rows of the image    0 1 2 3 4 5 6      kernel 5, stride 2
    output row 0         ─────────
    output row 1             ─────────

This pays where rows are long, overlap, and have no holes (dilation). Elsewhere an axis of a single row is put before
the others: all axes of the image are unrolled, and there is one product, as in classic im2col.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convscope.geometry import Window
from convscope.ops.layout import Box
from convscope.ops.polyphase import Patches, Windows, in_one_pass, taps

WIDE = 192  # outputs, of several images side by side, with which a product is at full speed


@dataclass(frozen=True)
class Rows:
    """Windows that slide along the ``first`` axis, row by row, and are unrolled along the ``others``."""

    first: Window
    others: Windows
    groups: int

    @cached_property
    def kernel(self) -> tuple[int, ...]:
        """The kernel's sizes along the axes unrolled."""
        return tuple(window.kernel for window in self.others)

    @cached_property
    def outputs(self) -> tuple[int, ...]:
        """How many rows of outputs there are, and the sizes of one."""
        return tuple(window.outputs for window in (self.first, *self.others))

    def under(self, count: int) -> int:
        """Return how many rows of the image are under so many rows of outputs."""
        return (count - 1) * self.first.stride + self.first.kernel

    @cached_property
    def space(self) -> tuple[int, ...]:
        """The sizes of the image."""
        return tuple(window.size for window in (self.first, *self.others))

    def split(self, x: np.ndarray) -> np.ndarray:
        """Return a view of (B, C, *space, R) as (B, C/G, G, rows, *others, R)."""
        batch, channels, run = len(x), x.shape[1], x.shape[-1]
        return x.reshape(batch, self.groups, channels // self.groups, *self.space, run).swapaxes(1, 2)

    def matrix(self, kernel: np.ndarray) -> np.ndarray:
        """Return the kernel (O, C/G, *k) with its channels last, (G, O/G, offsets of the first axis, k'·C/G)."""
        o, c, k = len(kernel) // self.groups, kernel.shape[1], self.first.kernel
        return kernel.reshape(self.groups, o, c, -1).swapaxes(2, 3).reshape(self.groups, o, k, -1)

    def place(self, box: Box, run: int) -> tuple[slice, ...]:
        """Return where the box lies in outputs (images, G, O/G, rows, *others·R), ``run`` of them a run."""
        (image, row, *others), (images, rows, *sizes) = box.start, box.size
        first = 0  # of a stretch of memory, as ``tiles`` cuts them
        for at, n in zip(others, (*self.outputs[1:], run), strict=True):
            first = first * n + at
        stretch = slice(first, first + math.prod(sizes))
        return slice(image, image + images), slice(None), slice(None), slice(row, row + rows), stretch

    def block(self, array: np.ndarray, place: tuple[slice, ...]) -> np.ndarray:
        """Return a view of the place in outputs (B, O, *outputs, R), as (G, rows, O/G, images, l)."""
        batch, channels = array.shape[:2]
        length = math.prod(array.shape[-len(self.others) - 1 :])
        whole = array.reshape(batch, self.groups, channels // self.groups, self.outputs[0], length)
        return whole[place].transpose(1, 3, 2, 0, 4)

    def patches(self, columns: np.ndarray, box: tuple[int, ...], *, fixed: bool = False, slack: int = 0) -> Patches:
        """Return what fills columns (G, rows, k'·C/G, l) from ``split`` images, and adds them back to these.

        Groups and rows are axes like any other, along which the kernel has one number. ``slack`` as in ``Patches``.
        """
        groups, rows, height, _ = columns.shape
        n, (images, _, *space, run) = len(self.others), box
        if slack:
            space[-1] += slack
        apart = columns.reshape(groups, rows, *self.kernel, height // math.prod(self.kernel), images, *space, run)
        kernel, channel, of = range(2, 2 + n), 2 + n, range(4 + n, apart.ndim)
        apart = apart.transpose(channel, *kernel, 3 + n, 0, 1, *of)  # (C/G, *k', b, G, rows, *outputs, R)
        first = Window(self.first.size, 1, 1, self.first.before, self.first.after)
        windows = (Window(groups, 1), first, *self.others)
        return Patches(windows, apart[:, None, None], fixed=fixed, slack=slack)

    def slack(self, box: tuple[int, ...]) -> int:
        """Return how far windows reach past a row of outputs, where that many zeros between rows ease ``scatter``."""
        images, *_, run = box
        if images > 1 or len(self.others) != 1 or in_one_pass(self.others, run):
            return 0
        return max((t.count - 1) * t.step for t in taps(self.others[0]))


def rows_of(windows: Windows, groups: int, channels: tuple[int, int], batch: int, run: int) -> Rows:
    """Return the arrangement for arrays (B, C, *space, R) with so many ``channels`` in and out, of one group."""
    first, *others = windows
    rows = Rows(first, tuple(others), groups)
    length = math.prod(rows.outputs[1:]) * run
    if first.dilation > 1 or length == 1:
        return unrolled(windows, groups)
    inputs, outputs = channels
    column, images = inputs * math.prod(rows.kernel), at_once(batch, length)
    # In numbers copied, as measured. A product takes in the kernel once more, at four times the speed; what comes out
    # for several images at once is put where it belongs.
    saved = (first.kernel - first.stride) * column * length * images
    spent = first.kernel * column * outputs // 4 + (outputs * length * images if images > 1 else 0)
    return rows if saved > spent else unrolled(windows, groups)


def unrolled(windows: Windows, groups: int) -> Rows:
    """Return the arrangement of classic im2col: a single row, in which all axes are unrolled."""
    return Rows(Window(1, 1), windows, groups)


def at_once(images: int, length: int) -> int:
    """Return how many images to lay side by side, so that rows of ``length`` outputs become wide enough."""
    return -(-images // max(1, images * length // WIDE))


def overlapping(rows: np.ndarray, count: int, step: int, height: int) -> np.ndarray:
    """Return matrices (G, count, height·h, l), each of ``height`` of the rows (G, rows, h, l), ``step`` rows apart.

    They share memory where they overlap; nothing is copied.
    """
    groups, _, h, length = rows.shape
    group, row, *inner = rows.strides
    return as_strided(rows, (groups, count, height * h, length), (group, step * row, *inner))
