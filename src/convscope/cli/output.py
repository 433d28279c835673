"""How the command line prints: tables for people, JSON for programs, errors on the other stream."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from convscope.report.text import clean

if TYPE_CHECKING:
    from convscope.data.dataset import Notice

WIDEST = 400  # characters of a line: more than any table has
_INTERVAL = re.compile(r"(\d)-(?=\d)")  # between the ends of 0.9260-0.9358, where it may be folded


class _Screen(Console):
    """A console that shows names from other people's folders without obeying what is in them."""

    def render_str(self, text: str, **options: Any) -> Text:  # pyright: ignore[reportIncompatibleMethodOverride]
        return super().render_str("\n".join(map(clean, text.split("\n"))), **options)


EXAMPLES = 3  # of what a check found, shown in the terminal; the report shows more
# No emoji: a class may be called ":bee:".
out = _Screen(highlight=False, soft_wrap=True, emoji=False)
# For tables of numbers: each is as wide as it must be, and a narrow window folds lines, not cells.
wide = _Screen(highlight=False, soft_wrap=True, emoji=False, width=WIDEST)
err = _Screen(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def say_error(message: str) -> None:
    """Print an error for people, without a traceback."""
    _say("[bold red]error:[/]", "error:", message)


def say_warning(message: str) -> None:
    """Print on the error stream what a reader of the output must know."""
    _say("[yellow]![/]", "!", message)


def say_notice(text: str, screen: Console) -> None:
    """Print loudly what the user must hear of a training."""
    screen.print(f"[bold yellow]{escape(folded(f'! {text}', screen))}[/]")


def _say(mark: str, plain: str, message: str) -> None:
    err.print(mark + escape(folded(f"{plain} {message}", err).removeprefix(plain)))


def window(console: Console = out) -> int | None:
    """Return how many characters are side by side in the window that a person looks at; ``None`` for a log."""
    return console.width if console.is_terminal or "COLUMNS" in os.environ else None


def folded(text: str, console: Console = out, indent: str = "") -> str:
    """Return a text with its lines folded between words in a window, so that no number is cut; names stay whole."""
    width = window(console)
    if width is None:
        return text
    lines = (
        wrap(line, max(20, width), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
        for line in text.split("\n")
    )
    return "\n".join(part for parts in lines for part in parts)


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


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
) -> Table:
    """Return a table; the columns named in ``right`` are aligned to the right.

    Where the window is too narrow, cells fold between words and within intervals, never within a number; a window that
    is narrower still folds the lines.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    made = _table(columns, cells, right)
    if out.measure(made, options=out.options.update(width=WIDEST)).maximum <= out.width:
        return made
    made = _table(columns, [[_INTERVAL.sub(r"\1- ", cell) for cell in row] for row in cells], right)
    least = out.measure(made, options=out.options.update(width=WIDEST)).minimum
    made.width = least if least > out.width else None
    return made


def _table(columns: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[str]) -> Table:
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in cells:
        made.add_row(*map(escape, row))
    return made


def pairs(values: dict[str, str]) -> Table:
    """Return names beside values, without a frame."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in values.items():
        made.add_row(escape(name), escape(value))
    return made


def notices(found: Iterable[Notice]) -> str:
    """Return what the checks found as lines with a mark, each followed by its first examples."""
    lines = []
    for notice in found:
        lines.append("[yellow]![/]" + escape(folded(f"! {notice.text}", indent="  ").removeprefix("!")))
        if notice.examples:
            such_as = "such as " if len(notice.examples) > EXAMPLES else ""
            examples = f"  {such_as}{', '.join(notice.examples[:EXAMPLES])}"
            lines.append(f"[dim]{escape(folded(examples, indent='  '))}[/]")
    return "\n".join(lines)


def interval(estimate: dict[str, Any] | None) -> str:
    """Return "0.9310 (0.9260-0.9358)" for a figure with its interval; "not defined" where it has no meaning.

    >>> interval({"value": 0.931, "low": 0.926, "high": 0.9358})
    '0.9310 (0.9260-0.9358)'
    """
    if estimate is None or estimate["value"] is None:
        return "not defined"
    if estimate["low"] is None:
        return f"{estimate['value']:.4f}"
    return f"{estimate['value']:.4f} ({estimate['low']:.4f}-{estimate['high']:.4f})"


def duration(seconds: float) -> str:
    """Return a length of time for people.

    >>> duration(1.25), duration(75), duration(4000)
    ('1.2 s', '1 min 15 s', '1 h 6 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
