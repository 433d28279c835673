"""From a listing of texts to a data set: the column, what its characters become, splits and checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from convscope.data import checks
from convscope.data.dataset import Dataset, Notice, Split
from convscope.data.decode.encoded import Unreadable
from convscope.data.description import learned_said, splits_said
from convscope.data.examined import Examined
from convscope.data.listing import Listing, Masks
from convscope.data.options import LoadOptions
from convscope.data.sequences.dataset import SPLITS, dataset_of, everything_of
from convscope.data.sequences.dna import as_dna, is_dna, near_equal
from convscope.data.sequences.texts import Texts, text_column
from convscope.data.transforms.dna import BASES
from convscope.data.transforms.text import SPECIAL, TextTransform, text_of
from convscope.errors import DataError
from convscope.text import count, listed

Divide = Callable[[Listing, slice, LoadOptions], tuple[np.ndarray, str]]
CHARACTERS_SHOWN = 60


def load_texts(source: str | Path, listing: Listing, options: LoadOptions, divide: Divide) -> Dataset:
    """Return the texts of a listing as a data set; ``divide`` draws the splits."""
    texts = listing.images
    assert isinstance(texts, Texts)
    dna = options.tokens == "dna" or (options.tokens == "auto" and is_dna(texts.values))
    if dna:
        listing = as_dna(listing, grouped=options.group != "none")
        texts = listing.images
    target = listing.target
    assert isinstance(texts, Texts) and not isinstance(target, Masks)
    column = text_column(texts.values)
    assert column.content is not None
    split, rule = divide(listing, slice(None), options)
    rows = {name: np.flatnonzero(split == name) for name in SPLITS}
    transform = TextTransform.of_dna(column) if dna else TextTransform.fitted(column, rows["train"])
    examined = Examined(
        listing.ids, listing.labels, listing.classes, split, listing.groups, column.content, noun=_noun(transform)
    )
    facts = {
        "found": f"{source}: {listing.kind}",
        f"{examined.noun}s": _lengths(column.shapes[:, 0], "letter" if dna else "character"),
        "splits": splits_said(examined, rule),
        **learned_said(target, examined),
        "characters": _characters(transform),
    }
    of_texts = near_equal(texts.values, listing.ids, split) if dna else _unknown(transform, texts, rows)
    warnings = (*listing.notices, *of_texts, *checks.run(examined))
    return dataset_of(source, listing, column, split, transform, facts=facts, warnings=warnings, options=options)


def load_labelled_texts(
    source: str | Path, listing: Listing, rule: TextTransform
) -> tuple[Split, np.ndarray, tuple[Notice, ...]]:
    """Return all texts of a listing as one split, read as ``rule`` says, the split (n,) given to each, and notices."""
    texts = listing.images
    assert isinstance(texts, Texts)
    read: list[str] = []
    for text, where in zip(texts.values, texts.where, strict=True):
        try:
            read.append(text_of(rule.store(text).values))
        except Unreadable as error:
            raise DataError(f"{source}: row {where} {error}") from None
    notices = () if rule.dna else _unknown(rule, Texts(read, texts.where), {"": np.arange(len(read))})
    return everything_of(source, listing, text_column(read)), listing.split, (*listing.notices, *notices)


def _noun(rule: TextTransform) -> str:
    return "sequence" if rule.dna else "text"


def _lengths(lengths: np.ndarray, what: str) -> str:
    """Say how long texts are."""
    if lengths.min() == lengths.max():
        return f"{len(lengths):,} of {count(int(lengths[0]), what)} each"
    middle = int(np.median(lengths))
    return f"{len(lengths):,}, {lengths.min():,} to {lengths.max():,} {what}s, {middle:,} in the middle"


def _characters(transform: TextTransform) -> str:
    """Say which characters are known, and how new texts are read."""
    known = transform.characters
    if transform.dna:
        return f"DNA: {', '.join(BASES)}, and IUPAC's letters for several of them, each its probabilities"
    shown = known if len(known) <= CHARACTERS_SHOWN else known[:CHARACTERS_SHOWN] + "…"
    reads = [f"new texts are read in {transform.case} case"] * bool(transform.case)
    reads += ['"_" is read as a space'] * transform.underscores
    said = f" ({'; '.join(reads)})" if reads else ""
    return f"{len(known)}, a token each, {SPECIAL} more for padding and unknown ones: {shown!r}{said}"


def _unknown(transform: TextTransform, texts: Texts, rows: dict[str, np.ndarray]) -> tuple[Notice, ...]:
    """Tell of characters that the training split does not have."""
    known, notices = set(transform.characters), []
    for name in (name for name in rows if name not in ("train", "all")):
        lacking = {at: new for at in rows[name].tolist() if (new := set(texts.values[at]) - known)}
        if lacking:
            new = sorted(set().union(*lacking.values()))
            noun = f"{name} text" if name else "text"
            text = (
                f"{count(len(lacking), noun)} of {len(rows[name]):,} with characters that no training text has "
                f"({listed(map(repr, new), 8)}): they are read as one unknown token"
            )
            where = [str(texts.where[at]) for at in [*lacking][:20]]
            notices.append(Notice(f"unknown-{name or 'all'}", text, tuple(where)))
    return tuple(notices)
