"""What a method of explanation looks at: a network, a batch of its inputs, and what an empty input is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor, nn

from convscope.errors import Error
from convscope.graph import Graph


@dataclass(frozen=True, eq=False)
class Explained:
    """A network and inputs x (N, C, *space) as it takes them, or tokens (N, L).

    ``baseline`` is the input that says nothing, one number or one broadcast to x: by default 0, of standardised inputs
    the mean of the training split. The network may be in any mode and is left as it is.
    """

    model: nn.Module
    x: Tensor
    baseline: Tensor | float = 0.0

    @cached_property
    def graph(self) -> Graph | None:
        """The network as data, recorded once; None where it cannot be recorded."""
        from convscope.graph.record import record

        try:
            return record(self.model, self.x[:1])
        except Error:
            return None

    def of(self, x: Tensor) -> Explained:
        """Return the same network with other inputs of the same size, without recording it again."""
        other = replace(self, x=x)
        if "graph" in self.__dict__ and x.shape[1:] == self.x.shape[1:]:
            other.__dict__["graph"] = self.graph
        return other
