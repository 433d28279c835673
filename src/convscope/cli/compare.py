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

    comparison = compared(runs, out=out_folder)
    if as_json:
        for note in comparison.notes:
            say_warning(note)
        show_json(views.comparison(comparison))
        return 0
    show(comparison)
    if out_folder is not None:
        out.print(f"page: {out_folder / 'comparison.html'}", markup=False)
    return 0


def show(comparison: Comparison | CrossValidation) -> None:
    """Print a comparison: its tables, conclusions and notes."""
    from convscope.runs.compare.cross_validation import CrossValidation

    out.print(cross_tables(comparison) if isinstance(comparison, CrossValidation) else comparison_tables(comparison))
    for sentence in comparison.conclusions:
        out.print(folded(sentence), style="bold", markup=False)
    for note in comparison.notes:
        say_warning(note)


def cross_tables(summary: CrossValidation) -> Group:
    """Return each network's scores over all splits and per split, and which differences are beyond chance."""
    from convscope.report.cross_tables import pairs, scores, splits

    head = f"{count(len(summary.splits), summary.kind.removesuffix('s'))}: {count(summary.examples, 'example')} tested"
    tables = [scores(summary), splits(summary), *([pairs(summary)] if summary.pairs else [])]
    return Group(Text(head + (f" of {summary.resampled}" if summary.groups else "")), *map(shown, tables))


def comparison_tables(comparison: Comparison) -> Group:
    """Return each network's scores and costs, and which differences are beyond chance."""
    from convscope.report.comparison_tables import costs, pairs, scores

    head = f"{comparison.split}: {count(comparison.examples, 'example')}"
    head += f" of {comparison.resampled}" if comparison.groups else ""
    tables = [shown(scores(comparison), "seeds"), shown(costs(comparison))]
    tables += [shown(pairs(comparison))] if comparison.pairs else []
    return Group(Text(head), *tables)
