"""Transposed convolutions that write some outputs more often than their neighbours (Odena et al. 2016)."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning
from convscope.analysis.warnings.reading import Reading

CODE = "CS105-checkerboard"


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for each transposed convolution with an uneven axis; ``number``: kernel / stride."""
    for node in net.nodes:
        if node.op != "correlate_transpose":
            continue
        sizes = (net.given(node, "kernel") or ())[2:]
        axes = zip(sizes, node.arguments["stride"], node.arguments["dilation"], strict=True)
        uneven = [(k, s, times) for k, s, d in axes if len(set(times := products(k, s, d))) > 1]
        if uneven:
            yield _warning(node.name, *uneven[0])


def products(kernel: int, stride: int, dilation: int) -> list[int]:
    """Return how many kernel elements fall on each of ``stride`` outputs in a row, away from the borders.

    >>> products(3, 2, 1), products(4, 2, 1)
    ([2, 1], [2, 2])
    """
    times = [0] * stride
    for element in range(kernel):
        times[element * dilation % stride] += 1
    return times


def _warning(place: str, kernel: int, stride: int, times: list[int]) -> DesignWarning:
    fits = [str(k) for k in (kernel - kernel % stride, kernel - kernel % stride + stride) if k and k % stride == 0]
    return DesignWarning(
        CODE,
        place,
        kernel / stride,
        f"a kernel of {kernel} with stride {stride} writes its outputs unevenly: along an axis they are in turn sums "
        f"of {', '.join(map(str, times[:-1]))} and {times[-1]} products, which draws a checkerboard",
        f"take a kernel of {' or '.join(fits)}, without dilation; or resample first and convolve with stride 1",
    )
