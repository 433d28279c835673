"""A cross-validation for people and programs: one self-contained page, its figure, and the numbers as CSV and JSON."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from convscope.errors import ConfigError
from convscope.report.page import Head, Shown, drawn, page
from convscope.report.section import Section
from convscope.report.sections.cross_validation import sections
from convscope.report.text import shorten
from convscope.runs import files
from convscope.runs.compare.cross_validation import CrossValidation
from convscope.runs.write import csv_text, json_text, write_files
from convscope.text import count
from convscope.training.checkpoint import save_error

COLUMNS = ("network", "model", "metric", "split", "value", "low", "high", "std")


def write(validation: CrossValidation, folder: Path) -> Path:
    """Write ``comparison.html``, ``.csv``, ``.json`` and ``figures/`` into a folder; return the path of the page.

    What an earlier comparison left there is replaced. Raises ``ConfigError`` where the folder is a run's own, and
    ``SaveError`` where it cannot be written.
    """
    if (folder / files.CONFIG).exists():
        raise ConfigError(f"{folder} is the folder of a run, whose figures would be mixed up: choose another --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        parts = sections(validation)
        with drawn(validation, parts, folder / files.FIGURES) as figures:
            contents = {
                ".html": html(validation, parts, figures, folder.name),
                ".csv": csv_text(COLUMNS, rows(validation)),
            }
            contents[".json"] = json_text(validation.to_dict())
            write_files(folder, {f"{files.COMPARISON}{ending}": text for ending, text in contents.items()})
    except OSError as error:
        raise save_error(folder, 0, error) from error
    return folder / f"{files.COMPARISON}.html"


def html(validation: CrossValidation, parts: Sequence[Section], figures: Mapping[str, Shown], name: str) -> str:
    """Return the page's HTML."""
    groups = f" from {validation.resampled}" if validation.groups else ""
    runs = sum(len(network.folders) for network in validation.networks)
    failed = f"; left out: {shorten('; '.join(validation.failed), 60)}" if validation.failed else ""
    headline = {
        "data": shorten(validation.data, 60),
        "splits": f"{len(validation.splits)} {validation.kind}, {validation.examples:,} examples tested{groups}",
        "trained": f"{count(len(validation.networks), 'network')}, {count(runs, 'run')}{failed}",
    }
    now = datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M")
    head = Head("cross-validation", name, now, validation.conclusions, headline)
    seeded = any(len(network.seeds) > 1 for network in validation.networks)
    return page(head, parts, figures, {"validation": validation, "seeded": seeded})


def rows(validation: CrossValidation) -> Iterator[tuple[object, ...]]:
    """Yield the CSV's rows: each network's figures on each split, then their mean and what the folds give together."""
    for network in validation.networks:
        for metric in validation.metrics:
            facts = (network.name, network.model, metric)
            for split, value in zip(validation.splits, network.by_split[metric], strict=True):
                yield (*facts, split, _cell(value), "", "", "")
            estimates = [("mean", network.mean[metric], network.std[metric])]
            if network.pooled is not None:
                estimates.append(("pooled", network.pooled[metric], None))
            for name, estimate, std in estimates:
                yield (*facts, name, *(_cell(estimate[end]) for end in ("value", "low", "high")), _cell(std))


def _cell(value: float | None) -> object:
    return "" if value is None else value
