"""What is true of a network: layer by layer, of one unit, and as it was measured or verified."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.analysis.effective_field import EffectiveField
    from convscope.analysis.equivariance import Equivariance
    from convscope.analysis.exact_fields import Field
    from convscope.analysis.inspection import Inspection
    from convscope.graph.verify import Agreement


def inspection(result: Inspection) -> dict[str, Any]:
    """Return every layer's shape, parameters, costs and receptive field, and the design's warnings."""
    return plain(result.to_dict())


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
    """Return how far NumPy and PyTorch are apart, a row per type of numbers."""
    return [{**plain(each), "limit": each.limit, "holds": each.holds} for each in results]


def equivariance(results: Iterable[Equivariance]) -> list[dict[str, Any]]:
    """Return how features follow moves, turns and mirrors of the input, a row per node."""
    return [{**plain(each), "strides": [_text(move.stride) for move in each.translations]} for each in results]


def _text(stride: Any) -> str | None:
    return None if stride is None else str(stride)


def effective_field(field: EffectiveField) -> dict[str, Any]:
    """Return a unit's effective receptive field."""
    return plain({
        "node": field.node,
        "at": field.at,
        "receptive_field": field.spans,
        "runs_of_90_percent": [field.run(axis) for axis in range(field.energy.ndim)],
        "share_in_central_half": field.centre,
        "inputs": field.samples,
        "energy": field.energy,
    })  # fmt: skip
