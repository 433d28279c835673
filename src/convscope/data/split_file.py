"""A split that the user wrote down: a table with the columns ``id`` and ``split``, one row for each example."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from convscope.data.names import composed
from convscope.data.sources.candidate import SPLITS
from convscope.errors import DataError, nearest
from convscope.text import count, listed

COLUMNS = ("id", "split")


def read_split_file(path: str | Path, ids: np.ndarray) -> np.ndarray:
    """Return the split "train", "valid" or "test" of each example of ``ids`` (n,).

    Any run's ``split.csv`` is such a table; other columns are ignored.

    Raises:
        DataError: the file is none, a column or a row is missing, an example is there twice or is none of the set, or
            a split has another name. The message names rows.
    """
    split_of = _rows(Path(path))
    names = [composed(str(name)) for name in ids]
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


def _rows(path: Path) -> dict[str, str]:
    """Return the split of each id of a file."""
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
