"""What is true of a network: layer by layer, of one unit, and as it was measured or verified."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.analysis.effective_field import EffectiveField
    from convscope.analysis.equivariance import Equivariance
    from convscope.analysis.fields import Field
    from convscope.analysis.inspection import Inspection
    from convscope.explain.agreement import Agreement


def inspection(found: Inspection) -> dict[str, Any]:
    """Return every layer's shape, parameters, costs and receptive field, and the design's warnings."""
    return plain(found.to_dict())


def field(seen: Field) -> dict[str, Any]:
    """Return the places of each input that a unit sees."""
    inputs = {
        name: {
            "count": places.count,
            "shape": places.shape,
            "positions": [places.along(axis) for axis in range(len(places.shape))],
        }
        for name, places in seen.inputs.items()
    }
    facts = {"node": seen.node, "at": seen.at, "share": seen.share, "at_most": seen.at_most}
    return plain({**facts, "inputs": inputs, "unknown": seen.unknown})


def agreements(results: Iterable[Agreement]) -> list[dict[str, Any]]:
    """Return how far NumPy and PyTorch are apart, a row a type of numbers."""
    return [{**plain(each), "limit": each.limit, "holds": each.holds} for each in results]


def equivariance(results: Iterable[Equivariance]) -> list[dict[str, Any]]:
    """Return how features follow moves, turns and mirrors of the input, a row a node."""
    return [{**plain(each), "strides": [_text(move.stride) for move in each.translations]} for each in results]


def _text(stride: Any) -> str | None:
    return None if stride is None else str(stride)


def effective_field(found: EffectiveField) -> dict[str, Any]:
    """Return where what moves a unit lies."""
    return plain({
        "node": found.node,
        "at": found.at,
        "receptive_field": found.spans,
        "runs_of_90_percent": [found.run(axis) for axis in range(found.energy.ndim)],
        "share_in_central_half": found.centre,
        "inputs": found.samples,
        "energy": found.energy,
    })  # fmt: skip
