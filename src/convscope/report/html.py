"""The report: one self-contained page, and each of its figures as SVG and PNG beside it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.report import tables
from convscope.report.contents import Contents, Mistake
from convscope.report.text import clean, percent, seconds, sentence, shorten, units
from convscope.report.verdict import verdict
from convscope.runs import files
from convscope.runs.write import write_file

if TYPE_CHECKING:
    from jinja2 import Template

    from convscope.report.figures.style import Drawing

DPI = 150  # of the PNG files: sharp in print at their natural size
SIDE = 112  # pixels of a picture in the page


@dataclass(frozen=True)
class Shown:
    """A figure in the page: its inline drawing, title and reading."""

    svg: str
    title: str
    reading: str


def write(contents: Contents, folder: Path) -> Path:
    """Write ``report.html`` and ``figures/`` into an existing folder; return the path of the page.

    The page holds its style, drawings and pictures itself, runs no script and asks no server for anything.
    Raises ``SaveError`` where a file cannot be written; the one before it stays.
    """
    figures = draw(contents, folder / files.FIGURES)
    path = folder / files.REPORT
    write_file(path, page(contents, figures))
    forget(folder / files.FIGURES, _drawers().keys() - figures.keys())
    return path


def draw(contents: Contents, folder: Path) -> dict[str, Shown]:
    """Draw every figure there is data for into ``folder`` as SVG and PNG; return them by name for the page."""
    from convscope.report.figures import style

    folder.mkdir(exist_ok=True)
    with style.applied():
        drawings = ((name, drawer(contents)) for name, drawer in _drawers().items())
        return {name: save(drawing, name, folder) for name, drawing in drawings if drawing is not None}


def save(drawing: Drawing, name: str, folder: Path) -> Shown:
    """Write a figure as ``NAME.svg`` and ``NAME.png``; return it for the page."""
    svg, png = io.StringIO(), io.BytesIO()
    drawing.figure.savefig(svg, format="svg", metadata={"Date": None})
    drawing.figure.savefig(png, format="png", dpi=DPI)
    write_file(folder / f"{name}.svg", svg.getvalue())
    write_file(folder / f"{name}.png", png.getvalue())
    return Shown(inline(svg.getvalue(), name, drawing.title), drawing.title, units(drawing.reading))


def forget(folder: Path, names: Iterable[str]) -> None:
    """Remove figures that an earlier page had and the new one has not: they are of another state."""
    for name in names:
        for ending in ("svg", "png"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)


def _drawers() -> dict[str, Callable]:
    from convscope.report.figures import (
        augmented,
        baselines,
        confusion,
        curves,
        kernels,
        lr_schedule,
        mistakes,
        precision_recall,
        reliability,
        roc,
        samples,
    )

    modules = (
        baselines,
        confusion,
        roc,
        precision_recall,
        reliability,
        curves,
        lr_schedule,
        mistakes,
        kernels,
        samples,
        augmented,
    )
    return {module.__name__.rpartition(".")[2]: module.draw for module in modules}


def inline(svg: str, name: str, title: str) -> str:
    """Return a matplotlib SVG fit to stand inside a page.

    Its colours become the page's variables, so that they follow light and dark; its ids get the figure's name in
    front, because matplotlib gives the same ids to every figure; what only a file needs (prolog, metadata,
    namespaces) goes.
    """
    from markupsafe import Markup, escape

    from convscope.report.figures.style import VARIABLES

    def adapted(tag: re.Match[str]) -> str:
        text = re.sub(r'\bid="', f'id="{name}-', tag[0]).replace("xlink:href", "href")
        text = text.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
        return re.sub("|".join(VARIABLES), lambda colour: f"var({VARIABLES[colour[0]]})", text)

    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    head, body = svg.split(">", 1)
    box = re.search(r'viewBox="0 0 ([\d.]+) [\d.]+"', head)
    assert box, "matplotlib writes one"
    pixels = round(float(box[1]) * 100 / 72)
    body = re.sub("<[^>]+>", adapted, body)  # the tags only: what stands between them is somebody's text
    # Markup is right: matplotlib has escaped every text in it.
    return Markup(f'<svg {box[0]} style="width:{pixels}px" role="img" aria-label="{escape(title)}">{body}')


def page(contents: Contents, figures: dict[str, Shown]) -> str:
    """Return the page's HTML."""
    return template("report.html.jinja").render(
        contents=contents,
        metrics=contents.metrics,
        figures=figures,
        verdict=verdict(contents),
        tables={
            "scores": tables.scores(contents.metrics),
            "classes": tables.classes(contents.metrics),
            "rivals": tables.rivals(contents),
            "confusions": tables.confusions(contents.metrics),
            "epochs": tables.epochs(contents),
            "reliability": tables.reliability(contents),
        },
        worst=_gallery(contents, contents.worst),
        missed=_gallery(contents, contents.missed),
    )


def template(name: str) -> Template:
    """Return a template of the package, with the filters and the style that all pages share."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("convscope.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clean": clean,
        "percent": percent,
        "seconds": seconds,
        "sentence": sentence,
        "shorten": shorten,
    }
    environment.globals["style"] = (Path(__file__).parent / "assets" / "report.css").read_text(encoding="utf-8")
    return environment.get_template(name)


def _gallery(contents: Contents, mistakes: tuple[Mistake, ...]) -> list[dict[str, str]]:
    if not mistakes:
        return []
    from convscope.data.pictures import data_url, tile
    from convscope.report.figures.mistakes import display

    rule = display(contents)
    return [
        {
            "picture": data_url(tile(rule.show(mistake.image), SIDE), exact=max(mistake.image.shape[1:]) <= SIDE),
            "truth": contents.classes[mistake.truth],
            "answer": contents.classes[mistake.predicted],
            "probability": percent(mistake.probability),
            "id": mistake.id,
        }
        for mistake in mistakes
    ]
