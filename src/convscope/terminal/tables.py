"""Tables, and what stands in their cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table

from convscope.report.text import clean
from convscope.terminal.screen import folded, out
from convscope.text import THIN

if TYPE_CHECKING:
    from convscope.data.dataset import Notice
    from convscope.report.tables import Table as ReportTable

EXAMPLES = 3  # of what a check found, shown in the terminal; the report shows more
_INTERVAL = re.compile(r"(\d)-(?=\d)")  # between the ends of 0.9260-0.9358, where it may be folded


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
) -> Table:
    """Return a table; the columns named in ``right`` are aligned to the right.

    Where the window is too narrow, cells fold between words, and if need be within intervals, never within a word or
    a number; a window that is narrower still folds the lines.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    folded_cells = [[_INTERVAL.sub(r"\1- ", cell) for cell in row] for row in cells]
    for texts, gap in ((cells, 3), (folded_cells, 3), (folded_cells, 1)):  # the last: columns nearer to each other
        widths = _widths([columns, *texts], out.width - gap * (len(columns) - 1) - 2)
        whole = sum(widths) + gap * (len(columns) - 1) + 2
        grid = _table(columns, texts, right, widths)
        grid.padding, grid.width = (0, gap // 2), whole
        if whole <= out.width:
            break
    return grid


def _widths(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return how wide each column is, as near to ``room`` in sum as whole words allow.

    Rich takes what it must from columns, letters of their words too.
    """
    texts = [[clean(cell) for cell in column] for column in zip(*rows, strict=True)]
    widths = [max(map(cell_len, column)) for column in texts]
    least = [max((cell_len(word) for cell in column for word in cell.split()), default=0) for column in texts]
    while sum(widths) > room and widths != least:
        widest = max((at for at in range(len(widths)) if widths[at] > least[at]), key=lambda at: widths[at])
        widths[widest] -= 1
    return widths


def shown(listing: ReportTable, notes: str = "") -> Table:
    """Return a table of a report as the terminal shows it, with its notes as a last column titled ``notes``.

    One of many columns and few rows that is wider than the window is turned: a line for each column.
    """
    columns = [_plain(column) for column in listing.columns]
    rows = [[_plain(cell) for cell in row] for row in listing.rows]
    right = [columns[at] for at in listing.numbers]
    if notes:
        columns, rows = [*columns, notes], [[*row, note] for row, note in zip(rows, listing.notes, strict=True)]
    grid = table(columns, rows, right=right)
    if (grid.width or 0) > out.width and len(columns) > len(rows) + 1:
        names = [columns[0], *(row[0] for row in rows)]
        lines = [[column, *(row[at] for row in rows)] for at, column in enumerate(columns) if at]
        grid = table(names, lines, right=names[1:])
    return grid


def _plain(text: str) -> str:
    return text.replace(THIN, " ")  # which not every terminal has


def _table(
    columns: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[str], widths: Sequence[int]
) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, width in zip(columns, widths, strict=True):
        grid.add_column(name, justify="right" if name in right else "left", overflow="fold", width=width)
    for row in cells:
        grid.add_row(*map(escape, row))
    return grid


def pairs(values: dict[str, str]) -> Table:
    """Return names beside values, without a frame."""
    grid = Table(box=None, show_header=False, pad_edge=False)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in values.items():
        grid.add_row(escape(name), escape(value))
    return grid


def notices(findings: Iterable[Notice]) -> str:
    """Return the checks' findings as marked lines, each followed by its first examples."""
    lines: list[str] = []
    for notice in findings:
        lines.append("[yellow]![/]" + escape(folded(f"! {notice.text}", indent="  ").removeprefix("!")))
        if notice.examples:
            such_as = "such as " if len(notice.examples) > EXAMPLES else ""
            examples = f"  {such_as}{', '.join(notice.examples[:EXAMPLES])}"
            lines.append(f"[dim]{escape(folded(examples, indent='  '))}[/]")
    return "\n".join(lines)


def interval(estimate: dict[str, Any] | None) -> str:
    """Return "0.9310 (0.9260-0.9358)" for a figure with its interval; "not defined" where it has no meaning.

    >>> interval({"value": 0.931, "low": 0.926, "high": 0.9358})
    '0.9310 (0.9260-0.9358)'
    >>> interval({"value": -0.5, "low": -1.25, "high": 0.125})
    '-0.5000 (-1.2500 to 0.1250)'
    """
    if estimate is None or estimate["value"] is None:
        return "not defined"
    if estimate["low"] is None:
        return f"{estimate['value']:.4f}"
    between = " to " if estimate["low"] < 0 else "-"
    return f"{estimate['value']:.4f} ({estimate['low']:.4f}{between}{estimate['high']:.4f})"


def duration(seconds: float) -> str:
    """Return a length of time for people.

    >>> duration(1.25), duration(75), duration(4000)
    ('1.2 s', '1 min 15 s', '1 h 6 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, remaining = divmod(round(seconds), 60)
    return f"{minutes} min {remaining} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
