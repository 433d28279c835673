"""An inspection as rows of text: folded by the module tree, or every operation. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from convscope.analysis.costs import CONVENTION
from convscope.analysis.receptive_fields import AxisField

if TYPE_CHECKING:
    from convscope.analysis.inspection import Inspection, Layer

COLUMNS = ("layer", "kind", "output", "parameters", "multiplications", "additions", "sees", "step", "of the input")
RIGHT = ("parameters", "multiplications", "additions", "of the input")
FEW = 4  # rows: a tree is unfolded until it has so many
NAMED = 5  # places of one unknown operation that are named
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """One line: a module with all that is below it (``layers`` of them), or one operation."""

    name: str
    kind: str
    layers: tuple[Layer, ...]

    @property
    def last(self) -> Layer:
        """The layer whose output leaves the module."""
        return self.layers[-1]

    def sum_of(self, column: str) -> tuple[int, bool]:
        """Return the sum of a column, and whether an unknown operation makes it "at least"."""
        values = [getattr(layer, column) for layer in self.layers]
        return sum(value for value in values if value is not None), None in values


def fold(inspection: Inspection, *, depth: int | None = None, full: bool = False) -> list[Row]:
    """Return the rows: modules down to ``depth`` in the tree (None: as deep as gives a few rows), or all operations."""
    if full:
        return [Row(layer.name, layer.op, (layer,)) for layer in inspection.layers]
    if depth is not None:
        return _folded(inspection, depth)
    deepest = max((layer.path.count(".") + 1 for layer in inspection.layers), default=1)
    rows = _folded(inspection, 1)
    for level in range(2, deepest + 1):
        if len(rows) >= FEW:
            break
        deeper = _folded(inspection, level)
        if len(rows) > 1 and _repeated(deeper) > _repeated(rows):  # it would cut modules into pieces
            break
        rows = deeper
    return rows


def _repeated(rows: Sequence[Row]) -> int:
    return len(rows) - len({row.name for row in rows})


def _folded(inspection: Inspection, depth: int) -> list[Row]:
    """Put neighbouring layers of one module together; what the network itself computes keeps its own rows."""
    groups: list[tuple[str, list[Layer]]] = []
    for layer in inspection.layers:
        parts = layer.path.split(".") if layer.path else []
        name = ".".join(parts[:depth]) if parts else layer.name
        if groups and parts and groups[-1][0] == name:
            groups[-1][1].append(layer)
        else:
            groups.append((name, [layer]))
    modules = inspection.graph.modules
    return [Row(name, modules.get(name, layers[0].op) if layers[0].path else layers[0].op, tuple(layers))
            for name, layers in groups]  # fmt: skip


def rows_of(
    inspection: Inspection, *, depth: int | None = None, full: bool = False
) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Return the columns and the cells; the last row holds the totals, which the columns add up to."""
    rows = [cells(row) for row in fold(inspection, depth=depth, full=full)]
    totals, counted = inspection.totals, inspection.parameters
    if unlisted := counted.total - sum(counted.first_used.values()):
        rows.append(("(use unknown)" if counted.unseen else "(not used)", "", "", f"{unlisted:,}", "", "", "", "", ""))
    least = "≥ " if totals.at_least else ""
    rows.append(
        ("total", "", "", f"{totals.parameters:,}", f"{least}{totals.multiplications:,}",
         f"{least}{totals.additions:,}", "", "", "")
    )  # fmt: skip
    return COLUMNS, rows


# What a narrow window shows last.
SPARED = ("additions", "step", "kind", "of the input", "output", "multiplications", "sees")
SHORTEST = 16  # characters of a name that is shortened


def fitted(
    columns: Sequence[str], rows: Sequence[tuple[str, ...]], width: int
) -> tuple[Sequence[str], list[tuple[str, ...]], list[str]]:
    """Return a table of at most ``width`` characters, three between columns and one at each end, and what is left out.

    Columns go before a name is shortened, in its middle, where two names may still differ at both ends.
    """
    left_out: list[str] = []
    while (room := width - _width(columns, rows, left_out)) < 0 and len(left_out) < len(SPARED):
        left_out.append(SPARED[len(left_out)])
    kept = [i for i, name in enumerate(columns) if name not in left_out]
    longest = max(max(len(row[0]) for row in rows) + min(room, 0), SHORTEST)
    shortened = [(_shortened(row[0], longest), *(row[i] for i in kept[1:])) for row in rows]
    return [columns[i] for i in kept], shortened, left_out


def _width(columns: Sequence[str], rows: Sequence[tuple[str, ...]], left_out: Sequence[str]) -> int:
    widths = [max(len(name), *(len(row[i]) for row in rows)) for i, name in enumerate(columns) if name not in left_out]
    return sum(widths) + 3 * (len(widths) - 1) + 2


