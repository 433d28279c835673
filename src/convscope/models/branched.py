"""A chain of layers whose last one is given several of the maps before it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from torch import Tensor, nn


class Branched(nn.Sequential):
    """The children of a backbone, and last a head that is given what each of ``taps`` returns, the coarsest first.

    ``taps`` are paths of layers in the backbone, in the order in which they run; a dot leads into a plain chain.
    """

    def __init__(self, backbone: nn.Sequential, taps: Sequence[str], head: nn.Module, name: str = "head"):
        super().__init__(OrderedDict([*backbone.named_children(), (name, head)]))
        self.taps = tuple(taps)

    def __getitem__(self, idx: slice | int) -> nn.Module:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a child, or some of them as a plain chain."""
        return nn.Sequential(OrderedDict(self._modules))[idx]

    def maps(self, x: Tensor) -> list[Tensor]:
        """Return the maps that the head is given for x (N, C, *space), the coarsest first."""
        tapped: list[Tensor] = []
        for path, layer in self._unrolled(list(self._modules.items())[:-1]):
            x = layer(x)
            if path in self.taps:
                tapped.insert(0, x)
        return tapped

    def _unrolled(
        self, children: Sequence[tuple[str, nn.Module | None]], prefix: str = ""
    ) -> Iterator[tuple[str, nn.Module]]:
        """Yield layers in the order in which they run; a chain with taps inside is taken apart."""
        for name, child in children:
            assert child is not None
            path = f"{prefix}{name}"
            if any(tap.startswith(f"{path}.") for tap in self.taps):
                yield from self._unrolled(list(child.named_children()), f"{path}.")
            else:
                yield path, child
