"""What the page may ask: a line in ``TABLE`` and a function for each question, by the page as by a notebook.

A function takes the session, what stands in the address in place of the words in braces, and the options behind its
"?" as text; it returns an ``Answer``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING

from convscope.errors import ConfigError

if TYPE_CHECKING:
    from convscope.explorer.answer import Answer
    from convscope.explorer.session import Session

TABLE = {
    "runs": "runs:listed",
    "runs/{run}": "runs:described",
    "runs/{run}/history": "runs:history",
    "runs/{run}/counts": "images:counts",
    "runs/{run}/images": "images:rows",
    "runs/{run}/images/{image}": "images:one",
    "runs/{run}/maps/{image}": "maps:maps",
    "runs/{run}/trace/{image}": "trace:number",
    "runs/{run}/components/{image}": "maps:parts",
    "runs/{run}/explain/{image}": "explain:explained",
    "runs/{run}/embedding": "embedding:embedded",
    "runs/{run}/field": "trace:field_of",
    "runs/{run}/whatif": "whatif:whatif",
}

AT_ONCE = ("runs", "runs/{run}/history")  # ask no network, so they need not wait while one is busy


def ask(session: Session, path: str, options: Mapping[str, str]) -> Answer:
    """Return the answer to one question; ``ConfigError`` for an address that is none, else as the question raises."""
    words = path.split("/")
    for template, home in TABLE.items():
        named = _named(template.split("/"), words)
        if named is not None:
            module, _, name = home.partition(":")
            with nullcontext() if template in AT_ONCE else session.lock:
                return getattr(importlib.import_module(f"{__name__}.{module}"), name)(session, options, **named)
    raise ConfigError(f"nothing is answered at {path!r}")


def _named(template: list[str], words: list[str]) -> dict[str, str] | None:
    """Return what stands in place of the words in braces, ``None`` where the address is another."""
    if len(template) != len(words):
        return None
    pairs = list(zip(template, words, strict=True))
    if any(part != word for part, word in pairs if not part.startswith("{")):
        return None
    return {part[1:-1]: word for part, word in pairs if part.startswith("{")}
