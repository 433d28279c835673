"""The report of a run: its page, and its figures beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from convscope.report.contents import Contents
from convscope.report.page import Head, Shown, drawn, page
from convscope.report.section import Section, report_of
from convscope.report.verdict import verdict
from convscope.runs import files
from convscope.runs.write import write_file


def write(contents: Contents, folder: Path) -> Path:
    """Write ``report.html`` and ``figures/`` into an existing folder; return the path of the page.

    Raises ``SaveError`` where a file cannot be written; the one before it stays.
    """
    sections = report_of(contents.task).sections(contents)
    path = folder / files.REPORT
    with drawn(contents, sections, folder / files.FIGURES) as figures:
        write_file(path, html(contents, sections, figures))
    return path


def html(contents: Contents, sections: Sequence[Section], figures: Mapping[str, Shown]) -> str:
    """Return the page, from its sections and the figures that were drawn for them."""
    sentences = [*verdict(contents), *report_of(contents.task).remarks(contents)]
    warnings = len(contents.warnings)
    head = Head("report", contents.name, contents.created, sentences, contents.headline, warnings)
    return page(head, sections, figures, {"contents": contents, "metrics": contents.metrics, "own": contents.own})
