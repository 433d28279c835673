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


def write(found: Comparison, folder: Path) -> Path:
    """Write ``comparison.html``, ``.csv``, ``.json`` and ``figures/`` into a folder; return the path of the page.

    What an earlier comparison left there is replaced. Raises ``ConfigError`` where the folder is a run's own, and
    ``SaveError`` where it cannot be written.
    """
    if (folder / files.CONFIG).exists():
        raise ConfigError(f"{folder} is the folder of a run, whose figures would be mixed up: choose another --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        parts = sections(found)
        with drawn(found, parts, folder / files.FIGURES) as figures:
            contents = {
                ".html": html(found, parts, figures, folder.name),
                ".csv": csv_text(columns(found), rows(found)),
                ".json": json_text(found.to_dict()),
            }
            write_files(folder, {f"{files.COMPARISON}{ending}": text for ending, text in contents.items()})
    except OSError as error:
        raise save_error(folder, 0, error) from error
    return folder / f"{files.COMPARISON}.html"


def html(found: Comparison, parts: Sequence[Section], figures: Mapping[str, Shown], name: str) -> str:
    """Return the page's HTML."""
    split = "validation" if found.split == "valid" else found.split
    groups = f" of {count(found.groups, 'group')}" if found.groups else ""
    trained = count(len(found.networks), "network"), count(sum(len(each.runs) for each in found.networks), "run")
    failed = f"; not trained: {shorten('; '.join(found.failed), 60)}" if found.failed else ""
    headline = {
        "data": f"{shorten(found.data, 60)}, {targets(found.target)}",
        "judged on": f"{found.examples:,} {split} {found.noun}s{groups}, the same for all",
        "trained": ", ".join(trained) + failed,
    }
    now = datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M")
    head = Head("comparison", name, now, found.conclusions, headline)
    seeded = any(len(network.runs) > 1 for network in found.networks)
    return page(head, parts, figures, {"found": found, "seeded": seeded, "counted": counts_right(found)})


def columns(found: Comparison) -> tuple[str, ...]:
    """Return the CSV's titles."""
    figures = (f"{name}{end}" for name in found.metrics for end in ("", "_low", "_high"))
    return (
        "network", "model", "seed", "examples", *figures, "weights", "multiply_adds", "seconds", "images_per_second",
        "behind_best", "behind_best_low", "behind_best_high", "test", "p", "p_holm", "run", "failed",
    )  # fmt: skip


def rows(found: Comparison) -> list[tuple[object, ...]]:
    """Return the CSV's rows: each network's means (``seed`` is "mean"), then each of its runs; then what failed."""
    made: list[tuple[object, ...]] = []
    for network in found.networks:
        estimates = [network.figures[key][end] for key in found.metrics for end in ("value", "low", "high")]
        tested: tuple[object, ...] = ("",) * 6
        if network is not found.best:
            pair = found.pair(found.best.name, network.name)
            tested = (*(pair.difference[key] for key in ("value", "low", "high")), pair.test, pair.p, pair.p_holm)
        facts = (network.name, network.model)
        made.append((
            *facts, "mean", found.examples, *estimates, network.weights, network.multiply_adds, network.seconds,
            network.images_per_second, *tested, "", "",
        ))  # fmt: skip
        for run in network.runs:
            plain = [value for key in found.metrics for value in (run.figures[key], "", "")]
            made.append((
                *facts, run.seed, found.examples, *plain, network.weights, network.multiply_adds, run.seconds,
                run.images_per_second, *("",) * 6, run.folder, "",
            ))  # fmt: skip
    made += [(name, *("",) * (len(columns(found)) - 2), reason) for name, reason in found.failed.items()]
    return [tuple("" if cell is None else cell for cell in row) for row in made]
