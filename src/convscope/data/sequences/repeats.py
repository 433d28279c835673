"""Equal texts: what stays together, and what equal texts in two splits mean for a score."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from convscope.data.names import distinct
from convscope.data.notice import Notice

LONG = 60  # characters from which on a text is called by its begin and a hash


def name_of(text: str) -> str:
    """Return what to call the group of a text's equals.

    >>> name_of("maria"), len(name_of("ACGT" * 1000))
    ('maria', 57)
    """
    if len(text) <= LONG:
        return text
    return f"{text[:40]}…{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def joined(groups: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return groups (n,) of names in which all that shares a name in either of two is one group; "" shares none.

    >>> joined(np.array(["a", "a", "b", ""]), np.array(["x", "y", "y", ""])).tolist()
    ['a', 'a', 'a', '']
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows, columns, first = [], [], len(groups)
    for names in (groups, others):
        known = np.flatnonzero(names != "")
        known_names, numbers = distinct(names[known])
        rows.append(known)
        columns.append(first + numbers)
        first += len(known_names)
    links = (np.concatenate(rows), np.concatenate(columns))
    graph = coo_matrix((np.ones(len(links[0]), bool), links), shape=(first, first))
    parts = connected_components(graph, directed=False)[1][: len(groups)]
    named = np.where(groups != "", groups, others).astype(object)
    begin = np.unique(parts, return_index=True)[1]
    return np.where(
        named == "", "", named[begin][np.searchsorted(parts[begin], parts, sorter=np.argsort(parts[begin]))]
    )


def between_splits(
    identity: np.ndarray, labels: np.ndarray, split: np.ndarray, *, classes: bool, grouped: bool
) -> Iterator[Notice]:
    """Tell how many texts have an equal in train, and what that does to the score; ``identity`` (n,) numbers equals."""
    train = split == "train"
    for name in ("valid", "test"):
        rows = np.flatnonzero(split == name)
        shared = rows[np.isin(identity[rows], identity[train])]
        if not len(shared):
            continue
        pair = identity * (int(labels.max(initial=0)) + 1) + labels
        other = int((~np.isin(pair[shared], pair[train])).sum())
        said = f"{len(shared):,} of {len(rows):,} {name} texts stand in train, too"
        if classes:
            said += f", {other:,} of them with another label only"
            said += ": where labels agree a network may remember them, where they differ it is led astray"
        remedy = "the split was given" if grouped else "--group text divides by distinct text, --group none by row"
        yield Notice(f"equal-texts-{name}", f"{said}; {remedy}")
