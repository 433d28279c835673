"""Positions between windows that are further apart than they are wide, and a maximum over time that ends too early."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning, counted
from convscope.analysis.warnings.reading import Reading
from convscope.analysis.warnings.unseen import Unseen, unseen

CODE = "CS102-skipped-positions"


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for each axis with holes, or with one pooling window that is too short; ``number``: how many."""
    for found in unseen(net):
        for one in found:
            if one.between:
                yield _between(one)
            elif one.sliding.pools and one.window.outputs == 1:
                yield _short(one)


def _between(found: Unseen) -> DesignWarning:
    window, number = found.window, len(found.between)
    holes = f" (with holes: one position in {window.dilation})" if window.dilation > 1 else ""
    return DesignWarning(
        CODE,
        found.sliding.node.name,
        number,
        f"{counted(number, found.word)} of {window.size} from {found.source} {'is' if number == 1 else 'are'} skipped: "
        f"windows of {window.kernel}{holes} stand {window.stride} apart",
        "take a smaller stride, or no dilation"
        if window.dilation > 1
        else f"take a stride of at most {window.kernel}, or windows of at least {window.stride}",
    )


def _short(found: Unseen) -> DesignWarning:
    window, number = found.window, len(found.positions)
    return DesignWarning(
        CODE,
        found.sliding.node.name,
        number,
        f"the only window, of {window.reach}, leaves out {found.at_end(number)} of {window.size} from {found.source}",
        f"take a window of {window.size}, or a global pooling",
    )
