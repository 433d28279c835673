"""``convscope inspect``: shapes, parameters, costs and receptive fields of a network, layer by layer."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from convscope.cli import measure
from convscope.cli.output import show_csv, show_json
from convscope.cli.written import check_together, input_shapes, unit
from convscope.terminal.screen import out as screen
from convscope.terminal.screen import say_error, say_warning, wide, window
from convscope.terminal.tables import table
from convscope.views import inspection as views

if TYPE_CHECKING:
    from convscope.analysis.inspection import Inspection
    from convscope.api.inspect import Network
    from convscope.graph.verify import Agreement

SAID = 8  # nodes that a line names


def inspect(
    network: str,
    /,
    *,
    input_: Annotated[list[str] | None, Parameter(name="--input", negative="")] = None,
    full: Annotated[bool, Parameter(negative="")] = False,
    depth: int | None = None,
    field: str | None = None,
    image: Annotated[str | None, Parameter(name=("--image", "--text"))] = None,
    out: Path | None = None,
    verify: Annotated[bool, Parameter(negative="")] = False,
    equivariance: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)] = None,
    effective_field: str | None = None,
    silence: Annotated[list[str] | None, Parameter(negative="")] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    as_csv: Annotated[bool, Parameter(name="--csv", negative="")] = False,
) -> int:
    """Show shapes, parameters, costs, memory and receptive fields of a network, and warn of design faults.

    Parameters
    ----------
    network
        Run folder, name of a network (see convscope models), or package.module:name of a network or its builder.
    input_
        Shape of one input without the batch axis, such as 3x224x224, or tokens:int64:23 (name, type, shape); repeat
        it for several inputs. By default the shape that the run or the published network uses, or that of the image
        where a network takes any.
    full
        Show every operation, not only modules.
    depth
        Show modules down to this level.
    field
        Show the exact receptive field of one unit: NODE@channel,y,x, or NODE@y,x for all channels.
    image
        Image for --field (drawn below it), --verify, --equivariance or --effective-field; of a run that takes texts a
        text, also alone: the network is then seen at its length.
    out
        Draw the field to this PNG or SVG file.
    verify
        Compute every number in NumPy too; report the largest difference from PyTorch and where it is.
    equivariance
        Measure how the features of these nodes (by default the last map) follow shifts, rotations and mirrors.
    effective_field
        Measure the effective receptive field of the unit NODE or NODE@y,x; --out draws it.
    silence
        Code of a design warning to leave out, such as CS101.
    as_json
        Print JSON.
    as_csv
        Print the table, every operation, as CSV.
    """
    from convscope.analysis.inspection import Inspection
    from convscope.analysis.warnings import codes_of
    from convscope.api.inspect import names_shape, open_network, shape_of

    _check_flags(locals())
    shape, silenced = input_shapes(input_), codes_of(silence or ())
    if shape is None and image is not None and not names_shape(network):
        shape = shape_of(Path(image))
    seen = None if field is None else unit(field, "--field")
    felt = None if effective_field is None else unit(effective_field, "--effective-field")
    opened = open_network(network, shape, weights=verify or equivariance is not None or felt is not None)
    opened = opened.showing(image)
    file = None if image is None else Path(image)
    inspection = Inspection(opened.graph, silenced=silenced)
    if verify:
        return _verify(opened, image, as_json)
    if equivariance is not None:
        return measure.equivariance(opened, equivariance, file, as_json)
    if felt is not None:
        return measure.effective_field(opened, *felt, file, out, as_json)
    if seen is not None:
        return _field(opened, inspection, *seen, file, out, as_json)
    if as_json:
        show_json(views.inspection(inspection))
    elif as_csv:
        show_csv(_csv(inspection))
    else:
        _table(inspection, depth, full)
    return 0


def _check_flags(values: dict[str, Any]) -> None:
    """Refuse flags that would be ignored, before anything is computed."""
    from convscope.errors import ConfigError

    flags = {f"--{name.strip('_').replace('_', '-')}": value not in (None, False) for name, value in values.items()}
    flags |= {"--json": values["as_json"], "--csv": values["as_csv"]}
    check_together(
        flags,
        alone=("--field", "--effective-field", "--verify", "--equivariance", "--csv", "--full", "--depth"),
        with_={
            "--out": ("--field", "--effective-field"),
            "--image": ("--field", "--effective-field", "--verify", "--equivariance"),
            "--silence": ("", "--full", "--depth"),
            "--json": ("", "--field", "--effective-field", "--verify", "--equivariance"),
        },
    )
    if flags["--image"] and flags["--field"] and not flags["--out"]:
        raise ConfigError("--image with --field draws the field over the image: name the picture's file with --out")
    if values["depth"] is not None and values["depth"] < 1:
        raise ConfigError(f"--depth: expected a whole number of at least 1, found {values['depth']}")
    if values["out"] is not None:
        from convscope.report.picture import check_name

        check_name(values["out"])


def _table(inspection: Inspection, depth: int | None, full: bool) -> None:
    from convscope.analysis.table import RIGHT, fitted, lines_below, rows_of

    columns, rows = rows_of(inspection, depth=depth, full=full)
    left_out: list[str] = []
    if (width := window(screen)) is not None:  # else it goes into a file or a pipe, and may be as wide as it is
        columns, rows, left_out = fitted(columns, rows, width)
    wide.print(table(columns, rows, right=RIGHT))
    if left_out:
        screen.print(f"the window is too narrow for: {', '.join(left_out)}; --csv prints all columns", style="dim")
    warnings = [*inspection.graph.notes, *map(str, inspection.warnings)]
    for line in lines_below(inspection):
        if line not in warnings:
            screen.print(line, markup=False, style="dim")
    for line in warnings:
        say_warning(line)


def _csv(inspection: Inspection) -> str:
    """Return every operation as a line; an unknown number is an empty cell."""
    from convscope.runs.write import csv_text

    header = ("layer", "operation", "output", "parameters", "multiplications", "additions", "bytes", "field", "stride",
              "start", "share", "share_at_most")  # fmt: skip
    rows = []
    for layer in inspection.layers:
        axes = next(iter(layer.fields.values()), ())
        fields = ["x".join(_cell(getattr(axis, key)) for axis in axes) for key in ("size", "stride", "start")]
        rows.append(
            [layer.name, layer.op, "x".join(map(str, layer.shape)), layer.parameters, _cell(layer.multiplications, ""),
             _cell(layer.additions, ""), layer.bytes, *fields, _cell(layer.share, ""),
             int(layer.share_at_most)]
        )  # fmt: skip
    return csv_text(header, rows)


def _cell(value: Any, missing: str = "?") -> str:
    return missing if value is None else str(value)


def _field(
    network: Network,
    inspection: Inspection,
    node: str,
    place: tuple[int, ...] | None,
    image: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Show what one unit sees; with ``out`` as a picture too."""
    seen = inspection.field(node, place)
    if out is not None:
        from convscope.report.field import write_field

        write_field(seen, None if image is None else network.pixels(image), out)
    values = views.field(seen)
    if as_json:
        show_json(values)
        return 0
    from convscope.analysis.warnings.finding import counted

    where = ", ".join("all" if index is None else str(index) for index in seen.at)
    for name, region in values["inputs"].items():
        spans = " × ".join(_ranges(positions) for positions in region["positions"])
        if seen.unknown and not region["count"]:
            screen.print(f"{node} [{where}]: what it sees of {name} is unknown", markup=False)
            continue
        least = "at most " if seen.at_most else "at least " if seen.unknown else ""
        within = "" if region["count"] == math.prod(map(len, region["positions"])) else "some of "
        numbers = counted(region["count"], "number")
        screen.print(f"{node} [{where}] sees {least}{numbers} of {name}: {within}{spans}", markup=False)
    if seen.unknown:
        say_warning(f"what lies behind {', '.join(seen.unknown)} is unknown: nothing can be seen through it")
    elif seen.share is not None:
        screen.print(f"{'at most ' if seen.at_most else ''}{seen.share:.2%} of the input", markup=False)
    if out is not None:
        screen.print(f"drawn: {out}", markup=False)
    return 0


