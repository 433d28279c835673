"""The page of what channels of a layer see and look for, its figures, and the top patches as CSV."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.report.page import Head, drawn, page
from convscope.report.section import Section
from convscope.report.tables import Table
from convscope.runs import files
from convscope.runs.layer_units import ChannelUnits, LayerUnits
from convscope.runs.write import csv_text, write_file
from convscope.text import count, percent

if TYPE_CHECKING:
    from convscope.report.figures.style import Drawing

PAGE, TABLE = "units.html", "top_patches.csv"
COLUMNS = ("layer", "channel", "rank", "example", "label", "activation", "place", "seen", "share_outside")


def write(units: LayerUnits, folder: Path) -> Path:
    """Write ``units.html``, ``figures/`` and ``top_patches.csv`` into an existing folder; return the page's path.

    There is no CSV where no examples could be read. Raises ``SaveError`` where a file cannot be written.
    """
    if units.inputs:
        write_file(folder / TABLE, csv_text(COLUMNS, rows(units)))
    parts = sections(units)
    with drawn(units, parts, folder / files.FIGURES) as figures:
        now = datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M")
        name = Path(units.network).name
        layer = f"layer {units.node}"
        said = (
            f"What {count(len(units.channels), 'channel')} of {layer} ({units.op.replace('_', ' ')}) see and look for"
        )
        write_file(folder / PAGE, page(Head("units", f"{layer} of {name}", now, [said], {}), parts, figures, {}))
    return folder / PAGE


def rows(units: LayerUnits) -> Iterator[tuple[object, ...]]:
    """Yield a line for each top patch; places and ranges are along (row, column) or (step,), first and last."""
    for each in units.channels:
        for rank, top in enumerate(each.top, 1):
            patch = top.patch
            seen = " ".join(f"{first}..{last}" for first, last in patch.seen.box)
            yield (units.node, each.channel, rank, top.id, top.label, f"{patch.value:.6g}",
                   " ".join(map(str, patch.place)), seen, f"{patch.seen.outside:.4g}")  # fmt: skip


def sections(units: LayerUnits) -> list[Section]:
    """Return the page: fields with their numbers, top patches, and pictures made for the channels."""
    template = "units/section.html.jinja"
    none = {"file": "", "told": ()}
    return [
        Section("fields", "What a unit sees", template, figures={"fields": _fields},
                tables={"fields": table(units)}, values={"shown": ["fields"], "file": "", "told": list(units.notes)}),
        Section("patches", "What it answers most", template, figures={"patches": _patches},
                values={**none, "shown": ["patches"], "file": TABLE if units.inputs else ""}),
        Section("pictures", "What is made for it", template, figures={"pictures": _pictures},
                values={**none, "shown": ["pictures"]}),
    ]  # fmt: skip


def table(units: LayerUnits) -> Table:
    """Return the numbers of the fields, a row for each channel."""
    titles = ("channel", "exact field", "inside the input", "share outside", "90% of the effective field",
              "of it in the central half")  # fmt: skip
    return Table(titles, [_numbers(each) for each in units.channels], tuple(range(6)))


def _numbers(each: ChannelUnits) -> tuple[str, ...]:
    seen, effective = each.seen, each.effective
    most = "at most " if seen.at_most else ""
    size = "×".join(str(last - first + 1) for first, last in seen.span)
    inside = " × ".join(f"{first}..{last}" for first, last in seen.box)
    if effective is None:
        return str(each.channel), most + size, inside, percent(seen.outside), "no input moves it", ""
    runs = [effective.run(axis) for axis in range(effective.energy.ndim)]
    within = "×".join(str(last - first + 1) for first, last in runs)
    return str(each.channel), most + size, inside, percent(seen.outside), within, percent(effective.centre)


def _fields(units: LayerUnits) -> Drawing:
    from convscope.report.figures.units import fields

    return fields.draw(units)


def _patches(units: LayerUnits) -> Drawing | None:
    from convscope.report.figures.units import patches

    return patches.draw(units)


def _pictures(units: LayerUnits) -> Drawing | None:
    from convscope.report.figures.units import pictures

    return pictures.draw(units)
