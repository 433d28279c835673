"""Even kernels that keep the size: one side is padded more, and the map moves by half a position."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning
from convscope.analysis.warnings.reading import Reading
from convscope.geometry import Window

CODE = "CS104-even-kernel"


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for each node that keeps the size with an even kernel; ``number``: the size of the kernel."""
    for name, sliding in net.sliding.items():
        moved = [window for window in sliding.windows if _moves(window)]
        if moved:
            w = moved[0]
            yield DesignWarning(
                CODE,
                name,
                w.kernel,
                f"a kernel of {w.kernel} has no centre: padded by {w.before} before and {w.after} after, its output "
                "is moved by half a position against its input, and no flip of the input is a flip of the output",
                f"take a kernel of {w.kernel - 1} or {w.kernel + 1}",
            )


def _moves(window: Window) -> bool:
    """Tell whether the padding keeps the size and differs by one; all of it before is a causal convolution."""
    one_side = window.after - window.before == 1 or (window.before - window.after == 1 and window.after > 0)
    return window.stride == 1 and window.before + window.after == window.reach - 1 and one_side
