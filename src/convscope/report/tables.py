"""The numbers of any run's report as rows of text, each ready to be printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convscope.report.contents import Contents
from convscope.report.text import chance, seconds
from convscope.tasks import quantities
from convscope.tasks.metrics.comparison import named_test
from convscope.text import THIN, inside


@dataclass(frozen=True)
class Table:
    """Column titles and rows of cells; ``numbers`` are the columns set flush right, ``notes`` explain the rows."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numbers: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def scores(contents: Contents) -> Table:
    """Return the figures of the whole split, each with what it means."""
    figures = [(about, contents.metrics[name]) for name, about in contents.about.items()]
    rows = [(about.title, quantities.value(each, about), quantities.bounds(each, about)) for about, each in figures]
    notes = tuple(about.meaning for about, _ in figures)
    return Table(("figure", "value", f"95{THIN}% interval"), rows, (1, 2), notes)


def baselines(contents: Contents) -> Table:
    """Return the baselines, the best first, each with the network's lead over it."""
    main = contents.main
    rows = [
        (
            each.name,
            quantities.value(each.figure, main),
            quantities.bounds(each.figure, main),
            quantities.lead(quantities.ahead(each.comparison["difference"], main), main),
            chance(named_test(dict(each.comparison))[1]),
            f"{each.train_rows:,}",
            seconds(each.seconds) + (", cut off" if each.stopped_early else ""),
        )
        for each in contents.ranked
    ]
    lead = ", ".join(filter(None, ("network's lead", quantities.unit(main))))
    titles = ("method", inside(main.title), f"95{THIN}% interval", lead, "p", "learned from", "time")
    return Table(titles, rows, (1, 2, 3, 4, 5, 6), tuple(each.what for each in contents.ranked))


def epochs(contents: Contents) -> Table:
    """Return the history, one row per epoch; the one that was kept is marked."""
    columns = contents.epochs
    staged = len(set(columns.get("stage", ()))) > 1
    present = [key for key in columns if key != "images_per_second" and (staged or key != "stage")]
    cells = [[_epoch_cell(contents, key)(value) for value in columns[key]] for key in present]
    return Table(tuple(map(_epoch_title, present)), list(zip(*cells, strict=True)), tuple(range(len(present))))


def _epoch_cell(contents: Contents, key: str) -> Callable[[Any], str]:
    """Return how a column of the epoch table is written."""
    kept = contents.metrics.get("chosen_epoch")
    plain: dict[str, Callable[[Any], str]] = {
        "epoch": lambda v: f"{v:.0f}" + (" (kept)" if v == kept else ""),
        "stage": lambda v: f"{v:.0f}",
        "lr": lambda v: f"{v:.2e}",
        "seconds": seconds,
    }
    if key in plain:
        return plain[key]
    about = contents.about.get(key.partition("_")[2])
    return lambda v: f"{v:.4f}" if about is None or about.unit != "share" else quantities.number(v, about, 2)


def _epoch_title(key: str) -> str:
    words = {"lr": "learning rate", "seconds": "time"}
    begun, _, metric = key.partition("_")
    split = {"train": "training", "valid": "validation"}.get(begun)
    return f"{split} {metric.replace('_', ' ')}" if split else words.get(key, key.replace("_", " "))
