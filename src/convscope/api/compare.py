"""Finished runs on the same examples beside one another: runs, folders of them, or a whole series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from convscope.api.series_folder import is_series, named_folder, read_series
from convscope.report.comparison import write as write_comparison
from convscope.report.cross_validation import write as write_cross_validation
from convscope.runs import files
from convscope.runs.compare.arrangement import of_several_splits
from convscope.runs.compare.comparison import Comparison
from convscope.runs.compare.comparison import compare as compare_runs
from convscope.runs.compare.cross_validation import CrossValidation, cross_validate
from convscope.runs.run import Run, open_run


def compare(runs: Sequence[Run | str | Path], *, out: str | Path | None = None) -> Comparison | CrossValidation:
    """Compare finished runs on the same examples; with ``out``, write the page, its figures and tables to that folder.

    A folder of runs stands for all of them; the folder of a series also for the trainings that failed. Runs on several
    splits (folds, resamples) are summarised over them. Raises as ``runs.compare.compare`` or ``cross_validate``, and
    ``SaveError``.
    """
    held = [_held(item) for item in runs]
    failed = {name: why for _, reasons in held for name, why in reasons.items()}
    return compared([run for members, _ in held for run in members], failed, out)


def compared(
    runs: Sequence[Run | Path], failed: dict[str, str], out: str | Path | None
) -> Comparison | CrossValidation:
    """Compare runs, list the ``failed`` trainings with them, and write the page to ``out`` if given."""
    opened = [run if isinstance(run, Run) else open_run(run) for run in runs]
    if of_several_splits(opened):
        summary = cross_validate(opened, failed)
        if out is not None:
            write_cross_validation(summary, Path(out))
        return summary
    comparison = compare_runs(opened, failed)
    if out is not None:
        write_comparison(comparison, Path(out))
    return comparison


def _held(item: Run | str | Path) -> tuple[Sequence[Run | Path], dict[str, str]]:
    """Return a run, or those in a folder of them; and what a series could not train, with no run of it."""
    if isinstance(item, Run):
        return [item], {}
    folder = Path(item)
    if (folder / files.CONFIG).exists():
        return [folder], {}
    failed = read_series(folder)[1] if is_series(folder) else {}
    begun = {named_folder(folder, name) for name in failed}
    inside = sorted({at.parent for at in folder.glob(f"*/{files.CONFIG}")} - begun)
    return inside or [folder], failed
