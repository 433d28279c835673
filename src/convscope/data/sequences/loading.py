"""From a listing of texts to a data set: the column, what its characters become, splits and checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from convscope.data import checks
from convscope.data.checks.duplicates import identities
from convscope.data.columns import Ragged
from convscope.data.columns.spilled import spilled
from convscope.data.dataset import Dataset, Notice, Split
from convscope.data.decode.encoded import Unreadable
from convscope.data.description import learned_said, splits_said
from convscope.data.examined import Examined
from convscope.data.listing import Listing, Masks, Target
from convscope.data.memory import return_freed_memory
from convscope.data.options import LoadOptions
from convscope.data.sequences.dataset import SPLITS, dataset_of, everything_of
from convscope.data.sequences.dna import as_dna, is_dna, near_equal
from convscope.data.sequences.repeats import between_splits
from convscope.data.sequences.texts import Texts, text_column
from convscope.data.sequences.tokens import facts_of, notices_of
from convscope.data.sources.cells import packed
from convscope.data.transforms.text import TextTransform, text_of
from convscope.data.transforms.tokens import By, folded_as, rule_of
from convscope.errors import DataError
from convscope.text import count

Divide = Callable[[Listing, slice, LoadOptions], tuple[np.ndarray, str]]


def load_texts(source: str | Path, listing: Listing, options: LoadOptions, divide: Divide) -> Dataset:
    """Return the texts of a listing as a data set; ``divide`` draws the splits."""
    listing, dna = _in_one_form(listing, options, rule_of(options.tokens)[0])
    texts, target = listing.images, listing.target
    assert isinstance(texts, Texts) and not isinstance(target, Masks)
    column = text_column(texts.values)
    assert column.content is not None
    return_freed_memory()  # of a million cells; divided, checked and trained on are arrays of other sizes
    if isinstance(target, Target):
        listing = replace(listing, target=replace(target, values=spilled(target.values)))
    split, rule = divide(listing, slice(None), options)
    split = spilled(split)
    rows = {name: spilled(np.flatnonzero(split == name)) for name in SPLITS}
    return_freed_memory()
    transform = _transform(column, rows["train"], options, dna=dna)
    examined = Examined(
        listing.ids, listing.labels, listing.classes, split, listing.groups, column.content,
        noun="sequence" if dna else "text",
    )  # fmt: skip
    facts = {
        "found": f"{source}: {listing.kind}",
        f"{examined.noun}s": _lengths(column.shapes[:, 0], "letter" if dna else "character"),
        "splits": splits_said(examined, rule),
        **learned_said(target, examined),
        **facts_of(transform, column, rows["train"]),
    }
    near = near_equal(texts.values, listing.ids, split) if dna else ()
    of_texts = (*near, *notices_of(transform, texts, column, rows), *_equal(examined, given=bool(listing.split[0])))
    warnings = (*listing.notices, *of_texts, *checks.run(examined))
    return dataset_of(source, listing, column, split, transform, facts=facts, warnings=warnings, options=options)


def _in_one_form(listing: Listing, options: LoadOptions, by: str) -> tuple[Listing, bool]:
    """Return the listing with its texts folded as asked, and whether they are DNA."""
    texts = listing.images
    assert isinstance(texts, Texts)
    if by == "dna" or (by in ("auto", "kmers") and is_dna(texts.values)):
        return as_dna(listing, grouped=options.group != "none"), True
    if options.fold_text == "none":
        return listing, False
    folded = packed(folded_as(text, options.fold_text) for text in texts.values)
    return replace(listing, images=replace(texts, values=folded)), False


def _transform(column: Ragged, train: np.ndarray, options: LoadOptions, *, dna: bool) -> TextTransform:
    """Return the rule from texts to tokens, fitted to the training texts."""
    by, k = rule_of(options.tokens)
    if dna:
        return TextTransform.of_dna(column, train, k=k, most=options.max_length)
    tokens: By = "words" if by == "words" else "kmers" if by == "kmers" else "characters"
    return TextTransform.fitted(column, train, by=tokens, k=k, fold=options.fold_text, most=options.max_length)


def _equal(examined: Examined, *, given: bool) -> Iterator[Notice]:
    """Tell of equal texts in two splits, where those are no groups."""
    identity = identities(examined.content)
    yield from between_splits(identity, examined.labels, examined.split, classes=bool(examined.classes), grouped=given)


def load_labelled_texts(
    source: str | Path, listing: Listing, rule: TextTransform
) -> tuple[Split, np.ndarray, tuple[Notice, ...]]:
    """Return all texts of a listing as one split, read as ``rule`` says, the split (n,) given to each, and notices."""
    texts = listing.images
    assert isinstance(texts, Texts)

    def read() -> Iterator[str]:
        for row, text in enumerate(texts.values):
            try:
                yield text_of(rule.store(text).values)
            except Unreadable as error:
                raise DataError(f"{source}: {texts.place(row)} {error}") from None

    values = packed(read())
    column = text_column(values)
    notices = notices_of(rule, replace(texts, values=values), column, {"": np.arange(len(values))})
    return everything_of(source, listing, column), listing.split, (*listing.notices, *notices)


def _lengths(lengths: np.ndarray, what: str) -> str:
    """Say how long texts are."""
    if lengths.min() == lengths.max():
        return f"{len(lengths):,} of {count(int(lengths[0]), what)} each"
    middle = int(np.median(lengths))
    return f"{len(lengths):,}, {lengths.min():,} to {lengths.max():,} {what}s, {middle:,} in the middle"
