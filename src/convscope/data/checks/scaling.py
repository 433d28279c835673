"""Values divided by 255 twice: 0..1/255 instead of 0..1."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.data.examined import Examined
from convscope.data.notice import Notice


def check(examined: Examined) -> Iterator[Notice]:
    """Notice a set of float images whose brightest value lies at 1/255 or below."""
    low, high = float(examined.low.min()), float(examined.high.max())
    if low >= 0 and 0 < high <= 1.01 / 255:
        yield Notice(
            "double-scaling",
            f"all values lie in {low:.2g}..{high:.2g}, and 1/255 is 0.0039: somebody probably divided the images by "
            "255 twice. convscope measures the range and trains all the same, but other programs will see black images",
        )
