"""One class under two spellings: Cat and cat, from two people who sorted the images or filled in the table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import count, listed


def check(examined: Examined) -> Iterator[Notice]:
    """Notice classes whose names differ in nothing but capitals, spaces and the signs that stand for spaces,
    in what is not seen, or in a needless ``.0``."""
    words: dict[str, list[str]] = {}
    numbers: dict[str, list[str]] = {}
    for name in examined.classes:
        shown = "".join(c for c in unicodedata.normalize("NFKC", name) if not _is_invisible(c))
        plain = "".join(c for c in shown.casefold() if c not in " _-")
        # Letters are told apart by their capitals alone, and numbers by their signs.
        if len(plain) > 1 and any(map(str.isalpha, plain)):
            words.setdefault(plain, []).append(name)
        elif not any(map(str.isdecimal, plain)):
            words.setdefault(shown.strip(), []).append(name)
        elif number := re.fullmatch(r"(-?[0-9]+)(\.0+)?", name):
            numbers.setdefault(number[1], []).append(name)
    alike = [" = ".join(map(_legible, names)) for names in (*words.values(), *numbers.values()) if len(names) > 1]
    if alike:
        yield Notice(
            "spelling",
            f"{count(len(alike), 'class has', 'classes have')} several spellings ({listed(alike)}): "
            "the network learns to tell them apart; give them one name unless they are different things",
            tuple(alike),
        )


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


def _legible(name: str) -> str:
    """Return a name as it is where all of it is seen, else with escapes."""
    return ascii(name) if name != name.strip() or any(map(_is_invisible, name)) else name
