"""What the command line writes for programs: JSON and CSV on the output stream, and nothing else there."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

from convscope.terminal.screen import say_warning


def show_json(value: Any) -> None:
    """Print plain values as JSON, and nothing else."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    print(text if _can_show(text) else json.dumps(value, indent=1))


def show_csv(text: str) -> None:
    """Print CSV, and nothing else."""
    if not _can_show(text):
        say_warning(
            f"the output is {sys.stdout.encoding}, which has not all characters of these names: they are written as "
            "escapes such as \\xe9; set PYTHONIOENCODING=utf-8"
        )
    print(text, end="")


def write_any_name() -> None:
    """Have the standard streams write what their encoding lacks as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _can_show(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
