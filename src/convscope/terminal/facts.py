"""What was found in a data set, before anything is trained: facts beside their names, and a table of mask values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from convscope.terminal.tables import pairs, table

if TYPE_CHECKING:
    from convscope.data.dataset import Data
    from convscope.data.masks import ValueRow

MASK_VALUES = "mask values"  # the fact that the table stands for
MOST = 12  # lines of the table
VOID = 255  # the number of what is not scored


def facts(data: Data) -> Group:
    """Return what is known of a set, and what each value of its masks was taken for."""
    if data.masks is None:
        return Group(pairs(data.facts))
    others = {name: fact for name, fact in data.facts.items() if name != MASK_VALUES}
    return Group(pairs(others), *mask_values(data.masks.table))


def mask_values(rows: Sequence[ValueRow]) -> list[Any]:
    """Return the table of values: the first classes, and in any case what is void, an object or taken for another."""
    always = [row for row in rows if row.number in (None, VOID)][:MOST]
    numbered = [row for row in rows if row.number not in (None, VOID)]
    shown = {id(row) for row in (*numbered[: MOST - len(always)], *always)}
    cells = [
        (row.value, taken_for(row), f"{100 * row.share:.3g} %", f"{row.masks:,}") for row in rows if id(row) in shown
    ]
    grid = table(("mask value", "class", "pixels", "masks"), cells, right=("pixels", "masks"))
    left_out = len(rows) - len(cells)
    return [grid, Text(f"and {left_out:,} more values (--json has all)", style="dim")] if left_out else [grid]


def taken_for(row: ValueRow) -> str:
    """Return what a value was taken for: the number and name of its class, or how many objects.

    >>> from convscope.data.masks import ValueRow
    >>> taken_for(ValueRow("5", 2, "road", 0.5, 3)), taken_for(ValueRow("255", 255, "void", 0.1, 3))
    ('2 road', 'void: not learned, not scored')
    >>> taken_for(ValueRow("1 to 9", None, "each value an object", 0.2, 4, 30, (2, 9)))
    'each value an object: 30, 2 to 9 a mask'
    """
    if row.number == VOID:
        return "void: not learned, not scored"
    if row.objects is not None and row.in_a_mask is not None:
        low, high = row.in_a_mask
        return f"{row.name}: {row.objects:,}, {f'{low:,}' if low == high else f'{low:,} to {high:,}'} a mask"
    return row.name if row.number is None or row.name == str(row.number) else f"{row.number} {row.name}"
