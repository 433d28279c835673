"""``convscope models``: the networks that can be trained, and what one of them is made of."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent, wrap
from typing import Annotated, Any

from cyclopts import Parameter

from convscope.cli.output import show_json
from convscope.terminal.screen import folded, out
from convscope.terminal.tables import pairs
from convscope.views import models as views

COUNTED = "cost: multiply-adds of convolutions and matrix products per image, at the published size"
FETCHED = "weights: --pretrained public downloads the published ones"
ON = "unet:NAME: the decoder of a U-Net on a network of the list, for a class at each pixel"
NOUN = {0: "texts", 1: "signals", 2: "images", 3: "volumes"}  # by the axes behind the channels
GIVES = {"vector": "a number per class", "map": "a number per class at each position: a map of the image's size"}
TITLES = ("model", "parameters", "cost", "image", "weights", "what it is")
RIGHT = (1, 2)  # the columns of numbers
GAP = 3  # spaces between two columns
LEAST = 32  # characters for what a network is, or it stands on lines of its own


def models(
    name: str | None = None, /, *, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False
) -> int:
    """List the networks by family, or describe one: layers, head, and published weights.

    Parameters
    ----------
    name
        Network to describe, or family to list; by default all are listed.
    as_json
        Print JSON.
    """
    from convscope.models import families, names

    known = families()
    if name is not None and (name in names() or name not in known):
        return _show(name, as_json)
    rows = [views.row(each) for family in known if name in (None, family) for each in known[family]]
    if as_json:
        show_json(rows)
    else:
        _list(rows)
    return 0


def _list(rows: list[dict[str, Any]]) -> None:
    """Print one line a network; in a narrow window words fold and move below, numbers and names stay whole."""
    cells = [
        (f"  {row['name']}", f"{row['weights']:,}", _rounded(row["cost"]), row["image"], "public" * row["public"])
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(TITLES[:-1], *cells, strict=True)]
    if sum(widths) + GAP * len(widths) > out.width:
        widths = widths[:3]
    room = out.width - sum(widths) - GAP * len(widths)
    apart = room < LEAST
    titles = TITLES[: len(widths)] if apart else TITLES
    out.print(_line(titles, widths), style="dim")
    family = None
    for row, line in zip(rows, cells, strict=True):
        if row["family"] != family:
            family = row["family"]
            out.print(f"[bold]{family}[/]")
        told = row["summary"]
        if len(widths) < len(line):
            told = f"{row['image']}{', public weights' * row['public']}: {told}"
        words = wrap(told, max(LEAST, out.width - GAP - 2 if apart else room), break_on_hyphens=False)
        if apart:
            out.print(_line(line[: len(widths)], widths), markup=False)
            out.print(indent("\n".join(words), " " * (GAP + 2)), style="dim", markup=False)
        else:
            behind = f"\n{' ' * (out.width - room)}".join(words)
            out.print(_line((*line, behind), widths), markup=False)
    out.print(folded(f"\n{COUNTED}\n{ON}\n{FETCHED}; details: convscope models NAME"), style="dim", markup=False)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return cells side by side, each as wide as its column; what is behind the last column follows as it is."""
    padded = [
        cell.rjust(width) if at in RIGHT else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=False))
    ]
    return (" " * GAP).join([*padded, *cells[len(widths) :]]).rstrip()


def _show(name: str, as_json: bool) -> int:
    """Print what one network is made of."""
    from convscope.errors import ConfigError
    from convscope.models import own
    from convscope.models.entries import encoder_hint

    if own.is_own(name):
        raise ConfigError(
            f"{name!r} is not in the list{encoder_hint(name)}; to inspect your own: convscope inspect {name} "
            "--input CxHxW"
        )
    row = views.network(name)
    if as_json:
        show_json(row)
        return 0
    weights = row["pretrained"]
    said = f"{weights['url']} (SHA-256 {weights['sha256']}…)" if weights else "none known; give --pretrained FILE"
    lines = {
        "what it is": f"{row['summary']} ({row['source']})",
        "family": row["family"] + (f": {', '.join(row['beside'])}" if row["beside"] else ""),
        "published for": f"{NOUN[row['image'].count('×')]} of {row['image']}, {row['classes']:,} classes",
        "gives": GIVES[row["gives"]],
        "smallest image": "×".join([str(row["smallest"])] * row["image"].count("×")),
        "parameters": f"{row['weights']:,}",
        "cost": f"{_rounded(row['cost'])} multiply-adds per image",
        "layer groups": " · ".join("+".join(group) for group in row["groups"]) or "one: the network is not a chain",
        "head": ", ".join(row["head"]) or "none that can be replaced",
        "public weights": said,
    }
    if weights:
        mean, std = (", ".join(f"{value:g}" for value in weights[key]) for key in ("mean", "std"))
        lines["their images"] = f"RGB, mean {mean}, standard deviation {std} (of 0..255), side {weights['side']}"
    if row["options"]:
        lines["options"] = ", ".join(f"{key}={value}" for key, value in row["options"].items())
    out.print(f"[bold]{name}[/]")
    out.print(pairs(lines))
    return 0


def _rounded(count: int) -> str:
    """Return a count in thousands, millions or thousands of millions, with three digits.

    >>> _rounded(39_205), _rounded(1_814_073_344)
    ('39.2 k', '1.81 G')
    """
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= unit:
            return f"{count / unit:#.3g} {name}".replace(". ", " ")
    return str(count)
