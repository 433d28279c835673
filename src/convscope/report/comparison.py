"""A comparison for people and programs: one self-contained page, its figures, and the numbers as CSV and JSON."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from convscope.errors import ConfigError
from convscope.report.comparison_tables import counts_right
from convscope.report.page import Head, Shown, drawn, page
from convscope.report.section import Section
from convscope.report.sections.comparison import sections
from convscope.report.text import shorten, targets
from convscope.runs import files
from convscope.runs.compare.comparison import Comparison
from convscope.runs.write import csv_text, json_text, write_files
from convscope.text import count
from convscope.training.checkpoint import save_error


def write(comparison: Comparison, folder: Path) -> Path:
    """Write ``comparison.html``, ``.csv``, ``.json`` and ``figures/`` into a folder; return the path of the page.

    What an earlier comparison left there is replaced. Raises ``ConfigError`` where the folder is a run's own, and
    ``SaveError`` where it cannot be written.
    """
    if (folder / files.CONFIG).exists():
        raise ConfigError(f"{folder} is the folder of a run, whose figures would be mixed up: choose another --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        parts = sections(comparison)
        with drawn(comparison, parts, folder / files.FIGURES) as figures:
            contents = {
                ".html": html(comparison, parts, figures, folder.name),
                ".csv": csv_text(columns(comparison), rows(comparison)),
                ".json": json_text(comparison.to_dict()),
            }
            write_files(folder, {f"{files.COMPARISON}{ending}": text for ending, text in contents.items()})
    except OSError as error:
        raise save_error(folder, 0, error) from error
    return folder / f"{files.COMPARISON}.html"


def html(comparison: Comparison, parts: Sequence[Section], figures: Mapping[str, Shown], name: str) -> str:
    """Return the page's HTML."""
    split = "validation" if comparison.split == "valid" else comparison.split
    groups = f" of {comparison.resampled}" if comparison.groups else ""
    runs = sum(len(network.runs) for network in comparison.networks)
    failed = f"; not trained: {shorten('; '.join(comparison.failed), 60)}" if comparison.failed else ""
    headline = {
        "data": f"{shorten(comparison.data, 60)}, {targets(comparison.target)}",
        "judged on": f"{comparison.examples:,} {split} {comparison.noun}s{groups}, the same for all",
        "trained": f"{count(len(comparison.networks), 'network')}, {count(runs, 'run')}{failed}",
    }
    now = datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M")
    head = Head("comparison", name, now, comparison.conclusions, headline)
    seeded = any(len(network.runs) > 1 for network in comparison.networks)
    return page(head, parts, figures, {"comparison": comparison, "seeded": seeded, "counted": counts_right(comparison)})


def columns(comparison: Comparison) -> tuple[str, ...]:
    """Return the CSV's titles."""
    figures = (f"{name}{end}" for name in comparison.metrics for end in ("", "_low", "_high"))
    return (
        "network", "model", "seed", "examples", *figures, "weights", "multiply_adds", "seconds", "images_per_second",
        "behind_best", "behind_best_low", "behind_best_high", "test", "p", "p_holm", "run", "failed",
    )  # fmt: skip


def rows(comparison: Comparison) -> list[tuple[object, ...]]:
    """Return the CSV's rows: each network's means (``seed`` is "mean"), then each of its runs; then what failed."""
    lines: list[tuple[object, ...]] = []
    for network in comparison.networks:
        estimates = [network.figures[key][end] for key in comparison.metrics for end in ("value", "low", "high")]
        tested: tuple[object, ...] = ("",) * 6
        if network is not comparison.best:
            pair = comparison.pair(comparison.best.name, network.name)
            tested = (*(pair.difference[key] for key in ("value", "low", "high")), pair.test, pair.p, pair.p_holm)
        facts = (network.name, network.model)
        lines.append((
            *facts, "mean", comparison.examples, *estimates, network.weights, network.multiply_adds, network.seconds,
            network.images_per_second, *tested, "", "",
        ))  # fmt: skip
        for run in network.runs:
            plain = [value for key in comparison.metrics for value in (run.figures[key], "", "")]
            lines.append((
                *facts, run.seed, comparison.examples, *plain, network.weights, network.multiply_adds, run.seconds,
                run.images_per_second, *("",) * 6, run.folder, "",
            ))  # fmt: skip
    lines += [(name, *("",) * (len(columns(comparison)) - 2), reason) for name, reason in comparison.failed.items()]
    return [tuple("" if cell is None else cell for cell in row) for row in lines]
