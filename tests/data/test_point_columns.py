"""Columns of coordinates become points; what is odd about them is refused or told, with row and value."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.data.sources.point_columns import axis_of, checked, find
from convscope.data.sources.quantities import amounts, are_numbers, ask, few_whole, refuse_constant
from convscope.errors import DataError


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (["image", "nose_x", "nose_y"], ("nose",)),
        (["image", "x1", "y1", "x2", "y2"], ("1", "2")),
        (["image_name", "part_0_x", "part_0_y", "part_1_x", "part_1_y"], ("part_0", "part_1")),
        (["x", "y", "file"], ("point",)),
        (["left eye.x", "left eye.y"], ("left eye",)),
        (["noseX", "noseY", "tailX", "tailY"], ("nose", "tail")),
        (["x_nose", "y_nose"], ("nose",)),
        (["X_1", "Y_1"], ("1",)),
        (["p1x", "p1y"], ("p1",)),
        (["nose_y", "nose_x"], ("nose",)),
        (["category", "city", "index", "max", "tax", "label"], None),
        (["image", "quality", "box"], None),
        (["image", "nose_x"], None),
    ],
)
def test_points_are_told_by_the_names_of_columns(columns, names):
    points = find("t.csv", columns)
    assert (points and points.names) == names
    if points:
        assert [axis_of(column)[1] for column in points.x] == ["x"] * len(points.names)  # pyright: ignore[reportOptionalSubscript]
        assert points.columns[1] == points.y[0]


def test_an_odd_number_of_coordinate_columns_is_refused():
    with pytest.raises(DataError, match=r"^t\.csv: 1 column .*b_x \(no y\).* 1 point .* 3 columns"):
        find("t.csv", ["image", "a_x", "a_y", "b_x"])


def points(n: int = 4, K: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(5, 90, (n, K, 2))


REFS, NAMES = ["row 2", "row 3", "row 4", "row 5"], ["a", "b", "c"]


def test_good_points_pass_in_silence():
    found, notices = checked("t.csv", points() - 20, NAMES, REFS)
    assert np.array_equal(found, points() - 20)
    assert notices == []


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda p: p / 50 - 1, r"from -0.8\d* to 0.6\d*: .*pixels are expected"),
        (lambda p: p / 100, "from 0.0.* to 0.8.*pixels are expected"),
        (lambda p: np.full_like(p, np.nan), "no point is given"),
        (lambda p: np.broadcast_to(p[:1], p.shape), "same place in all rows"),
        (lambda p: np.where(np.arange(p.size).reshape(p.shape) == 9, np.nan, p), r"row 3: b has an x or a y only"),
        (
            lambda p: np.where(np.arange(p.size).reshape(p.shape) == 9, 1e300, p),
            r"beyond .*row 3: b at \(.*, 1e\+300\)",
        ),
    ],
)
def test_points_that_cannot_be_learned_are_refused(change, part):
    with pytest.raises(DataError, match=part):
        checked("t.csv", change(points()), NAMES, REFS)


def test_missing_and_coded_points_are_told():
    p = points()
    p[1, 2] = np.nan
    p[2, 0] = p[3, 0] = 0
    _, (missing, coded) = checked("t.csv", p, NAMES, REFS)
    assert (missing.code, missing.examples) == ("missing-points", ("c",))
    assert (coded.code, coded.examples) == ("coded-points", ("row 4", "row 5"))
    assert "1 point of 12" in missing.text


def test_numbers_are_read_strictly_and_gaps_are_gaps():
    found = amounts("t.csv", "age", list("234567"), ["1", " 2.5", "", "NaN", "-1e3", "NA"])
    assert found == pytest.approx([1, 2.5, np.nan, np.nan, -1000, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("old", r"age: 1 of 2 values is not a number \(row 3: 'old'\)"),
        ("1,5", "decimals with a point"),
        ("1_0", "not a number"),
        ("inf", "not a number"),
        ("1e300", r"1 of 2 values is beyond ±1e\+30 \(row 3: 1e300\)"),
        ("-9e99", "beyond"),
    ],
)
def test_what_is_no_number_is_refused_with_row_and_value(value, part):
    with pytest.raises(DataError, match=part):
        amounts("t.csv", "age", ["2", "3"], ["1", value])


def test_a_column_with_a_slip_still_counts_as_numbers():
    assert are_numbers(["1"] * 30 + ["old", ""])
    assert not are_numbers(["1", "old", "young"])
    assert not are_numbers(["", "nan"])


def test_few_whole_numbers_ask():
    assert few_whole(np.array([1.0, 7.0, 7.0])) == [1, 7]
    assert few_whole(np.arange(21.0)) == []
    error = str(ask("t.csv", "rating", [1, 7]))
    assert "--task classification" in error
    assert "--task regression" in error
    assert "(1, 7)" in error


def test_a_target_that_never_changes_is_refused():
    values = np.array([[1.0, 3.0], [2.0, 3.0], [np.nan, np.nan]])
    with pytest.raises(DataError, match="dose is 3 in all 2 rows"):
        refuse_constant("t.csv", ["age", "dose"], values)
    with pytest.raises(DataError, match="dose is empty in all 2 rows"):
        refuse_constant("t.csv", ["age", "dose"], np.array([[1.0, np.nan], [2.0, np.nan]]))
