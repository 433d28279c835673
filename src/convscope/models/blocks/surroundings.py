"""What stands around an image that does not fit a network's grid, and how its share of the answer is cut off again."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import pad


class Surroundings(nn.Module):
    """Continue images (N, C, *space) by their mirror image until a network of a certain grid takes them whole.

    Along each axis the result has ``margin`` positions before the image, and behind it as many and those that are
    missing to the next of the sizes ``least + grid * m``. An axis too short to be mirrored that far is continued by its
    last value. An image that fits already, with a margin of 0, comes back as it is.

    >>> from torch import arange
    >>> Surroundings(grid=(4, 4))(arange(6.0).reshape(1, 1, 2, 3)).tolist()
    [[[[0.0, 1.0, 2.0, 1.0], [3.0, 4.0, 5.0, 4.0], [3.0, 4.0, 5.0, 4.0], [3.0, 4.0, 5.0, 4.0]]]]
    """

    def __init__(self, grid: Sequence[int], margin: int = 0, least: int = 0):
        super().__init__()
        self.grid, self.margin, self.least = tuple(grid), margin, least

    def extra_repr(self) -> str:
        """Return grid and margin, for printing."""
        return f"grid={'×'.join(map(str, self.grid))}, margin={self.margin}"

    def forward(self, x: Tensor) -> Tensor:
        """Return x with its surroundings, (N, C, *larger)."""
        mirrored, repeated = [0] * (2 * len(self.grid)), [0] * (2 * len(self.grid))
        for axis, (size, grid) in enumerate(zip(x.shape[2:], self.grid, strict=True)):
            whole = self.least + grid * max(0, -((self.least - size) // grid))
            around = (self.margin, self.margin + whole - size)
            pairs = mirrored if max(around) < size else repeated
            at = 2 * (len(self.grid) - 1 - axis)  # ``pad`` takes the last axis first
            pairs[at : at + 2] = around
        if any(mirrored):
            x = pad(x, mirrored, mode="reflect")
        return pad(x, repeated, mode="replicate") if any(repeated) else x


class Crop(nn.Module):
    """Keep the part of a map that another one covers: the first of its positions, or with ``centred`` the middle."""

    def __init__(self, *, centred: bool = False):
        super().__init__()
        self.centred = centred

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """Return x (N, C, *larger) cut to (N, C, *space of ``like``); x itself where it has that size."""
        for axis in range(2, x.ndim):
            size, more = like.shape[axis], x.shape[axis] - like.shape[axis]
            if more:
                x = x.narrow(axis, more // 2 if self.centred else 0, size)
        return x
