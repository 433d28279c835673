"""Finished runs on the same images beside one another: runs, folders of them, or a whole series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from convscope.api.series_folder import SEED, is_series, read_series, run_folder
from convscope.report.comparison import write as write_comparison
from convscope.runs import files
from convscope.runs.compare.comparison import Comparison
from convscope.runs.compare.comparison import compare as compare_runs
from convscope.runs.run import Run


def compare(runs: Sequence[Run | str | Path], *, out: str | Path | None = None) -> Comparison:
    """Compare finished runs on the same images; with ``out``, write the page, its figures and tables into that folder.

    A folder of runs stands for all of them; that of a series also for what could not be trained in it. Raises as
    ``runs.compare.compare``, and ``SaveError``.
    """
    held = [_held(item) for item in runs]
    failed = {name: why for _, reasons in held for name, why in reasons.items()}
    return compared([run for found, _ in held for run in found], failed, out)


def compared(runs: Sequence[Run | Path], failed: dict[str, str], out: str | Path | None) -> Comparison:
    """Compare runs beside what could not be trained, and write the page where it is asked for."""
    found = compare_runs(runs, failed)
    if out is not None:
        write_comparison(found, Path(out))
    return found


def _held(item: Run | str | Path) -> tuple[Sequence[Run | Path], dict[str, str]]:
    """Return a run, or those in a folder of them; and what a series could not train, with no run of it."""
    if isinstance(item, Run):
        return [item], {}
    folder = Path(item)
    if (folder / files.CONFIG).exists():
        return [folder], {}
    failed = read_series(folder)[1] if is_series(folder) else {}
    begun = {run_folder(folder, *name.split(SEED)) for name in failed if SEED in name}
    inside = sorted({at.parent for at in folder.glob(f"*/{files.CONFIG}")} - begun)
    return inside or [folder], failed
