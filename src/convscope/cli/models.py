"""``convscope models``: the networks that can be trained, and what one of them is made of."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter
from rich.markup import escape

from convscope.cli.output import out, pairs, show_json, table

COUNTED = "cost: multiply-adds of convolutions and matrix products for one image of the size it was published for"
GAP = 3  # spaces between two columns
FETCHED = "weights: public ones are fetched by --pretrained public"


def models(
    name: str | None = None, /, *, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False
) -> int:
    """List the networks by family, or show one: its layers, its head, and the weights it can start from.

    Parameters
    ----------
    name
        The network to show; all are listed without it.
    as_json
        Print JSON.
    """
    if name is not None:
        return _show(name, as_json)
    from convscope.models import names

    rows = sorted((_row(each) for each in names()), key=lambda row: row["family"])  # stable: names stay in order
    if as_json:
        show_json(rows)
    else:
        _list(rows)
    return 0


def _list(rows: list[dict[str, Any]]) -> None:
    made = table(("model", "parameters", "cost", "image", "weights", "what it is"), (), right=("parameters", "cost"))
    cells = [
        (
            f"  {row['name']}",
            f"{row['weights']:,}",
            _rounded(row["cost"]),
            row["image"],
            "public" if row["public"] else "",
            row["summary"],
        )
        for row in rows
    ]
    *figures, words = made.columns
    for at, column in enumerate(figures):
        column.no_wrap, column.width = True, max(len(str(column.header)), *(len(line[at]) for line in cells))
    # In a narrow window the last words are cut off, so that each network keeps to its line.
    words.no_wrap, words.overflow = True, "ellipsis"
    words.width = max(12, out.width - sum(GAP + (column.width or 0) for column in figures) - GAP)
    for at, (row, line) in enumerate(zip(rows, cells, strict=True)):
        if not at or row["family"] != rows[at - 1]["family"]:
            made.add_row(f"[bold]{row['family']}[/]")
        made.add_row(*map(escape, line))
    out.print(made)
    out.print(f"[dim]{COUNTED}\n{FETCHED}; more of one: convscope models NAME[/]")


def _row(name: str) -> dict[str, Any]:
    """Return what the list says of a network; nothing is built."""
    from convscope.models import entry
    from convscope.models.facts import FACTS
    from convscope.models.public import PUBLIC

    e = entry(name)
    weights, cost = FACTS.get(name) or _counted(name)
    return {
        "name": name,
        "family": e.builder.partition(":")[0].partition(".")[0],
        "weights": weights,
        "cost": cost,
        "image": f"{e.channels}×{e.side}×{e.side}",
        "classes": e.classes,
        "public": name in PUBLIC,
        "summary": e.summary,
        "source": e.source,
    }


def _counted(name: str) -> tuple[int, int]:
    from convscope.models import create, entry
    from convscope.models.cost import cost

    e = entry(name)
    shape = (e.channels, e.side, e.side)
    return cost(lambda: create(name, classes=e.classes, channels=e.channels, size=shape[1:]), shape)


def _show(name: str, as_json: bool) -> int:
    """Print what one network is made of."""
    from convscope.models import options_of, parts_of, smallest_side

    found, head = parts_of(name)
    row = _row(name)
    row |= {"smallest": smallest_side(name), "groups": found, "head": head}
    row |= {"options": options_of(name), "pretrained": _pretrained(name)}
    if as_json:
        show_json(row)
        return 0
    weights = row["pretrained"]
    said = f"{weights['url']} (SHA-256 {weights['sha256']}…)" if weights else "none published here; --pretrained FILE"
    lines = {
        "what it is": f"{row['summary']} ({row['source']})",
        "family": row["family"],
        "published for": f"images of {row['image']}, {row['classes']:,} classes",
        "smallest image": f"{row['smallest']}×{row['smallest']}",
        "parameters": f"{row['weights']:,}",
        "cost": f"{_rounded(row['cost'])} multiply-adds an image",
        "layer groups": " · ".join("+".join(group) for group in row["groups"]) or "one: it is no chain",
        "head": ", ".join(row["head"]) or "none that could be replaced",
        "public weights": said,
    }
    if weights:
        mean, std = (", ".join(f"{value:g}" for value in weights[key]) for key in ("mean", "std"))
        lines["their images"] = f"RGB, mean {mean}, deviation {std} (of 0..255), side {weights['side']}"
    if row["options"]:
        lines["options"] = ", ".join(f"{key}={value}" for key, value in row["options"].items())
    out.print(f"[bold]{name}[/]")
    out.print(pairs(lines))
    return 0


def _pretrained(name: str) -> dict[str, Any] | None:
    from dataclasses import asdict

    from convscope.models.public import PUBLIC

    return asdict(PUBLIC[name]) if name in PUBLIC else None


def _rounded(count: int) -> str:
    """Return a count in thousands, millions or thousands of millions, with three digits.

    >>> _rounded(39_205), _rounded(1_814_073_344)
    ('39.2 k', '1.81 G')
    """
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= unit:
            return f"{count / unit:#.3g} {name}".replace(". ", " ")
    return str(count)