def _shortened(name: str, longest: int) -> str:
    """Return a name with its middle left out where it is too long.

    >>> _shortened("features.0.conv", 11), _shortened("conv", 11)
    ('featu….conv', 'conv')
    """
    if len(name) <= longest:
        return name
    end = (longest - 1) // 2
    return f"{name[: longest - 1 - end]}…{name[len(name) - end :]}"


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of a row."""
    sees, step = _field(row.last.fields) if row.last.fields or row.last.share is None else ("", "")
    return (
        row.name,
        row.kind,
        times(row.last.shape),
        f"{row.sum_of('parameters')[0]:,}",
        _counted(row, "multiplications"),
        _counted(row, "additions"),
        sees,
        step,
        _share(row.last),
    )


def _share(layer: Layer) -> str:
    if layer.share is None:
        return UNKNOWN
    return f"≤ {percent(layer.share)}" if layer.share_at_most else percent(layer.share)


def _counted(row: Row, column: str) -> str:
    total, least = row.sum_of(column)
    if least:
        return f"≥ {total:,}" if total else UNKNOWN
    return f"{total:,}"


def _field(fields: Mapping[str, Sequence[AxisField]]) -> tuple[str, str]:
    """Return size and stride of the field in the first input; the channels of an image are left out."""
    if not fields:
        return UNKNOWN, ""
    axes = next(iter(fields.values()))
    axes = axes[1:] if len(axes) > 1 else axes
    sizes = ["?" if one.size is None else str(one.size) for one in axes]
    steps = ["" if one.stride is None else _step(one.stride) for one in axes]
    return "×".join(sizes), steps[0] if len(set(steps)) == 1 else "×".join(one or "0" for one in steps)


def _step(stride: int | Fraction) -> str:
    return "" if stride == 0 else str(stride)


def times(shape: Sequence[int]) -> str:
    """Return 3×224×224; one number has no axes.

    >>> times((3, 224, 224)), times(())
    ('3×224×224', '1')
    """
    return "×".join(map(str, shape)) or "1"


def percent(fraction: float) -> str:
    """Return a share in per cent, with two digits that count.

    >>> percent(1.0), percent(0.1234), percent(0.000976)
    ('100 %', '12 %', '0.098 %')
    """
    return f"{100 * fraction:.3g} %" if fraction > 0.995 else f"{100 * fraction:.2g} %"


def size(number: int) -> str:
    """Return a number of bytes for people.

    >>> size(123), size(4_200_000)
    ('123 B', '4.2 MB')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number} B"


def lines_below(inspection: Inspection) -> list[str]:
    """Return the lines below the table: memory, convention, dropped inputs, unknown operations, warnings."""
    totals, held = inspection.totals, inspection.memory
    lines = [
        f"parameters {size(totals.parameter_bytes)}, activations {size(totals.activation_bytes)} for one example; "
        f"held at once: {size(totals.inference_bytes)} in inference (at {held.inference_at}), "
        f"{size(totals.training_bytes)} in training, without the optimiser's state",
        f"counted: {CONVENTION}",
        "sees: receptive field far from borders (padding counts, but not behind a flattened map), its step from unit "
        "to unit; of the input: what the unit in the middle really sees of all input numbers",
    ]
    if any(layer.share_at_most for layer in inspection.layers):
        lines.append("≤: at most; the exact places are too scattered to follow")
    if inspection.graph.shared:
        lines.append(f"shared, counted once: {', '.join(f'{a} = {b}' for a, b in inspection.graph.shared.items())}")
    if inspection.parameters.unused:
        lines.append(f"parameters that nothing uses: {', '.join(inspection.parameters.unused)}")
    if inspection.parameters.unseen:
        lines.append(f"whether anything uses these is unknown: {', '.join(inspection.parameters.unseen)}")
    for dropped in inspection.dropped.inputs:
        lines.append(
            f"no output sees {_positions(dropped.positions)} of {dropped.size} along axis {dropped.axis} of "
            f"{dropped.node}"
        )
    if inspection.graph.unknown:
        lines.append(f"unknown operations, of which nothing is counted: {', '.join(_unknown(inspection))}")
    lines += inspection.graph.notes
    lines += [str(one) for one in inspection.warnings]
    return lines


def _unknown(inspection: Inspection) -> list[str]:
    """Return the unknown operations, each with the first places of its nodes."""
    places: dict[str, list[str]] = {}
    for node in inspection.graph.unknown:
        places.setdefault(str(node.arguments["operation"]), []).append(node.name)
    return [
        f"{operation} at {', '.join(names[:NAMED])}" + (f", … ({len(names)} in all)" if len(names) > NAMED else "")
        for operation, names in places.items()
    ]


def _positions(positions: Sequence[int]) -> str:
    if len(positions) > 8:
        return f"{len(positions)} positions ({positions[0]}..{positions[-1]})"
    return f"position{'s' if len(positions) > 1 else ''} {', '.join(map(str, positions))}"


def as_text(inspection: Inspection, *, depth: int | None = None, full: bool = False) -> str:
    """Return the whole inspection as lines of text."""
    columns, rows = rows_of(inspection, depth=depth, full=full)
    widths = [max(len(row[at]) for row in (tuple(columns), *rows)) for at in range(len(columns))]
    lines = [
        "  ".join(
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for name, cell, width in zip(columns, row, widths, strict=True)
        ).rstrip()
        for row in (tuple(columns), *rows)
    ]
    return "\n".join((lines[0], "-" * sum(widths, 2 * (len(widths) - 1)), *lines[1:], "", *lines_below(inspection)))
