"""A set whose classes are called otherwise."""

from __future__ import annotations

from dataclasses import replace

from convscope.data import Data


def renamed(data: Data, classes: tuple[str, ...]) -> Data:
    """Return a set whose classes are called otherwise."""
    column = data.columns["class"]
    called = replace(column, spec=replace(column.spec, names=classes))  # pyright: ignore[reportArgumentType]
    return replace(data, columns={**data.columns, "class": called})
