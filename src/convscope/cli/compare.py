"""``convscope compare``: finished runs on the same images beside one another, and what their difference is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from convscope.cli.output import show_json
from convscope.terminal.screen import folded, out, say_warning
from convscope.terminal.tables import shown
from convscope.text import count
from convscope.views import comparison as views

if TYPE_CHECKING:
    from convscope.runs.compare.comparison import Comparison
    from convscope.runs.compare.cross_validation import CrossValidation


def compare(
    *runs: Path,
    out_folder: Annotated[Path | None, Parameter(name="--out")] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Compare runs that were scored on the same examples: which is better, and is the difference beyond chance?

    Runs that differ only in their seed count as one network.

    Parameters
    ----------
    runs
        Run folders, or folders that hold run folders.
    out_folder
        Write comparison.html, its figures, and the numbers as CSV and JSON to this folder.
    as_json
        Print JSON.
    """
    from convscope.api.compare import compare as compared

    found = compared(runs, out=out_folder)
    if as_json:
        for note in found.notes:
            say_warning(note)
        show_json(views.comparison(found))
        return 0
    show(found)
    if out_folder is not None:
        out.print(f"page: {out_folder / 'comparison.html'}", markup=False)
    return 0


def show(found: Comparison | CrossValidation) -> None:
    """Print the tables of a comparison and what it allows to say."""
    from convscope.runs.compare.cross_validation import CrossValidation

    out.print(cross_tables(found) if isinstance(found, CrossValidation) else comparison_tables(found))
    for sentence in found.conclusions:
        out.print(folded(sentence), style="bold", markup=False)
    for note in found.notes:
        say_warning(note)


def cross_tables(found: CrossValidation) -> Group:
    """Return what each network scored over the splits and on each of them, and which leads are beyond chance."""
    from convscope.report.cross_tables import pairs, scores, splits

    head = f"{count(len(found.splits), found.kind.removesuffix('s'))}: {count(found.examples, 'example')} tested"
    tables = [scores(found), splits(found), *([pairs(found)] if found.pairs else [])]
    return Group(Text(head + (f" of {count(found.groups, 'group')}" if found.groups else "")), *map(shown, tables))


def comparison_tables(found: Comparison) -> Group:
    """Return what each network scored and took, and which differences are beyond chance."""
    from convscope.report.comparison_tables import costs, pairs, scores

    head = f"{found.split}: {count(found.examples, 'example')}" + (f" of {found.resampled}" if found.groups else "")
    tables = [shown(scores(found), "seeds"), shown(costs(found)), *([shown(pairs(found))] if found.pairs else [])]
    return Group(Text(head), *tables)
