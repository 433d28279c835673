"""The positions of a feature map that none of the operations on it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convscope.analysis.warnings.finding import axis_word, counted
from convscope.analysis.warnings.reading import Reading, Sliding, covered
from convscope.geometry import Window
from convscope.graph.node import Node


@dataclass(frozen=True)
class Unseen:
    """The positions along one spatial axis of the map ``source`` that nobody looks at.

    ``sliding`` is the first node that slides over the map.
    """

    source: str
    sliding: Sliding
    axis: int
    positions: tuple[int, ...]

    @property
    def window(self) -> Window:
        """The window along the axis."""
        return self.sliding.windows[self.axis]

    @property
    def between(self) -> tuple[int, ...]:
        """Those before the end of the last window."""
        end = self.window.start(self.window.outputs - 1) + self.window.reach
        return tuple(i for i in self.positions if i < end)

    @property
    def word(self) -> str:
        """What a position along the axis is called."""
        return axis_word(self.axis, len(self.sliding.windows))

    def at_end(self, number: int) -> str:
        """Return the last ``number`` positions in words."""
        return f"the last {self.word if number == 1 else counted(number, self.word)}"


def unseen(net: Reading) -> Iterator[list[Unseen]]:
    """Yield, for each map that has them, the positions that nobody looks at, an axis each.

    A shortcut may take every second position of a map whose others go the long way: only what all leave out counts.
    """
    over: dict[str, list[Sliding]] = {}
    for sliding in net.sliding.values():
        over.setdefault(sliding.source, []).append(sliding)
    for source, sliders in over.items():
        names = {one.node.name for one in sliders}
        others = [user for user in net.users.get(source, ()) if not _leads_to(net, user, names)]
        slices = [user for user in others if user.op == "strided_slice"]
        if len(slices) < len(others) or source in net.ends:
            continue
        left: list[tuple[int, ...]] = []
        for axis, window in enumerate(sliders[0].windows):
            seen = [covered(one.windows[axis]) for one in sliders] + [_taken(one, axis + 2) for one in slices]
            left.append(tuple(sorted(set(range(window.size)).difference(*seen))))
        if any(left):
            yield [Unseen(source, sliders[0], axis, positions) for axis, positions in enumerate(left) if positions]


def _leads_to(net: Reading, user: Node, sliding: set[str]) -> bool:
    """Tell whether a user of a map slides over it, or only pads it for one that does."""
    return user.name in sliding or (user.op == "pad" and all(one.name in sliding for one in net.users[user.name]))


def _taken(node: Node, axis: int) -> set[int]:
    """Return the positions that a slice takes along an axis."""
    start, size, step = (node.arguments[name][axis] for name in ("start", "size", "step"))
    return {start + i * step for i in range(size)}
