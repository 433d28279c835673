"""The page of one example's feature maps, its figures, and the range of each map as CSV."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.data.pictures import data_url, tile
from convscope.explaining.feature_maps import FeatureMaps
from convscope.explaining.inside import Inside
from convscope.report.page import Head, drawn, page
from convscope.report.section import Section
from convscope.report.text import clean, file_name
from convscope.runs import files
from convscope.runs.write import csv_text, write_file
from convscope.text import count

if TYPE_CHECKING:
    from convscope.report.figures.style import Drawing

PAGE, TABLE = "maps.html", "maps.csv"
SIDE = 320  # pixels of the picture in the page
Draw = Callable[[Any], "Drawing | None"]


def write(inside: Inside, folder: Path) -> Path:
    """Write ``maps.html``, ``figures/`` and ``maps.csv`` into an existing folder; return the path of the page.

    Raises ``SaveError`` where a file cannot be written.
    """
    (folder / files.FIGURES).mkdir(exist_ok=True)
    parts = sections(inside, folder)
    write_file(folder / TABLE, csv_text(("layer", "operation", "map", "shape", "minimum", "maximum"), rows(inside)))
    with drawn(inside, parts, folder / files.FIGURES) as figures:
        now = datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M")
        maps = sum(len(layer.values) for layer in inside.layers if layer.values.ndim > 1)
        said = f"{count(maps, 'feature map')} of {count(len(inside.layers), 'layer')}, for {file_name(inside.example)}"
        head = Head("feature maps", Path(inside.network).name, now, [said], {})
        write_file(folder / PAGE, page(head, parts, figures, {"inside": inside}))
    return folder / PAGE


def rows(inside: Inside) -> Iterator[tuple[object, ...]]:
    """Yield a line of the table for each map: its layer, number, shape and range."""
    for layer in inside.layers:
        shape = "x".join(map(str, layer.values.shape[1:]))
        for number, (low, high) in enumerate(layer.ranges.tolist()):
            yield layer.node, layer.op, number, shape, f"{low:.6g}", f"{high:.6g}"


def sections(inside: Inside, folder: Path) -> list[Section]:
    """Return the page: the example and its answer, how a map is made, and the maps, layer by layer.

    The pictures of maps are written below a folder.
    """
    from convscope.report.figures import inside as figures

    picture = "" if inside.picture is None else data_url(tile(inside.picture, SIDE))
    first: dict[str, Draw] = {}
    if inside.answer is not None:
        answer = inside.answer
        first["answer"] = lambda _: figures.answer.draw(answer)
    made: dict[str, Draw] = {
        f"kernels_{_word(name)}": partial(lambda name, array, _: figures.kernels.draw(name, array), name, array)
        for name, array in inside.kernels.items()
    }
    if inside.components is not None:
        parts = inside.components
        made["components"] = lambda _: figures.components.draw(parts)
    return [
        Section(
            "example", "The example and its answer", "inside/example.html.jinja", figures=first,
            values={"picture": picture, "name": clean(file_name(inside.example)), "notes": list(inside.notes)},
        ),
        Section("made", "How a feature map is made", "inside/figures.html.jinja", figures=made,
                values={"shown": list(made)}),
        *(_layer(layer, number, folder) for number, layer in enumerate(inside.layers, 1)),
    ]  # fmt: skip


def _layer(layer: FeatureMaps, number: int, folder: Path) -> Section:
    """Return the section of one layer; the pictures of its maps are written into a folder."""
    from convscope.report.figures import inside as figures

    name, title = f"{number:03d}_{_word(layer.node)}", f"{layer.node} ({layer.op})"
    if layer.values.ndim < 3:
        draw = figures.vectors.draw if layer.values.ndim == 1 else figures.signal_maps.draw
        return Section(
            f"layer-{number}", title, "inside/figures.html.jinja", figures={name: lambda _: draw(layer)},
            values={"shown": [name]},
        )  # fmt: skip
    paths: list[str] = []
    first = b""
    for at in figures.maps.pages(layer):
        payload = figures.maps.png(layer, at)
        first = first or payload
        paths.append(f"{files.FIGURES}/{name}{f'_{at.start}' if at.start else ''}.png")
        write_file(folder / paths[-1], payload)
    return Section(
        f"layer-{number}", title, "inside/layer.html.jinja",
        values={"picture": f"data:image/png;base64,{base64.b64encode(first).decode()}", "more": paths[1:],
                "reading": figures.maps.reading(layer), "each": figures.maps.PAGE},
    )  # fmt: skip


def _word(name: str) -> str:
    """Return a node's name as part of a file's, and of an id in the page.

    >>> _word("layer1.0.relu#2")
    'layer1-0-relu-2'
    """
    return "".join(c if c.isalnum() or c == "_" else "-" for c in name)
