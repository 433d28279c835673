"""One class under two spellings: Cat and cat, from two people who sorted the images or filled in the table."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.data.examined import Examined
from convscope.data.names import spellings
from convscope.data.notice import Notice
from convscope.text import count, listed


def check(examined: Examined) -> Iterator[Notice]:
    """Notice classes whose names are spellings of one name."""
    if alike := spellings(examined.classes):
        yield Notice(
            "spelling",
            f"{count(len(alike), 'class has', 'classes have')} several spellings ({listed(alike)}): "
            "the network learns to tell them apart; give them one name unless they are different things",
            alike,
        )
