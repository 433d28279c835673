"""Packed cells are the lists that they stand for, and large arrays lie in files."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.data.columns.spilled import SMALL, empty, spilled, spilled_strings
from convscope.data.sources.cells import FEW, Coded, Joined, Packed, RowNames, packed


@pytest.mark.parametrize("different", [3, FEW + 5_000])
def test_packed_cells_are_the_list_they_were_made_of(different: int):
    rng = np.random.default_rng(different)
    cells = [f"ñ{at}" * int(at % 3) for at in rng.integers(0, different, 30_000)]
    column = packed(cells)
    assert isinstance(column, Coded if different == 3 else Packed)
    assert column == cells and list(column) == cells and column[-1] == cells[-1]
    assert column[4_090:4_103] == cells[4_090:4_103] and column[::-977] == cells[::-977]
    assert column != cells[:-1] and column != ["x", *cells[1:]]
    with pytest.raises(IndexError):
        column[30_000]
    joined = Joined([column, ["a"], packed([]), ["b", "c"]])
    assert joined[29_998:30_003] == [*cells[-2:], "a", "b", "c"] and joined[30_000] == "a" and len(joined) == 30_003


def test_rows_are_named_when_they_are_asked_for():
    assert RowNames([2, 5], "t.csv")[:] == ["2 of t.csv", "5 of t.csv"]


def test_large_arrays_lie_in_files_and_hold_what_they_were_given():
    def mapped(array: np.ndarray) -> bool:
        while isinstance(array, np.ndarray) and array.base is not None:
            array = array.base
        return not isinstance(array, np.ndarray)

    large = np.arange(SMALL, dtype=np.int64)
    assert mapped(spilled(large)) and (spilled(large) == large).all() and spilled(large[:5]).base is large
    assert not mapped(empty(3, np.int64))
    names = [f"row {at}" for at in range(60_000)]
    assert spilled_strings(names).tolist() == names
