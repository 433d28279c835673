"""A table with a column of images and one of masks: CSV, TSV or JSON lines, one row a pair."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from convscope.data.listing import Listing
from convscope.data.notice import Notice
from convscope.data.sources import table
from convscope.data.sources.candidate import SPLITS, Candidate
from convscope.data.sources.columns import Columns, plain
from convscope.data.sources.files import Files, is_image, strings
from convscope.data.sources.grouping import find_grouping, unused_notice
from convscope.data.sources.mask_listing import listing_of
from convscope.data.sources.mask_pairing import Pairs
from convscope.data.sources.matching import Matcher
from convscope.data.sources.rowfiles import left_out, refuse_twice, with_files
from convscope.data.sources.splitnames import BySplit, split_sets
from convscope.data.sources.tabular import Table, parse
from convscope.errors import DataError

MASK_COLUMNS = (
    "mask", "mask_path", "mask_file", "mask_name", "masks", "segmentation", "label", "label_path", "annotation",
    "target", "gt", "ground_truth",
)  # fmt: skip
HEAD = 20
ENOUGH = 0.5  # of the first values are names of files: then a column holds masks


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate for each set of tables with a column of images and one of masks."""
    names = [name for name in table.tables(files) if pair_columns(files, name, columns)]
    return [
        Candidate(
            "table of masks", ", ".join(each.values()), functools.partial(read, files, each, columns),
            files=tuple(each.values()),
        )
        for each in split_sets(names)
    ]  # fmt: skip


def pair_columns(files: Files, name: str, columns: Columns) -> tuple[str, str] | None:
    """Return the columns of images and of masks in a table that has both."""
    try:
        head = _parse(files, name, HEAD)
        image = columns.pick("image", table.IMAGE_COLUMNS, head.names, head.where)
        mask = columns.pick("label", MASK_COLUMNS, head.names, head.where)
    except DataError:  # some other table lying about, or one without the columns that the user names
        return None
    if image is None or mask is None or image == mask or not head.rows:
        return None
    held = [value for value in head.columns[mask] if value.strip()]
    return (image, mask) if sum(map(is_image, held)) > ENOUGH * len(held) else None


def read(files: Files, by_split: BySplit, columns: Columns) -> Listing:
    """List the rows of a table (``{"": name}``), or of one for each split; a row without a mask is unlabelled.

    Raises:
        DataError: two rows with one image, and whatever ``with_files`` raises.
    """
    matcher, pairs = Matcher(files), Pairs()
    notices: list[Notice] = []
    rows: list[tuple[str, dict[str, str]]] = []  # of each pair: its row for messages, and what else the row holds
    for split, name in by_split.items():
        whole, said = _parse(files, name), pair_columns(files, name, columns)
        if said is None:
            raise DataError(f"{whole.where}: no column of images, or none of masks; its columns: {whole.names}")
        notices += _rows(whole, name.rpartition("/")[0], said, split, matcher, pairs, rows)
    where = ", ".join(by_split.values())
    refuse_twice(where, [f"{row} of {where}" for row, _ in rows], pairs.images)
    notices += left_out(files, {*pairs.images, *pairs.masks, *pairs.unlabelled})
    names = list(dict.fromkeys(name for _, rest in rows for name in rest))
    rest = {name: [held.get(name, "") for _, held in rows] for name in names}
    named = columns.pick("group", (), names, where)
    grouping = find_grouping(rest, np.zeros(len(rows), np.int64), named, wanted=columns.group != "none")
    unused = unused_notice("column", [name for name in names if name != grouping.column], grouping.passed)
    listing = listing_of(files, f"table {where} (images and masks)", pairs, notices=(*notices, *grouping.notices))
    return replace(
        listing,
        groups=strings(rest[grouping.column]) if grouping.column and len(rows) == len(listing.ids) else listing.groups,
        notices=(*listing.notices, *unused),
        columns=tuple(names),
    )


def _parse(files: Files, name: str, rows: int | None = None) -> Table:
    words = {plain(word) for word in (*table.IMAGE_COLUMNS, *MASK_COLUMNS)}
    return parse(files, name, lambda names: len(words & set(map(plain, names))), rows)


def _rows(
    whole: Table, beside: str, columns: tuple[str, str], split: str, matcher: Matcher, pairs: Pairs,
    rest: list[tuple[str, dict[str, str]]],
) -> Sequence[Notice]:  # fmt: skip
    """Add the rows of one table to the pairs."""
    where = whole.where
    images, masks = (whole.columns[column] for column in columns)
    lines = list(map(str, whole.rows))
    rows = with_files(where, lines, images, matcher, beside, split)
    told = next((each for each in whole.columns if plain(each) == "split"), None)
    others = [each for each in whole.columns if each not in (*columns, told)]
    kept = [i for i in rows.kept if masks[i].strip()]
    image_of = dict(zip(rows.kept, rows.names, strict=True))
    pairs.unlabelled += [image_of[i] for i in rows.kept if not masks[i].strip()]
    drawn = with_files(where, [lines[i] for i in kept], [masks[i] for i in kept], matcher, beside, split)
    for at, mask in zip(drawn.kept, drawn.names, strict=True):
        i = kept[at]
        pairs.add(image_of[i], mask, split or (_split(where, lines[i], whole.columns[told][i]) if told else ""))
        rest.append((lines[i], {each: whole.columns[each][i].strip() for each in others}))
    pairs.missing += [each.text for each in (rows.absent, drawn.absent) if each]
    return (*rows.notices, *drawn.notices)


def _split(where: str, row: str, word: str) -> str:
    word = word.strip().lower()
    if word and word not in SPLITS:
        raise DataError(f"{where} row {row}: the split {word!r} is none of train, valid, test")
    return SPLITS.get(word, "")
