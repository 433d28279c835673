"""What the checks of one method found on a batch of inputs, as numbers and as one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from convscope.explaining.checks.belief import belief, joined
from convscope.explaining.checks.deletion import Deletion
from convscope.explaining.checks.estimate import Estimate
from convscope.explaining.checks.figures import figures
from convscope.explaining.checks.random_weights import Cascade
from convscope.plain import plain


@dataclass(frozen=True)
class Gap:
    """By how much the sum of a map misses what theory says that it is, as a part of the magnitude of the score."""

    median: float
    largest: float


@dataclass(frozen=True)
class Checks:
    """The checks of ``method`` over so many ``examples``, each a ``noun``; means with 95 % intervals over them.

    ``constant`` counts the maps that are one number everywhere. ``random_weights`` is the map's likeness to itself as
    layers are randomised; ``edges`` its likeness to the edges of the input; ``deletion`` the areas under each fill, in
    units of the score; ``stability`` its likeness to itself under noise; ``gap`` its gap of completeness or
    conservation; ``runner_up`` its likeness to the map of the second answer. Likeness is Spearman's correlation, 1 the
    same order, 0 none in common. ``region``: the score is of a part of the outputs, about which every map lies.
    ``None`` stands for what does not apply, and ``notes`` say why.
    """

    method: str
    score: str
    noun: str
    examples: int
    trained: bool
    constant: int
    random_weights: Cascade | None
    edges: Estimate | None
    deletion: tuple[Deletion, ...]
    stability: Estimate | None
    gap: Gap | None
    runner_up: Estimate | None
    notes: tuple[str, ...] = ()
    region: bool = False

    @property
    def passed(self) -> bool | None:
        """Whether the map can be believed: ``False`` where it is shown not to be, ``None`` where that is uncertain."""
        return belief(self).holds

    @property
    def belief(self) -> str:
        """Whether the map can be believed, as a plain sentence without its full stop."""
        return belief(self).sentence

    @property
    def figures(self) -> str:
        """What that goes by, as clauses."""
        return figures(self)

    @property
    def verdict(self) -> str:
        """What is to be said under a map of this method: whether it can be believed, and what that goes by."""
        return joined(self.belief, self.figures)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, with the verdict and its two parts."""
        said = {name: getattr(self, name) for name in ("passed", "belief", "figures", "verdict")}
        return {**plain(self), **said}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Checks:
        """Return what ``to_dict`` was made of; ``msgspec.ValidationError`` for anything else."""
        return msgspec.convert(values, cls)
