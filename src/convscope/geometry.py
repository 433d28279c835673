"""Windows as integers, one axis at a time: how many there are, and which input index feeds which output index.

Nothing here knows arrays. An axis of three inputs, kernel 3, one of padding on each side: ``abc -> 0abc0``, three
windows. A dilated window has holes: kernel 3 and dilation 2 see positions 0, 2 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from convscope.errors import ShapeError


@dataclass(frozen=True)
class Window:
    """A kernel sliding along one axis of ``size`` inputs, ``before`` and ``after`` padded.

    ``ceil`` lets the last window hang over the end, provided that it begins on an input or before it (PyTorch's rule).

    >>> w = Window(5, kernel=3, stride=2, before=1, after=1, dilation=1)
    >>> w.outputs, w.inputs(0), w.outputs_of(1)
    (3, [0, 1], [0, 1])
    """

    size: int
    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
    ceil: bool = False

    @property
    def reach(self) -> int:
        """How many positions one window spans, holes included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def outputs(self) -> int:
        """How many windows there are: ⌊(size + before + after - reach) / stride⌋ + 1, or 0; ⌈…⌉ with ``ceil``."""
        room = self.size + self.before + self.after - self.reach
        count = (-(-room // self.stride) if self.ceil else room // self.stride) + 1
        hangs_out = self.ceil and (count - 1) * self.stride >= self.size + self.before
        return max(0, count - hangs_out)

    def start(self, output: int) -> int:
        """Return the position of a window's first element; negative in the padding before the input."""
        return output * self.stride - self.before

    def positions(self, output: int) -> list[int]:
        """Return the ``kernel`` positions that one window covers; those outside 0..size-1 are padding."""
        first = self.start(output)
        return [first + k * self.dilation for k in range(self.kernel)]

    def inputs(self, output: int) -> list[int]:
        """Return the inputs that feed one output."""
        return [i for i in self.positions(output) if 0 <= i < self.size]

    def outputs_of(self, index: int) -> list[int]:
        """Return the outputs that one input feeds."""
        starts = (index + self.before - k * self.dilation for k in range(self.kernel))
        return sorted(s // self.stride for s in starts if s % self.stride == 0 and 0 <= s // self.stride < self.outputs)


@dataclass(frozen=True)
class Spread:
    """The transpose of a ``Window``: each of ``size`` inputs writes ``kernel`` outputs, ``stride`` apart.

    ``before`` and ``after`` are cut off the ends (negative: zeros added), ``extra`` outputs are added at the far end.

    >>> s = Spread(3, kernel=3, stride=2, before=1, after=1, extra=1)
    >>> s.outputs, s.inputs(0), s.inputs(1)
    (6, [0], [0, 1])
    """

    size: int
    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
    extra: int = 0

    @property
    def reach(self) -> int:
        """How many positions one input writes to, holes included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def outputs(self) -> int:
        """How many outputs there are: (size - 1)·stride + reach - before - after + extra."""
        return (self.size - 1) * self.stride + self.reach - self.before - self.after + self.extra

    def inputs(self, output: int) -> list[int]:
        """Return the inputs that feed one output."""
        offsets = (output + self.before - k * self.dilation for k in range(self.kernel))
        return sorted(s // self.stride for s in offsets if s % self.stride == 0 and 0 <= s // self.stride < self.size)


def same_padding(size: int, kernel: int, stride: int, dilation: int, *, extra_after: bool = True) -> tuple[int, int]:
    """Return the padding (before, after) that leaves ⌈size / stride⌉ outputs; an odd one goes after, or before.

    >>> same_padding(28, 5, 2, 1), same_padding(7, 4, 1, 1), same_padding(7, 4, 1, 1, extra_after=False)
    ((1, 2), (1, 2), (2, 1))
    """
    total = max(0, (-(-size // stride) - 1) * stride + dilation * (kernel - 1) + 1 - size)
    small, large = total // 2, total - total // 2
    return (small, large) if extra_after else (large, small)


def output_size(
    size: int,
    kernel: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    ceil: bool = False,
    what: str = "window",
) -> int:
    """Return how many windows fit along one axis: ⌊(size + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1.

    ``ceil`` lets the last one hang over the end; ``what`` names the operation in the error. Raises ``ShapeError``
    where not even one window fits. By hand: 28 pixels, kernel 5, stride 2, padding 2: (28 + 4 - 5) // 2 + 1 = 14.

    >>> output_size(28, 5, stride=2, padding=2)
    14
    """
    window = Window(size, kernel, stride, padding, padding, dilation, ceil)
    if not window.outputs:
        raise ShapeError(
            f"{what} reaches over {window.reach} pixels, but only {size + 2 * padding} are there"
            + (f" ({size} and {padding} of padding on each side)" if padding else "")
        )
    return window.outputs