def _ranges(positions: list[int]) -> str:
    """Return sorted positions as ranges.

    >>> _ranges([0, 1, 2, 5, 7, 8]), _ranges([0, 2, 4, 6]), _ranges([])
    ('0..2, 5, 7..8', '0..6 in steps of 2', 'none')
    """
    if not positions:
        return "none"
    steps = {b - a for a, b in itertools.pairwise(positions)}
    if len(positions) > 2 and len(steps) == 1 and steps != {1}:
        return f"{positions[0]}..{positions[-1]} in steps of {steps.pop()}"
    runs: list[list[int]] = []
    for position in positions:
        if runs and position == runs[-1][-1] + 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return ", ".join(f"{run[0]}..{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _verify(network: Network, image: str | None, as_json: bool) -> int:
    """Print how far NumPy and PyTorch differ, and what was not compared; exit code 1 beyond rounding."""
    from convscope.graph.verify import agreements, random_inputs

    inputs = random_inputs(network.graph) if image is None else [network.input(image)]
    results = agreements(network.model, inputs)  # pyright: ignore[reportArgumentType]
    if as_json:
        show_json(views.agreements(results))
    else:
        source = "random numbers" if image is None else str(image)
        screen.print(f"NumPy beside PyTorch on {source}; differences relative to the largest number of the node")
        rows = [_verified(one) for one in results]
        wide.print(table(("type", "largest difference", "limit", "at node", "place", "compared", ""), rows))
    left_out = results[-1].left_out
    if left_out:
        more = f", … ({len(left_out)} in all)" if len(left_out) > SAID else ""
        say_warning(
            f"not compared: {', '.join(left_out[:SAID])}{more}; what follows was computed from PyTorch's numbers of it"
        )
    for agreement in results:
        if agreement.refused:
            say_warning(f"{agreement.dtype} is not compared: {agreement.refused}")
    for note in network.graph.notes:
        say_warning(note)
    if not all(one.holds for one in results if not one.refused):
        nothing = not any(one.nodes for one in results)
        say_error("nothing could be compared" if nothing else "NumPy and PyTorch differ by more than rounding")
        return 1
    return 0


def _verified(agreement: Agreement) -> tuple[str, ...]:
    """Return an agreement as a row."""
    from convscope.analysis.warnings.finding import counted

    if not agreement.nodes:
        verdict = "refused" if agreement.refused else "UNKNOWN"
        return agreement.dtype, "", f"{agreement.limit:.0e}", "", "", "nothing", verdict
    verdict = "agree, as far as compared" if agreement.left_out else "agree"
    return (
        agreement.dtype, f"{agreement.largest:.1e}", f"{agreement.limit:.0e}", agreement.node,
        ",".join(map(str, agreement.at)), f"{agreement.numbers:,} in {counted(agreement.nodes, 'node')}",
        verdict if agreement.holds else "DIFFER",
    )  # fmt: skip
