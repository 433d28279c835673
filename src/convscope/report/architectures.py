"""A comparison of architectures for people and programs: two tables, a page, and the numbers as JSON."""

from __future__ import annotations

import datetime
from pathlib import Path

from convscope.report.page import Head, page
from convscope.report.section import Section
from convscope.report.tables import Table
from convscope.report.text import large
from convscope.runs import files
from convscope.runs.compare.architectures import LENGTHS, Architectures, Arm, Measured
from convscope.runs.compare.comparison import Network
from convscope.runs.write import json_text, write_files
from convscope.tasks import quantities
from convscope.text import THIN, inside
from convscope.training.checkpoint import save_error


def write(found: Architectures, folder: Path) -> Path:
    """Write ``comparison.html`` and ``comparison.json``; return the path of the page. ``SaveError`` where it cannot."""
    try:
        contents = {".html": html(found, folder.name), ".json": json_text(found.to_dict())}
        write_files(folder, {f"{files.COMPARISON}{ending}": text for ending, text in contents.items()})
    except OSError as error:
        raise save_error(folder, 0, error) from error
    return folder / f"{files.COMPARISON}.html"


def html(found: Architectures, name: str) -> str:
    """Return the page's HTML."""
    sections = [
        Section(
            arm.name.replace(" ", "-"), arm.name.capitalize(), "comparison/architectures.html.jinja", arm.rule,
            tables={"networks": table(found, arm), "tests": tests(arm)},
            values={"caption": found.caption, "folder": arm.name.replace(" ", "-"), "notes": found.notes},
        )
        for arm in found.arms
    ]  # fmt: skip
    now = datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M")
    first = found.arms[0].comparison
    split = "validation" if first.split == "valid" else first.split
    headline = {"data": found.data, "judged on": f"{first.examples:,} {split} {first.noun}s, the same for all"}
    return page(Head("comparison", name, now, (found.verdict,), headline), sections, {}, {})


def table(found: Architectures, arm: Arm) -> Table:
    """Return an arm's networks, the best first, and the simple method as the last row."""
    (main, about), *others = arm.comparison.metrics.items()
    second = others[:1]
    rows = [_row(network, found.measured[network.model], arm) for network in arm.comparison.networks]
    if (simple := found.simple) is not None:
        figures = (
            quantities.value(simple.figures[main], about), quantities.bounds(simple.figures[main], about),
            *(quantities.value(simple.figures[name], other) for name, other in second),
        )  # fmt: skip
        rows.append((simple.name, *figures, *("–",) * 6))
    titles = (
        "network", inside(about.title), f"95{THIN}% interval",
        *("macro recall" if name == "balanced_accuracy" else inside(other.title) for name, other in second),
        "weights", "MACs", "epochs", "s/epoch", "ms/answer", "MB " + "/".join(f"{length:,}" for length in LENGTHS),
    )  # fmt: skip
    return Table(titles, rows, tuple(range(1, len(titles))))


def _row(network: Network, cost: Measured, arm: Arm) -> tuple[str, ...]:
    (main, about), *others = arm.comparison.metrics.items()
    epochs = sum(run.epochs for run in network.runs) / len(network.runs)
    return (
        network.name, quantities.value(network.figures[main], about), quantities.bounds(network.figures[main], about),
        *(quantities.value(network.figures[name], other) for name, other in others[:1]),
        f"{network.weights:,}" + ("" if cost.near else " (!)"), large(network.multiply_adds), f"{epochs:.4g}",
        f"{network.seconds / epochs:.2g}", f"{cost.milliseconds:.2g}",
        "/".join(f"{cost.kept[length] / 1e6:.2g}" for length in LENGTHS),
    )  # fmt: skip


def tests(arm: Arm) -> Table:
    """Return every two networks, and each beside the simple method, with corrected p."""
    about = next(iter(arm.comparison.metrics.values()))
    told = [(pair.a, pair.b, pair) for pair in arm.comparison.pairs]
    told += [(lead.network, "simple method", lead) for lead in arm.leads]
    rows = [
        (
            a, b, quantities.lead(quantities.ahead(each.difference, about), about), f"{each.p_holm:.2g}",
            "yes" if each.decided else "no",
        )
        for a, b, each in told
    ]  # fmt: skip
    return Table(("network", "minus", quantities.unit(about) or "difference", "corrected p", "certain"), rows, (2, 3))
