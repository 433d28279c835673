"""Positions between windows that are further apart than they are wide, and a maximum over time that ends too early."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning, counted
from convscope.analysis.warnings.reading import Reading
from convscope.analysis.warnings.unseen import Unseen, unseen

CODE = "CS102-skipped-positions"


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for each axis with holes, or with one pooling window that is too short; ``number``: how many."""
    for sides in unseen(net):
        for skipped in sides:
            if skipped.between:
                yield _between(skipped)
            elif skipped.sliding.pools and skipped.window.outputs == 1:
                yield _short(skipped)


def _between(skipped: Unseen) -> DesignWarning:
    window, number = skipped.window, len(skipped.between)
    holes = f" (with holes: one position in {window.dilation})" if window.dilation > 1 else ""
    return DesignWarning(
        CODE,
        skipped.sliding.node.name,
        number,
        f"{counted(number, skipped.word)} of {window.size} from {skipped.source} "
        f"{'is' if number == 1 else 'are'} skipped: "
        f"windows of {window.kernel}{holes} stand {window.stride} apart",
        "take a smaller stride, or no dilation"
        if window.dilation > 1
        else f"take a stride of at most {window.kernel}, or windows of at least {window.stride}",
    )


def _short(skipped: Unseen) -> DesignWarning:
    window, number = skipped.window, len(skipped.positions)
    return DesignWarning(
        CODE,
        skipped.sliding.node.name,
        number,
        f"the only window, of {window.reach}, leaves out {skipped.at_end(number)} of {window.size} "
        f"from {skipped.source}",
        f"take a window of {window.size}, or a global pooling",
    )
