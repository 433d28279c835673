"""``convscope inspect --equivariance`` and ``--effective-field``: properties that are measured on numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convscope.cli.output import show_json
from convscope.terminal.screen import out as screen
from convscope.views import inspection as views

if TYPE_CHECKING:
    from convscope.api.inspect import Network


def equivariance(found: Network, nodes: list[str], image: Path | None, as_json: bool) -> int:
    """Say how the features of each node, or of the last map, follow moves, turns and mirrors of the input."""
    from convscope.analysis.equivariance import equivariance as measured

    x = None if image is None else found.input(image)
    results = [measured(found.graph, x, node=node) for node in nodes or [None]]
    if as_json:
        show_json(views.equivariance(results))
        return 0
    for one in results:
        screen.print(str(one), markup=False, highlight=False)
    screen.print("errors in standard deviations of the features", markup=False, style="dim")
    return 0


def effective_field(
    found: Network,
    node: str,
    place: tuple[int, ...] | None,
    image: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Say where what moves a unit lies, and draw it."""
    from convscope.analysis.effective_field import effective_field as measured

    field = measured(found.graph, node, place, inputs=None if image is None else found.input(image))
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
