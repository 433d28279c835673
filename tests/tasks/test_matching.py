"""Targets of another set: found by name, in whichever order they stand, and refused where they are others."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.data.spec import FieldSpec, Numbers
from convscope.errors import DataError
from convscope.tasks.matching import matched

LEARNED = Numbers(("age", "height"), ("years", "cm"), (30.0, 170.0), (10.0, 9.0))
VALUES = np.array([[180.0, 40.0, 1.0], [165.0, 25.0, 2.0]])


def spec(*names: str, units: tuple[str, ...] = ()) -> FieldSpec:
    return FieldSpec("target", "number", (len(names),), "float64", names, units)


def test_columns_are_found_by_name_and_others_left_out() -> None:
    stored = matched(VALUES, spec("height", "age", "shoe"), LEARNED).stored
    assert stored.tolist() == [[40.0, 180.0], [25.0, 165.0]]
    same = matched(VALUES[:, :2], spec("age", "height", units=("years", "cm")), LEARNED)
    assert same.stored.tolist() == VALUES[:, :2].tolist() and same.notices == ()


def test_a_name_is_the_same_in_either_unicode_form() -> None:
    learned = Numbers(("gro\u0308\u00dfe",), ("cm",), (170.0,), (9.0,))
    assert matched(VALUES[:, :1], spec("gr\u00f6\u00dfe"), learned).stored.shape == (2, 1)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (spec("height", "agee"), "'age'.*did you mean 'agee'.*height"),
        (spec(), "no names"),
        (spec("age", "height", units=("years", "inches")), "height in cm, here in inches"),
    ],
)
def test_what_was_learned_must_be_there(found: FieldSpec, message: str) -> None:
    with pytest.raises(DataError, match=message):
        matched(VALUES[:, : len(found.names)], found, LEARNED)
