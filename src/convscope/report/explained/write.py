"""Explanations into a folder: a picture for each map, alone and over its image, the arrays, a table, and a page.

They come one after the other, since a folder may hold more images than memory does: what the page needs of each is
drawn when a sheet is full.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.pictures import tile
from convscope.explaining.explanation import Explanation
from convscope.explaining.methods import METHODS
from convscope.report.explained.look import Look
from convscope.report.explained.shown import picture_of, plane_of
from convscope.report.explained.table import columns, rows
from convscope.report.page import Head, Shown, page, save
from convscope.report.section import Section
from convscope.report.tables import Table
from convscope.runs import files
from convscope.runs.write import csv_text, write_file
from convscope.text import count

if TYPE_CHECKING:
    from convscope.report.figures.style import Drawing

PAGE, TABLE, MAPS, ARRAYS = "explanations.html", "explanations.csv", "maps", "arrays"
LARGE = 6  # examples up to which each is drawn large
SHEET = 49  # examples of a sheet
SIDE = 224  # pixels to which the maps of small images are enlarged


@dataclass(eq=False)
class ExplanationFolder:
    """Writes explanations as they come into an existing ``folder``.

    ``pixel`` is the size of a pixel with its unit, for scale bars; ``rate`` of signals in steps a second. ``ranking``
    is a table of the methods, where they were checked, and ``remarks`` what is to be said of all.
    """

    folder: Path
    methods: Sequence[str]
    network: str
    look: Look = field(default_factory=Look)
    pixel: tuple[float, str] | None = None
    rate: float | None = None
    ranking: Table | None = None
    remarks: Sequence[str] = ()
    _waiting: list[Explanation] = field(default_factory=list, init=False)
    _rows: list[tuple[Explanation, str]] = field(default_factory=list, init=False)
    _figures: dict[str, Shown] = field(default_factory=dict, init=False)
    _sheets: int = field(default=0, init=False)

    def add(self, explanation: Explanation) -> None:
        """Write the files of the next explanation."""
        name = "" if explanation.error else f"{len(self._rows):04d}_{_stem(explanation.input)}"
        if not explanation.error:
            self._pictures(explanation, name)
            self._arrays(explanation, name)
            self._waiting.append(explanation)
        self._rows.append((_light(explanation), name))
        if len(self._waiting) == SHEET:
            self._draw_sheet()

    @property
    def count(self) -> int:
        """How many explanations have been written."""
        return len(self._rows)

    def finish(self) -> Path:
        """Write the table and the page; return the path of the page."""
        self._draw_sheet()
        table = rows(self._rows, self.methods)
        write_file(self.folder / TABLE, csv_text(columns(self.methods), table))
        path = self.folder / PAGE
        write_file(path, self._page())
        return path

    def _pictures(self, explanation: Explanation, name: str) -> None:
        picture = picture_of(explanation)
        if picture is None:
            return
        from convscope.report.figures.explained.colours import map_picture, overlay

        for method, each in explanation.maps.items():
            plane = plane_of(each, explanation)
            for kind, shown in (
                ("", map_picture(plane, each.signed, self.look)),
                ("_overlay", overlay(picture, plane, each.signed, self.look)),
            ):
                _write_png(self._below(MAPS) / f"{name}_{method}{kind}.png", shown)

    def _arrays(self, explanation: Explanation, name: str) -> None:
        from safetensors.numpy import save as save_arrays

        arrays = {method: np.ascontiguousarray(each.values) for method, each in explanation.maps.items()}
        arrays |= {
            f"{method}.inputs": np.ascontiguousarray(each.inputs)
            for method, each in explanation.maps.items()
            if each.inputs is not None
        }
        about = {"input": explanation.input, "target": explanation.target, "score": explanation.score}
        write_file(self._below(ARRAYS) / f"{name}.safetensors", save_arrays(arrays, metadata=about))

    def _draw_sheet(self) -> None:
        """Draw those that wait: few of them large, many as a sheet; texts and signals by method."""
        waiting = list(self._waiting)
        if not waiting:
            return
        from convscope.report.figures import explained as figures

        self._sheets += 1
        after = f"_{self._sheets}" if self._sheets > 1 else ""
        drawings: dict[str, Callable[[], Drawing | None]] = {}
        if self._sheets == 1 and len(waiting) <= LARGE:
            for at, each in enumerate(waiting):
                drawings[f"panel_{at}"] = partial(figures.panel.draw, each, self.look, self.pixel)
        else:
            drawings[f"sheet{after}"] = partial(figures.sheet.draw, waiting, self.look)
        for method in self.methods:
            drawings[f"{method}{after}"] = partial(figures.sequences.draw, waiting, method, self.rate)
        self._save(drawings)
        self._waiting.clear()

    def _save(self, drawings: Mapping[str, Callable[[], Drawing | None]]) -> None:
        from convscope.report.figures import style

        with style.applied():
            for name, draw in drawings.items():
                if (drawing := draw()) is not None:
                    self._figures[name] = save(drawing, name, self._below(files.FIGURES))

    def _page(self) -> str:
        good = [each for each, _ in self._rows if each.error is None]
        bad = [f"{each.input}: {each.error}" for each, _ in self._rows if each.error is not None]
        verdicts = list(_verdicts(good, self.methods))
        sections = [
            Section("verdicts", "Can the maps be believed?", "explained/verdicts.html.jinja",
                    tables={} if self.ranking is None else {"ranking": self.ranking},
                    values={"verdicts": verdicts, "remarks": list(self.remarks)}),
            Section("maps", "Maps", "inside/figures.html.jinja", values={"shown": list(self._figures)}),
            Section("files", "Files", "explained/files.html.jinja",
                    values={"bad": bad, "table": TABLE, "arrays": ARRAYS,
                            "maps": MAPS if (self.folder / MAPS).exists() else ""}),
        ]  # fmt: skip
        said = f"What {count(len(good), 'answer')} of {Path(self.network).name} rest{'s' * (len(good) == 1)} on"
        now = datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M")
        return page(Head("explanation", Path(self.network).name, now, [said], {}), sections, self._figures, {})

    def _below(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder


def write(explanations: Iterable[Explanation], into: ExplanationFolder) -> Iterator[Explanation]:
    """Write explanations as they come and yield each without its arrays; the page is written after the last one.

    Where that is stopped on the way the page is written of those that are done.
    """
    try:
        for each in explanations:
            into.add(each)
            yield _light(each)
    except (KeyboardInterrupt, GeneratorExit):
        if into.count:
            into.finish()
        raise
    into.finish()


def _light(explanation: Explanation) -> Explanation:
    """Return an explanation without what takes room."""
    maps = {name: replace(each, values=each.values[:0], inputs=None) for name, each in explanation.maps.items()}
    return replace(explanation, maps=maps, raw=None, region=None)


def _verdicts(explanations: Sequence[Explanation], methods: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield for each method what the checks say of it, from which layer it is, and why it does not apply to some."""
    for method in methods:
        each = next((example.maps[method] for example in explanations if method in example.maps), None)
        refused = next((example.refused[method] for example in explanations if method in example.refused), "")
        if each is None:
            yield {"title": method, "refused": refused, "belief": "", "figures": "", "about": ""}
            continue
        about = [METHODS[method].about, f"{METHODS[method].source}."]
        about += [f"Layer {each.node}."] if each.node else []
        yield {"title": each.title, "refused": "", "belief": each.belief, "figures": each.figures,
               "about": " ".join([*about, *each.notes])}  # fmt: skip


def _stem(name: str) -> str:
    """Return the name of an input as part of a file's.

    >>> _stem("images/cat 1.jpeg"), _stem("[3]"), _stem("María del Carmen")
    ('cat-1', '3', 'María-del-Carmen')
    """
    short = Path(name).stem if "/" in name or "." in name else name
    word = "".join(c if c.isalnum() or c in "_-" else "-" for c in short).strip("-")
    return word[:60] or "input"


def _write_png(path: Path, picture: np.ndarray) -> None:
    from PIL import Image

    file = io.BytesIO()
    enlarged = picture if max(picture.shape[:2]) >= SIDE else tile(picture, SIDE)
    Image.fromarray(enlarged).save(file, format="PNG", compress_level=4)
    write_file(path, file.getvalue())
