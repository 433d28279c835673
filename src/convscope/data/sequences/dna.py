"""Texts that are DNA: told by their letters, read in one form, equal ones kept together, near-equal ones told of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from convscope.data.listing import Listing
from convscope.data.notice import Notice
from convscope.data.sequences.repeats import joined, name_of
from convscope.data.sequences.texts import Texts
from convscope.data.sources.cells import packed
from convscope.data.transforms.dna import BASES, folded, odd_letter
from convscope.errors import DataError
from convscope.text import EXAMPLES, count, pairs

SURE = 0.98  # of all letters are bases, or N, where texts are DNA
SHORTEST = 8  # letters in the middle: shorter texts may be words
WORD, NEAR = 12, 0.8  # near-equal sequences share so many of their words of 12 letters
MOST_LETTERS = 3_000_000  # in which near-equal sequences are looked for
COMMON = 50  # sequences that share a word, above which it says nothing of two of them


def is_dna(texts: Sequence[str]) -> bool:
    """Tell whether texts are DNA: nearly all letters are A, C, G, T, U or N, in texts longer than words.

    >>> is_dna(["ACGTACGTNN", "ggcattacua"]), is_dna(["ANA", "TAMARA"]), is_dna(["CAGATTAT CAN GAG"])
    (True, False, False)
    """
    if np.median([len(text) for text in texts]) < SHORTEST:
        return False
    letters: Counter[str] = Counter()
    for text in texts:
        letters.update(text.strip().upper())
    return sum(letters[base] for base in BASES + "UN") >= SURE * sum(letters.values())


def as_dna(listing: Listing, *, grouped: bool) -> Listing:
    """Return a listing whose texts are sequences in one form; where ``grouped``, equal ones are one group.

    Raises ``DataError`` for letters that are no bases, with their places.
    """
    texts = listing.images
    assert isinstance(texts, Texts)
    sequences = packed(folded(text) for text in texts.values)
    odd = [(row, at) for row, text in enumerate(sequences) if (at := odd_letter(text)) is not None]
    if odd:
        named = (f"{texts.place(row, at)}: {sequences[row][at]!r} at letter {at + 1:,}" for row, at in odd[:EXAMPLES])
        raise DataError(
            f"{count(len(odd), 'sequence')} of {len(sequences):,} with a letter that is none of DNA's "
            f"({'; '.join(named)}): correct them, or say --tokens characters where these texts are no DNA"
        )
    groups, notices = listing.groups, (*listing.notices, *_read_as(texts.values))
    if grouped and (repeats := len(sequences) - len(set(map(name_of, sequences)))):
        groups = _with_equals(groups, sequences)
        told = (
            f"{count(repeats, 'sequence repeats', 'sequences repeat')} another: equal ones are one group, which stays "
            "in one split (--group none divides them freely)"
        )
        notices += (Notice("equal-sequences", told),)
    return replace(listing, images=replace(texts, values=sequences), groups=groups, notices=notices)


def _read_as(texts: Sequence[str]) -> Iterator[Notice]:
    """Tell of letters that are read as others: U, and small ones beside capitals."""
    if rna := sum("U" in text.upper() for text in texts):
        yield Notice("u-as-t", f"{count(rna, 'sequence')} with U, which is read as T")
    if small := sum(text != text.upper() for text in texts):
        yield Notice("small-letters", f"{count(small, 'sequence')} with small letters, which are read as capitals")


def _with_equals(groups: np.ndarray | None, sequences: Sequence[str]) -> np.ndarray:
    """Return groups (n,) of which equal sequences are one, together with what the set groups."""
    times = Counter(map(name_of, sequences))
    names = (name if times[name] > 1 else "" for name in map(name_of, sequences))
    equal = np.array([*names], np.dtypes.StringDType())
    return equal if groups is None else joined(np.asarray(groups, np.dtypes.StringDType()), equal)


def near_equal(sequences: Sequence[str], ids: np.ndarray, split: np.ndarray) -> Iterator[Notice]:
    """Notice sequences that share most of their words of 12 letters with another one in another split."""
    letters = sum(map(len, sequences))
    if letters > MOST_LETTERS:
        yield Notice("near-equal", f"{letters:,} letters are too many to look for near-equal sequences: not looked for")
        return
    near = _pairs(sequences)
    for name, other, rows, others in pairs(split):
        mine, theirs = np.isin(near, rows), np.isin(near, others)
        across = near[(mine[:, 0] & theirs[:, 1]) | (mine[:, 1] & theirs[:, 0])]
        if not len(across):
            continue
        which = np.unique(across[np.isin(across, rows)])
        examples = tuple(f"{ids[a]} ~ {ids[b]}" for a, b in across[:EXAMPLES].tolist())
        yield Notice(
            f"near-equal-{name}-{other}",
            f"{count(len(which), f'{name} sequence')} of {len(rows):,} nearly equal to one in {other} ({NEAR:.0%} of "
            f"their words of {WORD} letters): the {name} score partly measures memory; a column 'group' keeps them "
            "together",
            examples,
        )


def _pairs(sequences: Sequence[str]) -> np.ndarray:
    """Return the pairs (p, 2) of different sequences that share enough words."""
    words = [{text[at : at + WORD] for at in range(len(text) - WORD + 1)} for text in sequences]
    holders: dict[str, list[int]] = {}
    for row, held in enumerate(words):
        for word in held:
            holders.setdefault(word, []).append(row)
    shared: Counter[tuple[int, int]] = Counter()
    for rows in holders.values():
        if 1 < len(rows) <= COMMON:
            shared.update((a, b) for i, a in enumerate(rows) for b in rows[i + 1 :])
    near = [
        pair for pair, times in shared.items()
        if times >= NEAR * min(len(words[pair[0]]), len(words[pair[1]])) and sequences[pair[0]] != sequences[pair[1]]
    ]  # fmt: skip
    return np.array(sorted(near), np.int64).reshape(-1, 2)
