"""Texts that files sort into classes, as a listing: what FASTA, text files and tables without a header share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from convscope.data.columns.spilled import spilled_strings
from convscope.data.listing import Listing, Target
from convscope.data.sequences.repeats import name_of
from convscope.data.sequences.texts import Texts
from convscope.data.sources.candidate import in_order, numbered
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, set_name
from convscope.data.sources.labels import class_texts


@dataclass(frozen=True)
class TextRows:
    """Texts (n,), what messages call each, its class, its split ("" for none given), and its name where it has one.

    ``line_of`` is as in ``Texts``.
    """

    texts: Sequence[str]
    refs: Sequence[str]
    labels: Sequence[str]
    split: Sequence[str]
    ids: Sequence[str] = ()
    line_of: Callable[[int, int], int] | None = None


def listing_of(files: Files, rows: TextRows, kind: str, columns: Columns) -> Listing:
    """Return the listing of texts with a class each; names that are not all different give way to places."""
    labels, how, notices = class_texts(str(files.path), "class", rows.labels)
    classes = in_order(labels)
    named = len(rows.ids) == len(rows.texts) == len(set(rows.ids)) and all(rows.ids)
    return Listing(
        name=set_name(files.path),
        kind=kind + how,
        images=Texts(rows.texts, rows.refs, rows.line_of),
        ids=spilled_strings(rows.ids if named else rows.refs),
        target=Target("class", numbered(labels, classes), classes),
        split=np.array([*rows.split], "<U5"),
        groups=by_text(rows.texts) if columns.group == "text" else None,
        notices=notices,
    )


def by_text(texts: Sequence[str]) -> np.ndarray:
    """Return groups (n,) of which equal texts are one."""
    return np.array([*map(name_of, texts)], np.dtypes.StringDType())
