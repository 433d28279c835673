"""The convolutions that see a sequence itself, and what they answer: found by watching, whatever the network is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from convscope.explaining.score import answering


@dataclass(frozen=True)
class First:
    """A convolution over the input: its module, and how many places were laid ``around`` an input: before, behind.

    ``mixed`` is a layer that first mixes the channels of each step, if there is one (Inception's bottleneck).
    """

    name: str
    conv: nn.Conv1d
    around: tuple[int, int]
    mixed: nn.Conv1d | None = None

    def starts(self, steps: int) -> np.ndarray:
        """Return where in the input each answer's window begins; below 0 before its first step."""
        padding = self.conv.padding[0] if not isinstance(self.conv.padding, str) else _same(self.conv)
        return np.arange(steps) * self.conv.stride[0] - int(padding) - self.around[0]

    @property
    def window(self) -> int:
        """How many steps a window spans."""
        return self.conv.dilation[0] * (self.conv.kernel_size[0] - 1) + 1

    @property
    def kernels(self) -> np.ndarray:
        """The weights (O, C, K) over the channels of the input."""
        weights = self.conv.weight.detach().numpy()
        if self.mixed is None:
            return weights
        return np.einsum("omk,mc->ock", weights, self.mixed.weight.detach().numpy()[..., 0])

    def answers(self, seen: Tensor) -> Tensor:
        """Return what the kernels answer to ``seen`` (N, C, T) before anything else follows: (N, O, T')."""
        with torch.no_grad():
            mixed = seen if self.mixed is None else self.mixed(seen)
            return self.conv(nn.functional.pad(mixed, self.around))


def first_convolutions(model: nn.Module, inputs: Tensor, seen: Tensor | None = None) -> list[First]:
    """Return the convolutions of more than one step whose input is ``seen`` (N, C, T), maybe with zeros around it.

    ``inputs`` are those of the network; ``seen`` is what these become before the first convolution, by default they
    themselves. Layers that mix the channels of a step are seen through.
    """
    views: list[tuple[Tensor, nn.Conv1d | None]] = [(inputs if seen is None else seen, None)]
    found: dict[str, First] = {}

    def watch(name: str, conv: nn.Conv1d) -> torch.utils.hooks.RemovableHandle:
        def hook(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
            for view, mixed in views:
                around = _around(given[0], view)
                if around is None:
                    continue
                if conv.kernel_size[0] > 1:
                    found.setdefault(name, First(name, conv, around, mixed))
                elif around == (0, 0) and mixed is None and conv.stride[0] == 1:
                    views.append((output, conv))
                return

        return conv.register_forward_hook(hook)

    named = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Conv1d)]
    handles = [watch(name, conv) for name, conv in named if conv.groups == 1]
    try:
        with answering(model), torch.no_grad():
            model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return [found[name] for name, _ in named if name in found]


def _around(given: Tensor, seen: Tensor) -> tuple[int, int] | None:
    """Return how many places stand before and behind ``seen`` in what a layer was given; ``None`` where it is not."""
    more = given.shape[-1] - seen.shape[-1]
    if given.ndim != 3 or given.shape[:2] != seen.shape[:2] or more < 0:
        return None
    steps = seen.shape[-1]
    places = ((at, more - at) for at in range(more + 1) if torch.equal(given[..., at : at + steps], seen))
    return next(places, None)


def _same(conv: nn.Conv1d) -> int:
    return 0 if conv.padding == "valid" else conv.dilation[0] * (conv.kernel_size[0] - 1) // 2
