"""``convscope inspect --equivariance`` and ``--effective-field``: properties that are measured on numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convscope.cli.output import show_json
from convscope.terminal.screen import out as screen
from convscope.views import inspection as views

if TYPE_CHECKING:
    from convscope.api.inspect import Network


def equivariance(network: Network, nodes: list[str], image: Path | None, as_json: bool) -> int:
    """Print how the features of each node, or of the last map, follow shifts, turns and mirrors of the input."""
    from convscope.analysis.equivariance import equivariance as measured

    x = None if image is None else network.input(image)
    results = [measured(network.graph, x, node=node) for node in nodes or [None]]
    if as_json:
        show_json(views.equivariance(results))
        return 0
    for result in results:
        screen.print(str(result), markup=False, highlight=False)
    screen.print("errors in standard deviations of the features", markup=False, style="dim")
    return 0


def effective_field(
    network: Network,
    node: str,
    place: tuple[int, ...] | None,
    image: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Print a unit's effective receptive field, and draw it."""
    from convscope.analysis.effective_field import effective_field as measured

    field = measured(network.graph, node, place, inputs=None if image is None else network.input(image))
    if out is not None:
        from convscope.report.effective_field import write_effective_field

        write_effective_field(field, out)
    if as_json:
        show_json(views.effective_field(field))
        return 0
    screen.print(str(field), markup=False, highlight=False)
    if out is not None:
        screen.print(f"drawn: {out}", markup=False)
    return 0
