"""A cross-validation for people and programs: one self-contained page, its figure, and the numbers as CSV and JSON."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from convscope.errors import ConfigError, quoted
from convscope.report.cross_tables import pairs, scores, splits
from convscope.report.html import Shown, environment, forget, save
from convscope.runs import files
from convscope.runs.compare.cross_validation import CrossValidation
from convscope.runs.write import csv_text, json_text, write_files
from convscope.training.checkpoint import save_error

COLUMNS = ("network", "model", "metric", "split", "value", "low", "high", "std")
FIGURE = "splits"


def write(found: CrossValidation, folder: Path) -> Path:
    """Write ``comparison.html``, ``.csv``, ``.json`` and ``figures/`` into a folder; return the path of the page.

    What an earlier comparison left there is replaced. Raises ``ConfigError`` where the folder is a run's own, and
    ``SaveError`` where it cannot be written.
    """
    if (folder / files.CONFIG).exists():
        raise ConfigError(f"{folder} is the folder of a run, whose figures would be mixed up: choose another --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        figures = draw(found, folder / files.FIGURES)
        contents = {".html": page(found, figures, folder.name), ".csv": csv_text(COLUMNS, rows(found))}
        contents[".json"] = json_text(found.to_dict())
        write_files(folder, {f"{files.COMPARISON}{ending}": text for ending, text in contents.items()})
        forget(folder / files.FIGURES, {FIGURE} - figures.keys())
    except OSError as error:
        raise save_error(folder, 0, error) from error
    return folder / f"{files.COMPARISON}.html"


def draw(found: CrossValidation, folder: Path) -> dict[str, Shown]:
    """Draw the figures of the splits into ``folder`` as SVG and PNG; return them by name."""
    from convscope.report.figures import splits as figure
    from convscope.report.figures import style

    folder.mkdir(exist_ok=True)
    with style.applied():
        drawing = figure.draw(found)
        return {} if drawing is None else {FIGURE: save(drawing, FIGURE, folder)}


def rows(found: CrossValidation) -> Iterator[tuple[object, ...]]:
    """Yield the CSV's rows: each network's figures on each split, then their mean and what the folds give together."""
    for network in found.networks:
        for metric in found.metrics:
            facts = (network.name, network.model, metric)
            for split, value in zip(found.splits, network.by_split[metric], strict=True):
                yield (*facts, split, _cell(value), "", "", "")
            estimates = [("mean", network.mean[metric], network.std[metric])]
            if network.pooled is not None:
                estimates.append(("pooled", network.pooled[metric], None))
            for name, estimate, std in estimates:
                yield (*facts, name, *(_cell(estimate[end]) for end in ("value", "low", "high")), _cell(std))


def _cell(value: float | None) -> object:
    return "" if value is None else value


def page(found: CrossValidation, figures: dict[str, Shown], name: str) -> str:
    """Return the page's HTML."""
    folders = [quoted(folder) for network in found.networks for folder in network.folders]
    template = environment().get_template("cross_validation.html.jinja")
    return template.render(
        found=found,
        name=name,
        created=datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M"),
        figures=figures,
        tables={
            "scores": scores(found),
            "splits": splits(found),
            "pairs": pairs(found) if found.pairs else None,
        },
        seeded=any(len(network.seeds) > 1 for network in found.networks),
        folders=folders,
    )
