"""What a source believes it has found, and the words that data sets use for splits and classes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from convscope.data.listing import Listing
from convscope.data.names import check_distinct, composed
from convscope.errors import DataError
from convscope.text import count, listed

SPLITS = {
    "train": "train", "training": "train",
    "valid": "valid", "val": "valid", "validation": "valid", "dev": "valid",
    "test": "test", "testing": "test",
}  # fmt: skip

EXACT = 2**53  # up to which real numbers tell whole ones apart
SPLIT_ORDER = ("train", "valid", "test")


@dataclass(frozen=True)
class Candidate:
    """One data set among files: ``kind`` and ``where`` to name it, ``read`` to list its examples.

    A candidate that is not ``sure`` counts only where there is no other: reading it will say what it lacks. ``files``
    are those it is read from, its images aside. One that is not ``explicit`` may be a table of facts about images that
    are a set in another way. ``tells_images`` says that reading it tells which images it leaves out.
    """

    kind: str
    where: str
    read: Callable[[], Listing]
    sure: bool = True
    files: tuple[str, ...] = ()
    explicit: bool = True
    tells_images: bool = True


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return class names sorted as people do: numbers by value, so that "10" follows "9".

    >>> in_order(["10", "9", "b2", "b10"])
    ('9', '10', 'b2', 'b10')
    """
    return tuple(sorted(set(names), key=by_number))


def by_number(name: str) -> list[tuple[bool, int, str]]:
    """Return what sorts a name as people do: numbers by value.

    >>> sorted(["s10.png", "s9.png"], key=by_number)
    ['s9.png', 's10.png']
    """
    return [(not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in re.split(r"(\d+)", name) if p]


def numbered(names: Iterable[str], classes: tuple[str, ...]) -> np.ndarray:
    """Return each name's index among ``classes``, (n,) int64."""
    index = {name: i for i, name in enumerate(classes)}
    return np.fromiter((index[name] for name in names), np.int64)


def decoded(path: str, text: np.ndarray) -> np.ndarray:
    """Return an array of bytes as text.

    Raises:
        DataError: the bytes are not UTF-8.
    """
    try:
        return np.char.decode(text, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: the text {error.object!r} is not UTF-8; save it as np.array(names, dtype=str)"
        ) from None


def _refuse_missing(path: str, what: str, missing: np.ndarray) -> None:
    """Raise ``DataError`` where ``missing`` (n,) marks labels, counted from 0."""
    if missing.any():
        images = listed(map(str, np.flatnonzero(missing).tolist()), 3)
        raise DataError(
            f"{path}: no label for {count(int(missing.sum()), 'image')} of {len(missing):,} (it {what} at {images}): "
            "fill it in or remove the image"
        )


def class_names(path: str, labels: np.ndarray, names: Iterable[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Turn whole-number or text labels (n,) into class indices and class names.

    With ``names`` given, a label is an index into them; else every distinct label is a class.

    Raises:
        DataError: a label is missing or lies outside ``names``, two of them are the same or one is blank, or the labels
            are real numbers.
    """
    if labels.dtype.kind == "S":
        labels = decoded(path, labels)
    if labels.dtype.kind == "U":
        labels = np.array([composed(label) for label in labels.tolist()])
        _refuse_missing(path, "is blank", np.array([not label.strip() for label in labels.tolist()], bool))
    if labels.dtype.kind == "f":
        _refuse_missing(path, "is NaN", np.isnan(labels))
        whole = np.isfinite(labels) & (labels == np.floor(labels))
        if not whole.all():
            some = ", ".join(f"{v:g}" for v in labels[~whole][:3])
            raise DataError(f"{path}: the labels are real numbers ({some}, ...), which are no classes")
        if len(labels) and np.abs(labels).max() > EXACT:
            raise DataError(
                f"{path}: labels up to {np.abs(labels).max():g}, as real numbers, are not exact; save them "
                "as whole numbers or as text"
            )
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "iubU":
        raise DataError(f"{path}: expected labels that are whole numbers or text, found the type {labels.dtype}")
    if names is None:
        distinct, index = np.unique(labels, return_inverse=True)
        return index.astype(np.int64), tuple(map(str, distinct.tolist()))
    known = tuple(composed(str(name)) for name in names)
    check_distinct(known, path)
    if blank := [k for k, name in enumerate(known) if not name.strip()]:
        raise DataError(f"{path}: the class at {listed(map(str, blank), 3)} has a blank name; give each class a name")
    if labels.dtype.kind not in "iub":
        raise DataError(
            f"{path}: expected labels 0..{len(known) - 1} for {len(known)} class names, found {labels[0]!r}"
        )
    labels = labels.astype(np.int64)
    if len(labels) and (labels.min() < 0 or labels.max() >= len(known)):
        found = f"{labels.min()}..{labels.max()}"
        raise DataError(f"{path}: expected labels 0..{len(known) - 1} for {len(known)} class names, found {found}")
    return labels, known
