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
