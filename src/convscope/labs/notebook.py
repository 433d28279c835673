"""A lab as a notebook file: its cells, with or without what they have shown."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from convscope.errors import ConfigError, Error, SaveError
from convscope.labs.script import Lab
from convscope.runs.write import write_file

REMEDY = "name another file with --out"
INSTALL = "pip install 'convscope[notebook]'"
Outputs = Sequence[Sequence[dict[str, Any]]]  # of each cell


def notebook(lab: Lab, outputs: Outputs | None = None) -> Any:
    """Return a lab as nbformat's notebook, version 4; ``outputs`` are those of each cell.

    Raises ``Error`` where nbformat is not installed.
    """
    nbformat = _nbformat()
    new = nbformat.v4
    cells, number = [], 0
    for at, cell in enumerate(lab.cells):
        here: dict[str, Any] = {"id": f"cell-{at + 1:02}"}  # the same lab gives the same file
        if cell.tags:
            here["metadata"] = {"tags": list(cell.tags)}
        if cell.kind == "markdown":
            cells.append(new.new_markdown_cell(cell.source, **here))
            continue
        number += 1
        shown = [] if outputs is None else [nbformat.from_dict(output) for output in outputs[at]]
        here["execution_count"] = None if outputs is None else number
        cells.append(new.new_code_cell(cell.source, outputs=shown, **here))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}, "title": lab.title}
    book = new.new_notebook(cells=cells, metadata=about)
    nbformat.validate(book)
    return book


def text_of(book: Any) -> str:
    """Return a notebook as the text of its file."""
    return _nbformat().writes(book, version=4) + "\n"


def write(path: Path, text: str, *, overwrite: bool) -> None:
    """Write a file of a lab.

    Raises ``ConfigError`` where there is another one already, unless ``overwrite``; ``SaveError`` where it cannot be
    written.
    """
    refuse_other(path, text, overwrite=overwrite)
    make_folder(path.parent)
    try:
        write_file(path, text)
    except SaveError as error:  # a notebook is no run: there is nothing to go on with
        raise SaveError(error.problem, REMEDY) from None


def make_folder(folder: Path) -> None:
    """Make a folder where there is none; ``SaveError`` where nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SaveError(f"cannot write into {folder}: {error.strerror}", REMEDY) from None


def refuse_other(path: Path, text: str | None, *, overwrite: bool) -> None:
    """Raise ``ConfigError`` where a file with other content stands in the way; any content, where ``text`` is None."""
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name a file with --out")
    if not path.exists() or overwrite:
        return
    if text is None or path.read_bytes() != text.encode():
        raise ConfigError(f"{path} is there already; name another file with --out, or replace it with --overwrite")


def _nbformat() -> ModuleType:
    try:
        import nbformat
    except ImportError:
        raise Error(f"notebooks are written by nbformat, which is not installed; install it with {INSTALL}") from None
    return nbformat
