"""Numbers and names as a person reads them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from convscope.data.spec import names_of
from convscope.text import count

if TYPE_CHECKING:
    from convscope.data.spec import TargetSpec

THIN = "\u202f"  # narrow no-break space: keeps a number and its unit on one line


def percent(share: float | None, decimals: int = 1) -> str:
    """Return a share as a percentage; only what is perfect is rounded to 100, only what is nothing to 0.

    >>> percent(0.99996).replace("\u202f", " "), percent(1.0).replace("\u202f", " "), percent(None)
    ('99.9 %', '100 %', 'n/a')
    """
    return "n/a" if share is None else f"{_number(100 * share, 100, decimals)}{THIN}%"


def decimal(value: float | None, decimals: int = 3) -> str:
    """Return a figure between 0 and 1, or a loss, with fixed decimals; 1 and 0 only where it is exact.

    >>> decimal(0.99996), decimal(0.5), decimal(1.0)
    ('0.999', '0.500', '1.000')
    """
    return "n/a" if value is None else _number(value, 1, decimals)


def sentence(words: str) -> str:
    """Begin with a capital and end with a full stop.

    >>> sentence("two images are the same"), sentence("Done.")
    ('Two images are the same.', 'Done.')
    """
    begun = words[:1].upper() + words[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def inside(title: str) -> str:
    """Return a title as it stands inside a sentence; abbreviations keep their capitals.

    >>> inside("Balanced accuracy"), inside("RMSE"), inside("R²")
    ('balanced accuracy', 'RMSE', 'R²')
    """
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def targets(target: TargetSpec) -> str:
    """Return how much is learned.

    >>> from convscope.data.spec import Classes, Numbers
    >>> targets(Classes(("ant", "bee"))), targets(Numbers(("age",), ("years",), (30.0,), (9.0,)))
    ('2 classes', '1 number')
    """
    singular = "class" if target.kind == "classes" else target.kind.removesuffix("s")
    return count(len(names_of(target)), singular, target.kind)


def units(sentence: str) -> str:
    """Keep each number and its percent sign on one line."""
    return re.sub(r"(?<=\d) %", f"{THIN}%", sentence)


def _number(value: float, full: float, decimals: int) -> str:
    if value in (0, full):
        return f"{value:.0f}" if full == 100 else f"{value:.{decimals}f}"
    unit = 10**-decimals
    # What is not perfect is never rounded to perfect, nor what is not nothing to nothing.
    held = min(max(value, unit), full - unit) if 0 < value < full else value
    return f"{held:.{decimals}f}"


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
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


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
