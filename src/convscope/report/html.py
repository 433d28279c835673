"""The report: one self-contained page, and each of its figures as SVG and PNG beside it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.report.contents import Contents
from convscope.report.section import Section, report_of
from convscope.report.text import clean, inside, seconds, sentence, shorten, units
from convscope.report.verdict import verdict
from convscope.runs import files
from convscope.runs.write import write_file

if TYPE_CHECKING:
    from jinja2 import Environment

    from convscope.report.figures.style import Drawing

DPI = 150  # of the PNG files: sharp in print at their natural size


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
    sections = report_of(contents.task).sections(contents)
    figures = draw(contents, sections, folder / files.FIGURES)
    path = folder / files.REPORT
    write_file(path, page(contents, sections, figures))
    forget(folder / files.FIGURES, {name for section in sections for name in section.figures} - figures.keys())
    return path


def draw(contents: Contents, sections: Sequence[Section], folder: Path) -> dict[str, Shown]:
    """Draw every figure there is data for into ``folder`` as SVG and PNG; return them by name for the page."""
    from convscope.report.figures import style

    folder.mkdir(exist_ok=True)
    with style.applied():
        drawings = ((name, draw(contents)) for section in sections for name, draw in section.figures.items())
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


def page(contents: Contents, sections: Sequence[Section], figures: dict[str, Shown]) -> str:
    """Return the page's HTML: the verdict, links to the sections, and the sections that have something to show."""
    from markupsafe import Markup

    pages = environment()
    about = {"contents": contents, "metrics": contents.metrics, "own": contents.own, "figures": figures}
    bodies = (
        pages.get_template(section.template).render(**about, tables=section.tables, **section.values)
        for section in sections
    )
    return pages.get_template("report.html.jinja").render(
        contents=contents,
        verdict=[*verdict(contents), *map(units, report_of(contents.task).remarks(contents))],
        # Markup is right: the templates have escaped every name in it.
        sections=[(section, Markup(body)) for section, body in zip(sections, bodies, strict=True) if body.strip()],
    )


def environment() -> Environment:
    """Return where the package's templates are found, with the filters and the style that all pages share."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("convscope.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "clean": clean,
        "inside": inside,
        "seconds": seconds,
        "sentence": sentence,
        "shorten": shorten,
    }
    found.globals["style"] = (Path(__file__).parent / "assets" / "report.css").read_text(encoding="utf-8")
    return found
