"""What a method of explanation looks at: a network, a batch of its inputs, and what an empty input is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from torch import Tensor, nn

from convscope.errors import Error
from convscope.graph import Graph

if TYPE_CHECKING:
    from convscope.graph.record import Recording


@dataclass(frozen=True, eq=False)
class Explained:
    """A network and inputs x (N, C, *space) as it takes them, or tokens (N, L).

    ``baseline`` is the input that says nothing, one number or an array that broadcasts to x: by default 0, of
    standardised inputs the mean of the training split; of tokens it stands for their embeddings. ``node`` is the layer
    that class activation maps are taken of, as ``inspect`` names it; by default the last one that has places. The
    network may be in any mode and is left as it is.
    """

    model: nn.Module
    x: Tensor
    baseline: Tensor | float = 0.0
    node: str | None = None

    @cached_property
    def recording(self) -> Recording | None:
        """How the network runs, recorded once; None where it cannot be recorded."""
        from convscope.graph.record import checked, recording
        from convscope.graph.record.inputs import bound_inputs

        try:
            model = checked(self.model)
            return recording(model, bound_inputs(model, self.x[:1]))
        except Error:
            return None

    @property
    def graph(self) -> Graph | None:
        """The network as data; None where it cannot be recorded."""
        return None if self.recording is None else self.recording.graph

    @property
    def tokens(self) -> bool:
        """Whether the inputs are tokens, of which only the embeddings have a gradient."""
        return not self.x.is_floating_point()

    def of(self, x: Tensor) -> Explained:
        """Return the same network with other inputs, without recording it again where they are of the same size."""
        return self._with(x, self.baseline)

    def rows(self, rows: Tensor | slice) -> Explained:
        """Return the same network with some of the inputs, which may be repeated, each with its baseline."""
        baseline = self.baseline
        if isinstance(baseline, Tensor) and baseline.ndim == self.x.ndim and len(baseline) > 1:
            baseline = baseline[rows]
        return self._with(self.x[rows], baseline)

    def _with(self, x: Tensor, baseline: Tensor | float) -> Explained:
        other = replace(self, x=x, baseline=baseline)
        if "recording" in self.__dict__ and x.shape[1:] == self.x.shape[1:]:
            other.__dict__["recording"] = self.recording
        return other
