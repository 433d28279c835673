"""What answers rest on, and what every layer makes of an example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.explaining.checks.result import Checks
    from convscope.explaining.explanation import Explanation
    from convscope.explaining.inside import Inside
    from convscope.runs.layer_units import ChannelUnits, LayerUnits


def explanations(results: Iterable[Explanation], checks: Mapping[str, Checks], folder: Path | None) -> dict[str, Any]:
    """Return a row for each example, the checks of each method, and where the files are."""
    rows = [each.to_dict() for each in results]
    of_methods = {name: each.to_dict() for name, each in checks.items()}
    return plain({"explanations": rows, "checks": of_methods, "folder": folder})


def inside(result: Inside, folder: Path) -> dict[str, Any]:
    """Return each layer's maps with their ranges, and the largest difference of a convolution's components."""
    layers = [
        {"node": layer.node, "operation": layer.op, "shape": layer.values.shape, "ranges": layer.ranges}
        for layer in result.layers
    ]
    parts = result.components
    facts = None if parts is None else {name: getattr(parts, name) for name in ("node", "difference", "largest")}
    return plain({
        "network": result.network,
        "input": result.example,
        "layers": layers,
        "components": facts,
        "notes": result.notes,
        "folder": folder,
    })  # fmt: skip


def units(result: LayerUnits, folder: Path) -> dict[str, Any]:
    """Return for each channel its fields, its top patches, and what the picture made for it reaches."""
    made = result.maximised
    channels = [_of_channel(each) for each in result.channels]
    if made is not None:
        for each, reached, largest in zip(channels, made.reached, made.largest, strict=True):
            each["picture"] = {"node": made.node, "reached": reached, "largest": largest, "examples": made.inputs}
    return plain({
        "network": result.network, "node": result.node, "operation": result.op, "at": result.at, "split": result.split,
        "examples": result.inputs, "measured_on": result.measured, "channels": channels, "notes": result.notes,
        "folder": folder,
    })  # fmt: skip


def _of_channel(each: ChannelUnits) -> dict[str, Any]:
    seen, effective = each.seen, each.effective
    fields: dict[str, Any] = {"span": seen.span, "inside": seen.box, "share_outside": seen.outside,
                              "at_most": seen.at_most}  # fmt: skip
    if effective is not None:
        fields["effective"] = {
            "within_90_percent": [effective.run(axis) for axis in range(effective.energy.ndim)],
            "central_half": effective.centre,
            "samples": effective.samples,
        }
    patches = [
        {"example": top.id, "label": top.label, "activation": top.patch.value, "place": top.patch.place,
         "seen": top.patch.seen.box, "share_outside": top.patch.seen.outside}
        for top in each.top
    ]  # fmt: skip
    return {"channel": each.channel, "name": each.name, "field": fields, "patches": patches}
