"""``convscope compare``: finished runs on the same images beside one another, and what their difference is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from convscope.cli.output import duration, folded, interval, out, say_warning, show_json, table
from convscope.text import count

if TYPE_CHECKING:
    from convscope.runs.compare.comparison import Comparison, Network


def compare(
    *runs: Path,
    out_folder: Annotated[Path | None, Parameter(name="--out")] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Compare runs that were judged on the same images: which is better, and is the difference beyond chance?

    Runs that differ in nothing but their seed count as one network.

    Parameters
    ----------
    runs
        Run folders, or folders of them.
    out_folder
        Write comparison.html, its figures, and the numbers as CSV and JSON into this folder.
    as_json
        Print JSON.
    """
    from convscope.api import series

    found = series.compare(runs, out=out_folder)
    if as_json:
        for note in found.notes:
            say_warning(note)
        show_json(found.to_dict())
        return 0
    show(found)
    if out_folder is not None:
        out.print(f"page: {out_folder / 'comparison.html'}", markup=False)
    return 0


def show(found: Comparison) -> None:
    """Print the tables of a comparison and what it allows to say."""
    out.print(comparison_tables(found))
    for sentence in found.conclusions:
        out.print(folded(sentence), style="bold", markup=False)
    for note in found.notes:
        say_warning(note)


def comparison_tables(found: Comparison) -> Group:
    """Return what each network scored and took, and how sure the best one's lead is."""
    scored = [
        (
            network.name,
            ", ".join(map(str, network.seeds)),
            interval(network.figures["accuracy"]),
            *(f"{network.figures[key]['value']:.4f}" for key in ("balanced_accuracy", "log_loss", "ece")),
        )
        for network in found.networks
    ]
    scored += [(name, "", "not trained", "", "", "") for name in found.failed]
    took = [
        (
            network.name,
            f"{network.weights:,}",
            f"{network.multiply_adds:,}",
            duration(network.seconds),
            f"{network.images_per_second:,.0f}",
        )
        for network in found.networks
    ]
    parts: list[Text | object] = [
        Text(f"{found.split}: {count(found.examples, 'image')}" + (f" of {found.resampled}" if found.groups else "")),
        table(
            ("network", "seeds", "accuracy (95 % interval)", "balanced", "log loss", "ECE"),
            scored,
        ),
        table(
            ("network", "weights", "multiply-adds", "training", "images/s"),
            took,
            right=("weights", "multiply-adds", "training", "images/s"),
        ),
    ]
    if len(found.networks) > 1:
        behind = [_behind(found, network) for network in found.networks[1:]]
        titles = (f"{found.best.name} leads", "by, points", "test", "p", "corrected p")
        parts.append(table(titles, behind, right=("p", "corrected p")))
    return Group(*parts)  # pyright: ignore[reportArgumentType]


def _behind(found: Comparison, network: Network) -> tuple[str, ...]:
    pair = found.pair(found.best.name, network.name)
    value, low, high = (100 * pair.difference[key] for key in ("value", "low", "high"))
    test = pair.test.replace("_", " ")
    return network.name, f"{value:+.1f} ({low:+.1f} to {high:+.1f})", test, f"{pair.p:.2g}", f"{pair.p_holm:.2g}"
