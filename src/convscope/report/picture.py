"""One figure into one file, drawn in the report's style."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.errors import ConfigError, SaveError
from convscope.runs.write import write_file

if TYPE_CHECKING:
    from convscope.report.figures.style import Figure

KINDS, DPI = (".png", ".svg"), 150


def check_name(out: Path) -> None:
    """Raise ``ConfigError`` unless a picture's name ends in .png or .svg."""
    if out.suffix.lower() not in KINDS:
        raise ConfigError(f"--out {out}: a picture's name ends in {' or '.join(KINDS)}")


def write_picture(draw: Callable[[], Figure], out: Path) -> Path:
    """Write what ``draw`` returns into a PNG or SVG file, the same bytes each time.

    Raises as ``check_name``, and ``SaveError`` where the file cannot be written.
    """
    from convscope.report.figures import style

    check_name(out)
    kind, file = out.suffix.lower()[1:], io.BytesIO()
    with style.applied():
        draw().savefig(file, format=kind, dpi=DPI, metadata={"Date": None} if kind == "svg" else None)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_file(out, file.getvalue())
    except (OSError, SaveError) as error:  # a picture is no run: there is nothing to go on with
        problem = error.problem if isinstance(error, SaveError) else f"cannot write {out}: {error.strerror}"
        raise SaveError(problem, "name another file with --out") from None
    return out
