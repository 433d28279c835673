"""``convscope explain --units``: what channels of a layer see and look for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convscope.cli.output import show_json
from convscope.terminal.screen import out as screen
from convscope.terminal.screen import say_warning
from convscope.terminal.tables import table
from convscope.views import explanation as views

if TYPE_CHECKING:
    from convscope.cli.explain_flags import ExplainFlags
    from convscope.runs.layer_units import LayerUnits

COLUMNS = (
    "channel",
    "exact field",
    "share outside",
    "90% effective",
    "largest",
    "example",
    "picture reaches",
    "examples reach",
)


def numbers(text: str) -> tuple[int, ...]:
    """Read the numbers of channels, 0,3,7; ``ConfigError`` for anything else.

    >>> numbers("0, 3,7")
    (0, 3, 7)
    """
    from convscope.errors import ConfigError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ConfigError(f"--units: expected numbers of channels such as 0,3,7, found {text!r}")
    return tuple(map(int, parts))


def show(network: str, inputs: tuple[str, ...], flags: ExplainFlags, out: Path | None, as_json: bool) -> int:
    """Write the page of some channels of a layer, and print their numbers."""
    from convscope.errors import ConfigError
    from convscope.report.units.page import write
    from convscope.runs.run import open_run
    from convscope.runs.units import layer_units
    from convscope.runs.write import new_folder
    from convscope.terminal.live import Live

    channels, at = numbers(flags.units or ""), flags.place
    if len(inputs) > 1:
        raise ConfigError(f"--units lays fields over one input, found {len(inputs)}")
    run = open_run(network)
    with Live() as live:
        result = layer_units(run, flags.node, channels, next(iter(inputs), None), at=at, progress=live.progress)
    page = write(result, new_folder(out, "units", run.folder))
    for note in (*filter(None, [run.unfinished]), *result.notes):
        say_warning(note)
    if as_json:
        show_json(views.units(result, page.parent))
        return 0
    screen.print(table(COLUMNS, list(_rows(result)), right=(*COLUMNS[:5], *COLUMNS[6:])))
    screen.print(f"\nwritten: {page}", markup=False)
    return 0


def _rows(result: LayerUnits) -> list[tuple[str, ...]]:
    from convscope.text import percent

    made = result.maximised
    rows: list[tuple[str, ...]] = []
    for number, each in enumerate(result.channels):
        size = "×".join(str(last - first + 1) for first, last in each.seen.span)
        effective, first = each.effective, next(iter(each.top), None)
        runs = [] if effective is None else [effective.run(axis) for axis in range(effective.energy.ndim)]
        rows.append((
            str(each.channel), size, percent(each.seen.outside), "×".join(str(end - start + 1) for start, end in runs),
            "" if first is None else f"{first.patch.value:.4g}", "" if first is None else first.id,
            *(("", "") if made is None else (f"{made.reached[number]:.4g}", f"{made.largest[number]:.4g}")),
        ))  # fmt: skip
    return rows
