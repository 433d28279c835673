"""Numbers and names as a person reads them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from convscope.data.spec import Instances, Pixels, names_of
from convscope.text import THIN, count

if TYPE_CHECKING:
    from convscope.data.spec import TargetSpec


def sentence(words: str) -> str:
    """Begin with a capital and end with a full stop.

    >>> sentence("two images are the same"), sentence("Done.")
    ('Two images are the same.', 'Done.')
    """
    begun = words[:1].upper() + words[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def targets(target: TargetSpec) -> str:
    """Return how much is learned.

    >>> from convscope.data.spec import Classes, Numbers
    >>> targets(Classes(("ant", "bee"))), targets(Numbers(("age",), ("years",), (30.0,), (9.0,)))
    ('2 classes', '1 number')
    >>> targets(Instances(("background", "inside", "border"), (0.7, 0.2, 0.1)))  # whose names are those of their parts
    'objects'
    """
    if isinstance(target, Instances | Pixels):
        return f"{target.noun}s"
    return count(len(names_of(target)), target.noun, target.kind)


def units(sentence: str) -> str:
    """Keep each number and its percent sign on one line."""
    return re.sub(r"(?<=\d) %", f"{THIN}%", sentence)


def chance(p: float) -> str:
    """Return a p value.

    >>> chance(0.00002), chance(0.0041), chance(0.2)
    ('< 0.0001', '0.0041', '0.20')
    """
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


def large(number: float) -> str:
    """Return a large number in thousands, millions or billions, three digits of it.

    >>> large(850), large(61706), large(1_234_567), large(4.1e9)
    ('850', '61.7 k', '1.23 M', '4.1 G')
    """
    for unit, size in ((" G", 1e9), (" M", 1e6), (" k", 1e3)):
        if number >= 0.9995 * size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"


def seconds(value: float) -> str:
    """Return a duration in words.

    >>> seconds(0.04), seconds(7.24), seconds(95), seconds(3720)
    ('under 0.1 s', '7.2 s', '1 min 35 s', '1 h 2 min')
    """
    if value < 0.1:
        return "under 0.1 s"
    if value < 60:
        return f"{value:.1f} s"
    minutes, remaining = divmod(round(value), 60)
    return f"{minutes} min {remaining} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def clean(name: object) -> str:
    """Return a name that every file format accepts and that reads in the order it is written.

    Class and file names come from other people's folders: control characters, undecodable bytes and marks that turn
    the direction of writing become the replacement character.

    >>> clean("a\\x00b"), clean("exe.\\u202egnp"), clean("na\\u00efve")
    ('a�b', 'exe.�gnp', 'naïve')
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if _harmful(c) else c for c in str(name))


def _harmful(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(c) in _TURNS


_TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def file_name(name: str) -> str:
    """Return the last part of an image's name: where there is little room, its folders tell less.

    >>> file_name("images/lungaca1635.jpeg"), file_name("x.npz[12]"), file_name("17")
    ('lungaca1635.jpeg', 'x.npz[12]', '17')
    """
    return name.rstrip("/").rpartition("/")[2]


def shorten(name: object, width: int) -> str:
    """Return a clean name of at most ``width`` characters, its middle left out.

    >>> shorten("a/very/long/file-name.png", 13)
    'a/very…me.png'
    """
    text = clean(name)
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[head + 1 - width :]}"
