"""Windows as integers: how many outputs a kernel leaves of an input, and how it is said when none fits."""

from __future__ import annotations

from convscope.errors import ShapeError


def output_size(
    size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1, what: str = "window"
) -> int:
    """Return how many windows fit along one axis: ⌊(size + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1.

    ``what`` names the operation in the error. Raises ``ShapeError`` where not even one window fits. By hand:
    28 pixels, kernel 5, stride 2, padding 2: (28 + 4 - 5) // 2 + 1 = 14.

    >>> output_size(28, 5, stride=2, padding=2)
    14
    """
    reach = dilation * (kernel - 1) + 1
    room = size + 2 * padding
    if room < reach:
        raise ShapeError(
            f"{what} reaches over {reach} pixels, but only {room} are there"
            + (f" ({size} and {padding} of padding on each side)" if padding else "")
        )
    return (room - reach) // stride + 1
