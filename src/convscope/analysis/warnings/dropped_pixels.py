"""The last rows or columns that no window reaches, where the stride does not divide size + padding - window."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning
from convscope.analysis.warnings.reading import Reading
from convscope.analysis.warnings.unseen import Unseen, unseen
from convscope.geometry import Window

CODE = "CS101-dropped-pixels"


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for each map that loses its end; ``number``: how many rows and columns."""
    for sides in unseen(net):
        cut = [(one, len(one.positions) - len(one.between)) for one in sides]
        cut = [(one, n) for one, n in cut if n and not (one.sliding.pools and one.window.outputs == 1)]
        if cut:
            yield _warning(cut)


def _warning(cut: list[tuple[Unseen, int]]) -> DesignWarning:
    first, number = cut[0][0], sum(n for _, n in cut)
    sizes = "×".join(str(window.size) for window in first.sliding.windows)
    reasons = dict.fromkeys(f"the stride {one.window.stride} does not divide {_room(one.window)}" for one, _ in cut)
    remedies = dict.fromkeys(_remedy(one.window) for one, _ in cut)
    return DesignWarning(
        CODE,
        first.sliding.node.name,
        number,
        f"{' and '.join(one.at_end(n) for one, n in cut)} of {sizes} from {first.source} "
        f"{'is' if number == 1 else 'are'} never used: {', '.join(reasons)}",
        "; ".join(remedies),
    )


def _remedy(window: Window) -> str:
    room = window.size + window.before + window.after - window.reach
    fits = [str(s) for s in range(1, window.reach + 1) if room % s == 0]
    strides = f"take a stride of {' or '.join(fits)}"
    if window.reach < window.stride:  # there are gaps: one more window might read padding alone
        return strides
    return f"pad {window.stride - room % window.stride} more at the end, or {strides}"


def _room(window: Window) -> str:
    """Return size + padding - window as it is reckoned."""
    padding = f" + {window.before} + {window.after}" if window.before or window.after else ""
    return f"{window.size}{padding} - {window.reach} = {window.size + window.before + window.after - window.reach}"
