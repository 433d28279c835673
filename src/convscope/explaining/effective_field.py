"""What one unit sees of an input and how much each position moves it, in the mean over inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from convscope.analysis.effective_field import EffectiveField
from convscope.errors import ShapeError
from convscope.explaining.explained import Explained
from convscope.explaining.units import SeenArea, Units, in_batches, seen_area, units_of


@dataclass(frozen=True, eq=False)
class UnitField:
    """The fields of the unit ``at`` (channel, *place) of a node.

    ``seen`` is what it can see, ``effective`` how much of that it uses: ``effective.energy`` (*space) sums to 1 and is
    the mean of squared gradients over ``effective.samples`` inputs; ``gradients`` (N, *space) are each input's own, the
    root of the sum of squares over its channels.
    """

    node: str
    at: tuple[int, ...]
    seen: SeenArea
    effective: EffectiveField
    gradients: np.ndarray


def unit_field(explained: Explained, node: str, at: Sequence[int]) -> UnitField:
    """Return the exact and the effective receptive field of one unit over the inputs (N, C, *space) of ``explained``.

    ``at`` is (channel, *place), or (channel,) for the place in the middle. The effective field is that of Luo, Li,
    Urtasun and Zemel 2016, measured on these inputs rather than random ones.

    Raises ``ShapeError`` for no such unit, with the valid range, or one that no input moves; ``ConfigError`` as
    ``units_of``.

    >>> network = torch.nn.Conv2d(1, 1, 3, padding=1)
    >>> found = unit_field(Explained(network, torch.rand(2, 1, 8, 8)), "correlate", (0, 0, 4))
    >>> found.seen.box, found.seen.span, round(found.seen.outside, 3)
    (((0, 1), (3, 5)), ((-1, 1), (3, 5)), 0.333)
    """
    with units_of(explained, node) as units:
        place = _unit(units, at)
        seen = seen_area(units.graph, units.node, place)
        squares = in_batches(explained, lambda x: _squares(units, place, x))
    total = squares.mean(0, dtype=np.float64)
    if not total.sum() > 0:
        raise ShapeError(f"no input moves {node} at {', '.join(map(str, place))}: all gradients are 0")
    effective = EffectiveField(node, place[1:], total / total.sum(), seen.box, len(squares))
    return UnitField(node, place, seen, effective, np.sqrt(squares))


def _unit(units: Units, at: Sequence[int]) -> tuple[int, ...]:
    place = tuple(at) if len(at) != 1 else (*at, *(n // 2 for n in units.places))
    valid = (units.channels, *units.places)
    if len(place) != len(valid) or not all(0 <= i < n for i, n in zip(place, valid, strict=True)):
        ranges = ", ".join(f"0..{n - 1}" for n in valid)
        raise ShapeError(f"{units.node.name} has no unit at {', '.join(map(str, at))}; valid is {ranges}")
    return place


def _squares(units: Units, place: tuple[int, ...], x: Tensor) -> Tensor:
    """Return the squared gradients of the unit, summed over the channels of each input: (N, *space)."""
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(units.values(x)[(slice(None), *place)].sum(), x)
    return slope.square().sum(1)
