"""A split that the user wrote down: a table with the columns ``id`` and ``split``, one row for each example.

Slices that follow each other may have one row together: ``stack.tif:0-19``, or as a run writes it ``stack.tif[0:20]``.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from convscope.data.names import composed
from convscope.data.sources.candidate import SPLITS
from convscope.errors import DataError, nearest
from convscope.text import count, listed

COLUMNS = ("id", "split")
_SLICES = re.compile(r"(.+)(?:\[(\d+):(\d+)\]|:(\d+)-(\d+))")


def read_split_file(path: str | Path, ids: np.ndarray) -> np.ndarray:
    """Return the split "train", "valid" or "test" of each example of ``ids`` (n,).

    Any run's ``split.csv`` is such a table; other columns are ignored.

    Raises:
        DataError: the file is none, a column or a row is missing, an example is there twice or is none of the set, or
            a split has another name. The message names rows.
    """
    names = [composed(str(name)) for name in ids]
    split_of = _pages(path, read_rows(path), set(names))
    if missing := [name for name in names if name not in split_of]:
        raise DataError(
            f"{path}: {count(len(missing), 'example')} of the set without a row, such as {listed(missing, 2)}; each "
            "needs one"
        )
    if len(split_of) > len(names):
        known = set(names)
        unknown = [name for name in split_of if name not in known]
        raise DataError(
            f"{path}: {count(len(unknown), 'row')} for what the set does not hold, such as {listed(unknown, 2)}; the "
            f"set's ids are like {listed(names, 2)}"
        )
    return np.array([split_of[name] for name in names], dtype="<U5")


def slices_of(name: str) -> tuple[str, int, int] | None:
    """Return the stack, the first slice, and the one behind the last, that a row names; ``None`` for any other.

    >>> slices_of("a.tif:0-19"), slices_of("a.tif[0:20]"), slices_of("a.tif[3]")
    (('a.tif', 0, 20), ('a.tif', 0, 20), None)
    """
    match = _SLICES.fullmatch(name)
    if match is None:
        return None
    stack, first, behind, low, last = match.groups()
    return (stack, int(first), int(behind)) if first is not None else (stack, int(low), int(last) + 1)


def _pages(path: str | Path, split_of: dict[str, str], known: set[str]) -> dict[str, str]:
    """Return rows of slices, where each slice is an example, as a row for each."""
    single: dict[str, str] = {}
    for name, split in split_of.items():
        pages = [name]
        if name not in known and (slices := slices_of(name)) is not None:
            stack, first, behind = slices
            pages = [f"{stack}[{page}]" for page in range(first, behind)]
        for page in pages:
            if single.setdefault(page, split) != split:
                raise DataError(f"{path}: {page} is in {single[page]} and, with {name}, in {split}; name it once")
    return single


def read_rows(path: str | Path) -> dict[str, str]:
    """Return the split of each id of a file; raises as ``read_split_file`` does for what is wrong with the file."""
    path = Path(path)
    try:
        text = path.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a split file: {getattr(error, 'strerror', None) or error}") from None
    reader = csv.DictReader(text.splitlines())
    columns = [*(reader.fieldnames or ())]
    if lacking := [name for name in COLUMNS if name not in columns]:
        raise DataError(f"{path}: a split file has the columns id and split; {lacking[0]!r} is missing from {columns}")
    split_of: dict[str, str] = {}
    for row in reader:
        name, word = composed(row["id"] or ""), (row["split"] or "").strip()
        where = f"{path}, line {reader.line_num}"
        if word.lower() not in SPLITS:
            raise DataError(f"{where}: split {word!r} is none of train, valid and test{nearest(word, sorted(SPLITS))}")
        if name in split_of:
            raise DataError(f"{where}: {name!r} has a row before; each example has one")
        split_of[name] = SPLITS[word.lower()]
    return split_of
