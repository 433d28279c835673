"""One class under two spellings: Cat and cat, from two people who sorted the images or filled in the table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from convscope.data.dataset import Notice
from convscope.data.examined import Examined
from convscope.data.words import count, listed


def check(examined: Examined) -> Iterator[Notice]:
    """Notice classes whose names differ in nothing but capitals, spaces and the signs that stand for spaces,
    or in a needless ``.0``."""
    words: dict[str, list[str]] = {}
    numbers: dict[str, list[str]] = {}
    for name in examined.classes:
        plain = "".join(c for c in name.casefold() if c not in " _-")
        # Letters are told apart by their capitals alone, and numbers by their signs.
        if len(plain) > 1 and any(map(str.isalpha, plain)):
            words.setdefault(plain, []).append(name)
        elif number := re.fullmatch(r"(-?[0-9]+)(\.0+)?", name):
            numbers.setdefault(number[1], []).append(name)
    alike = [" = ".join(names) for names in (*words.values(), *numbers.values()) if len(names) > 1]
    if alike:
        yield Notice(
            "spelling",
            f"{count(len(alike), 'class', 'classes')} in several spellings ({listed(alike)}): "
            "the network learns to tell them apart; give them one name unless they are different things",
            tuple(alike),
        )
