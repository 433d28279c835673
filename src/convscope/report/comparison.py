"""A comparison for people and programs: one self-contained page, its figures, and the numbers as CSV and JSON."""

from __future__ import annotations

import datetime
from pathlib import Path

from convscope.errors import ConfigError, quoted
from convscope.report import comparison_tables as tables
from convscope.report.html import Shown, forget, save, template
from convscope.runs import files
from convscope.runs.compare.comparison import FIGURES, Comparison
from convscope.runs.write import csv_text, json_text, write_files
from convscope.training.checkpoint import save_error

COLUMNS = (
    "network", "model", "seed", "examples", *(f"{key}{end}" for key in FIGURES for end in ("", "_low", "_high")),
    "weights", "multiply_adds", "seconds", "images_per_second", "behind_best", "behind_best_low", "behind_best_high",
    "test", "p", "p_holm", "run", "failed",
)  # fmt: skip
FIGURE_NAMES = ("networks", "differences", "tradeoff", "learning_curves")


def write(found: Comparison, folder: Path) -> Path:
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
        forget(folder / files.FIGURES, set(FIGURE_NAMES) - figures.keys())
    except OSError as error:
        raise save_error(folder, 0, error) from error
    return folder / f"{files.COMPARISON}.html"


def draw(found: Comparison, folder: Path) -> dict[str, Shown]:
    """Draw every figure there is something to show in into ``folder`` as SVG and PNG; return them by name."""
    from convscope.report.figures import differences, learning_curves, networks, style, tradeoff

    folder.mkdir(exist_ok=True)
    with style.applied():
        modules = (networks, differences, tradeoff, learning_curves)
        drawings = {name: module.draw(found) for name, module in zip(FIGURE_NAMES, modules, strict=True)}
        return {name: save(drawing, name, folder) for name, drawing in drawings.items() if drawing is not None}


def rows(found: Comparison) -> list[tuple[object, ...]]:
    """Return the CSV's rows: each network's means (``seed`` is "mean"), then each of its runs; then what failed."""
    made: list[tuple[object, ...]] = []
    for network in found.networks:
        estimates = [network.figures[key][end] for key in FIGURES for end in ("value", "low", "high")]
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
            plain = [value for key in FIGURES for value in (run.figures[key], "", "")]
            made.append((
                *facts, run.seed, found.examples, *plain, network.weights, network.multiply_adds, run.seconds,
                run.images_per_second, *("",) * 6, run.folder, "",
            ))  # fmt: skip
    made += [(name, *("",) * (len(COLUMNS) - 2), reason) for name, reason in found.failed.items()]
    return [tuple("" if cell is None else cell for cell in row) for row in made]


def page(found: Comparison, figures: dict[str, Shown], name: str) -> str:
    """Return the page's HTML."""
    folders = [quoted(run.folder) for network in found.networks for run in network.runs]
    several = len(found.networks) > 1
    return template("comparison.html.jinja").render(
        found=found,
        name=name,
        created=datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M"),
        figures=figures,
        tables={
            "scores": tables.scores(found),
            "costs": tables.costs(found),
            "runs": tables.runs(found),
            "pairs": tables.pairs(found) if several else None,
            "settings": tables.settings(found) if several else None,
        },
        seeded=any(len(network.runs) > 1 for network in found.networks),
        folders=folders,
    )
