"""A self-contained page: a head, links, sections, and each figure as SVG and PNG beside it.

It holds its style, drawings and pictures itself, runs no script and asks no server for anything.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.report.section import Section
from convscope.report.text import clean, inside, seconds, sentence, shorten, units
from convscope.runs.write import write_file

if TYPE_CHECKING:
    from jinja2 import Environment

    from convscope.report.figures.style import Drawing

DPI = 150  # of the PNG files: sharp in print at their natural size


@dataclass(frozen=True)
class Head:
    """What stands above the sections.

    ``kind`` is "report", "comparison" or "cross-validation". The first of the ``sentences`` is the verdict;
    ``headline`` are facts, name beside value; ``warnings`` counts those about the data, which a report lists.
    """

    kind: str
    name: str
    created: str
    sentences: Sequence[str]
    headline: Mapping[str, str]
    warnings: int = 0


@dataclass(frozen=True)
class Shown:
    """A figure in the page: its inline drawing, title and reading."""

    svg: str
    title: str
    reading: str


@contextmanager
def drawn(subject: Any, sections: Sequence[Section], folder: Path) -> Iterator[dict[str, Shown]]:
    """Draw every figure there is something to show in into ``folder`` as SVG and PNG; give them by name.

    Figures that an earlier page had and this one has not are removed once it is written.
    """
    from convscope.report.figures import style

    folder.mkdir(exist_ok=True)
    figures = {name: draw for section in sections for name, draw in section.figures.items()}
    with style.applied():
        drawings = ((name, draw(subject)) for name, draw in figures.items())
        shown = {name: save(drawing, name, folder) for name, drawing in drawings if drawing is not None}
    yield shown
    for name in figures.keys() - shown.keys():
        for ending in ("svg", "png"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)


def save(drawing: Drawing, name: str, folder: Path) -> Shown:
    """Write a figure as ``NAME.svg`` and ``NAME.png``; return it for the page."""
    svg, png = io.StringIO(), io.BytesIO()
    drawing.figure.savefig(svg, format="svg", metadata={"Date": None})
    drawing.figure.savefig(png, format="png", dpi=DPI)
    write_file(folder / f"{name}.svg", svg.getvalue())
    write_file(folder / f"{name}.png", png.getvalue())
    return Shown(inline(svg.getvalue(), name, drawing.title), drawing.title, units(drawing.reading))


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


def page(head: Head, sections: Sequence[Section], figures: Mapping[str, Shown], values: Mapping[str, Any]) -> str:
    """Return the page's HTML; what templates of all sections need is in ``values``.

    A section that has nothing to show is left out, and so is the link to it.
    """
    from markupsafe import Markup

    pages = _environment()
    bodies = (
        pages.get_template(section.template).render(**values, figures=figures, tables=section.tables, **section.values)
        for section in sections
    )
    return pages.get_template("page.html.jinja").render(
        head=head,
        sentences=[units(sentence) for sentence in head.sentences],
        # Markup is right: the templates have escaped every name in it.
        sections=[(section, Markup(body)) for section, body in zip(sections, bodies, strict=True) if body.strip()],
    )


def _environment() -> Environment:
    """Return where the package's templates are found, with the filters and the style that all pages share."""
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
        "inside": inside,
        "seconds": seconds,
        "sentence": sentence,
        "shorten": shorten,
    }
    environment.globals["style"] = (Path(__file__).parent / "assets" / "report.css").read_text(encoding="utf-8")
    return environment
