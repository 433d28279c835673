"""Widths at which several networks have about as many weights: what an equal comparison of them needs.

Each network is made wider or narrower by its option ``width``, with the options that its entry says for that, all else
as it is. Counting draws no numbers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from statistics import median_low
from typing import Any

from convscope.data.spec import InputSpec, OutputSpec
from convscope.errors import ConfigError
from convscope.models.registry import build, entry, options_of

WIDTH = "width"
NEAR = 0.1  # of the weights that all should have
WIDEST = 4096
STEPS = (1, 2, 4, 8, 16)  # from one width to the next: heads of attention must divide it


@dataclass(frozen=True)
class Sized:
    """A network's options, its weights with them, and whether these are within a tenth of what all should have."""

    weights: int
    near: bool = True
    options: dict[str, Any] = field(default_factory=dict)


def equal_weights(
    names: Sequence[str], *, input: InputSpec, output: OutputSpec, options: Mapping[str, Any]
) -> dict[str, Sized]:
    """Return for each network the options at which all have about as many weights as the middle one usually has.

    ``options`` are those that the user set, for all. ``ConfigError`` where a network takes other inputs.

    >>> sized = equal_weights(["fcn", "gru"], input=InputSpec(1, (96,)), output=OutputSpec(2), options={})
    >>> [(network.weights, network.options) for network in sized.values()]
    [(56760, {'width': 59}), (56242, {'width': 95})]
    """
    families = {name: _Family(name, options, input, output) for name in names}
    middle = median_low(family.usual for family in families.values())

    def apart(target: int) -> float:
        return max(abs(family.nearest(target)[0] - target) / target for family in families.values())

    target = min((family.nearest(middle)[0] for family in families.values()), key=apart)
    sized = {name: family.nearest(target) for name, family in families.items()}
    return {name: Sized(n, abs(n - target) <= NEAR * target, chosen) for name, (n, chosen) in sized.items()}


class _Family:
    """One network at all its widths; ``usual`` is how many weights it has without a word."""

    def __init__(self, name: str, options: Mapping[str, Any], input: InputSpec, output: OutputSpec):
        self.name, self.input, self.output = name, input, output
        self.known = options_of(name)
        self.options = {key: value for key, value in options.items() if key in self.known}
        self.usual = self._count()
        self.deeper = {key: value for key, value in entry(name).compared if key not in options}
        self.count = cache(lambda width: self._count(**self.deeper, **{WIDTH: width}))
        self.step = next((step for step in STEPS if self._takes(step)), 0)

    def nearest(self, target: int) -> tuple[int, dict[str, Any]]:
        """Return the number of weights nearest to ``target``, and the options at which it has them."""
        if not self.step:
            return self.usual, {}
        at = bisect_left(range(WIDEST // self.step), target, lo=1, key=lambda k: self.count(k * self.step))
        widths = [k * self.step for k in (at - 1, at) if k > 0]
        best = min(widths, key=lambda width: abs(self.count(width) - target))
        if not self.deeper and abs(self.usual - target) <= abs(self.count(best) - target):
            return self.usual, {}
        return self.count(best), {**self.deeper, WIDTH: best}

    def _takes(self, step: int) -> bool:
        """Return whether widths may be ``step`` apart, of a network whose width is open."""
        if WIDTH not in self.known or WIDTH in self.options:
            return False
        try:
            return all(self.count(k * step) for k in (1, 2, 3))
        except ConfigError:
            return False

    def _count(self, **chosen: Any) -> int:
        import torch

        with torch.device("meta"):
            net = build(self.name, {**self.options, **chosen}, input=self.input, output=self.output)
        return sum(p.numel() for p in net.parameters())
