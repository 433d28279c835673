"""What the tokens of a text are: its characters, its words, or its runs of K characters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from convscope.data.names import composed
from convscope.errors import ConfigError

By = Literal["characters", "words", "kmers"]
Fold = Literal["none", "case", "accents", "both"]
RULES = "auto, characters, words, dna, kmers or kmers:K, K from 1 to 8"
USUAL_K, MOST_K = 3, 8  # characters of a k-mer
MOST_TOKENS = 20_000  # in a vocabulary of words or k-mers: the most frequent ones
MANY, TWICE = 1_000, 2  # training texts from which on a token must occur so often to be known
_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


def rule_of(asked: str) -> tuple[str, int]:
    """Return the rule that a setting names, and K.

    >>> rule_of("kmers:6"), rule_of("kmers"), rule_of("words")
    (('kmers', 6), ('kmers', 3), ('words', 0))
    >>> rule_of("kmers:9")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    convscope.errors.ConfigError: tokens 'kmers:9': expected auto, characters, words, ...
    """
    name, colon, k = asked.partition(":")
    if asked in ("auto", "characters", "words", "dna"):
        return asked, 0
    if name != "kmers" or (colon and not (k.isascii() and k.isdecimal() and 1 <= int(k) <= MOST_K)):
        raise ConfigError(f"tokens {asked!r}: expected {RULES}")
    return "kmers", int(k) if colon else USUAL_K


def units(text: str, by: By, k: int = 0) -> list[str]:
    """Return the tokens of a text, as text.

    A word is a run of letters and digits, with hyphens and apostrophes within; any other sign is a token of its own. A
    text shorter than K is one run.

    >>> units("Well-made, isn't it?", "words"), units("ACGTA", "kmers", 3)
    (['Well-made', ',', "isn't", 'it', '?'], ['ACG', 'CGT', 'GTA'])
    """
    if by == "characters":
        return list(text)
    if by == "words":
        return _WORD.findall(text) or [text.strip()]
    return [text[at : at + k] for at in range(max(1, len(text) - k + 1))]


def vocabulary_of(texts: Iterable[str], by: By, k: int, count: int) -> tuple[str, ...]:
    """Return the tokens that ``count`` training texts have, sorted: of many texts those that occur twice or more, and
    no more than the 20,000 most frequent ones.

    >>> vocabulary_of(["so so", "and so on"], "words", 0, 2)
    ('and', 'on', 'so')
    """
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(units(text, by, k))
    least = TWICE if count >= MANY else 1
    ranked = sorted(counted, key=lambda token: (-counted[token], token))[:MOST_TOKENS]
    known = [token for token in ranked if counted[token] >= least] or ranked[:1]
    return tuple(sorted(known))


def folded_as(text: str, fold: Fold) -> str:
    """Return a text without capitals, without accents, or without both.

    >>> folded_as("Ñandú", "accents"), folded_as("Ñandú", "case"), folded_as("Ñandú", "both")
    ('Nandu', 'ñandú', 'nandu')
    """
    if fold in ("accents", "both"):
        apart = unicodedata.normalize("NFD", text)
        text = composed("".join(c for c in apart if unicodedata.category(c) != "Mn"))
    return composed(text.casefold()) if fold in ("case", "both") else text
