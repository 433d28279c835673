"""The two streams of a terminal, and messages on them."""

from __future__ import annotations

import os
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from convscope.report.text import clean

WIDEST = 400  # characters of a line: more than any table has


class _Screen(Console):
    """A console that shows names from other people's folders without obeying what is in them."""

    def render_str(self, text: str, **options: Any) -> Text:  # pyright: ignore[reportIncompatibleMethodOverride]
        return super().render_str("\n".join(map(clean, text.split("\n"))), **options)


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
