"""Names of classes, files and examples: in one Unicode form, so that what looks alike is equal, and each once.

An accented letter is one code point (NFC, the form that Windows and Linux write) or a letter with an accent after it
(NFD, as macOS writes files). Names become NFC where they enter: in a folder's listing, an archive's directory, a
table's text, an array of labels. Only files are opened by the name that they have on disk.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from convscope.errors import DataError
from convscope.text import listed


def composed(name: str) -> str:
    """Return a name in the one form.

    >>> composed("cafe\\u0301") == "caf\\u00e9"
    True
    """
    return unicodedata.normalize("NFC", name)


def distinct(strings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct strings, in order, and which of them each one is, (n,).

    ``np.unique`` does the same, but sorts strings of variable length in a way that, on some orders of a few thousand
    (one sorted run behind another), ends the process: NumPy 2.4.

    >>> distinct(np.array(["b", "a", "b"]))[1].tolist()
    [1, 0, 1]
    """
    listed_strings = strings.tolist()
    names = sorted(set(listed_strings))
    number = {name: at for at, name in enumerate(names)}
    return np.array(names, strings.dtype), np.fromiter(map(number.__getitem__, listed_strings), np.intp, len(strings))


def repeated(names: Iterable[str]) -> list[str]:
    """Say which names stand at several places, and at which.

    >>> repeated(["crane", "heron", "crane"])
    ["'crane' at 0 and 2"]
    """
    places: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        places.setdefault(name, []).append(k)
    return [f"{name!r} at {' and '.join(map(str, at))}" for name, at in places.items() if len(at) > 1]


def check_distinct(classes: Sequence[str], where: str) -> None:
    """Raise ``DataError`` where classes share a name: an answer could mean either, and a table hold only one."""
    if twice := repeated(map(composed, classes)):
        raise DataError(
            f"{where}: {len(classes):,} classes, but one name for several of them: {listed(twice, 20)}; give each "
            "class a name of its own"
        )


def spellings(names: Iterable[str]) -> tuple[str, ...]:
    """Say which names differ in nothing but capitals, spaces and the signs that stand for spaces, in what is not
    seen, or in a needless ``.0``.

    >>> spellings(["Cat", "dog", "cat"]), spellings(["a", "A", "1", "-1"])
    (('Cat = cat',), ())
    """
    words: dict[str, list[str]] = {}
    numbers: dict[str, list[str]] = {}
    for name in names:
        shown = "".join(c for c in unicodedata.normalize("NFKC", name) if not _is_invisible(c))
        plain = "".join(c for c in shown.casefold() if c not in " _-")
        # Letters are told apart by their capitals alone, and numbers by their signs.
        if len(plain) > 1 and any(map(str.isalpha, plain)):
            words.setdefault(plain, []).append(name)
        elif not any(map(str.isdecimal, plain)):
            words.setdefault(shown.strip(), []).append(name)
        elif number := re.fullmatch(r"(-?[0-9]+)(\.0+)?", name):
            numbers.setdefault(number[1], []).append(name)
    alike = (alike for alike in (*words.values(), *numbers.values()) if len(alike) > 1)
    return tuple(" = ".join(map(_legible, each)) for each in alike)


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


def _legible(name: str) -> str:
    """Return a name as it is where all of it is seen, else with escapes."""
    return ascii(name) if name != name.strip() or any(map(_is_invisible, name)) else name
