"""What a table's columns are learned as: classes, amounts or points; the user is asked where it may be either."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from convscope.data.detect import sniff
from convscope.data.listing import Listing
from convscope.data.sources.columns import Columns
from convscope.errors import DataError


def table(folder, header: str, *rows: str, name: str = "t.csv"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([header, *rows]) + "\n")
    for k in range(max(8, len(rows))):
        Image.new("L", (20, 16), k).save(folder / f"{k}.png")
    return folder


def read(folder, **columns) -> Listing:
    return sniff(folder, folder, Columns(**columns))


def rows(*values: str) -> list[str]:
    return [f"{k}.png,{value}" for k, value in enumerate(values)]


def test_coordinates_are_points(tmp_path):
    listing = read(table(tmp_path, "image_name,part_0_x,part_0_y,part_1_x,part_1_y", *rows("3,4,5,6", "-7,8.5,9,10")))
    assert listing.target.kind == "points"
    assert listing.target.names == ("part_0", "part_1")
    assert listing.target.values.tolist() == [[[3, 4], [5, 6]], [[-7, 8.5], [9, 10]]]
    assert "2 points" in listing.kind


def test_numbers_are_amounts_with_their_units(tmp_path):
    header = "image,age (years),dose [mg],patient,note"
    listing = read(
        table(tmp_path, header, *rows("41.5,20.5,p1,good", "33.2,21,p1,bad", "50,,p2,good")), group="patient"
    )
    assert listing.target.kind == "number"
    assert listing.target.names == ("age", "dose")
    assert listing.target.units == ("years", "mg")
    assert listing.target.values[:2].tolist() == [[41.5, 20.5], [33.2, 21]]
    assert np.isnan(listing.target.values[2, 1])
    assert listing.groups is not None
    codes = {notice.code: notice.text for notice in listing.notices}
    assert "note" in codes["unused-columns"]
    assert "1 of 6 numbers missing" in codes["missing-numbers"]


def test_several_numbers_that_nobody_named_are_told(tmp_path):
    folder = table(tmp_path, "image,area (um2),exposure_ms", *rows("41.5,20.5", "33.2,21.5", "50.1,20.1"))
    (told,) = [notice for notice in read(folder).notices if notice.code == "several-numbers"]
    assert told.text == "2 numbers are learned: area, exposure_ms; --label-column chooses"
    named = read(folder, label="area (um2),exposure_ms")
    assert named.target.names == ("area", "exposure_ms")
    assert "several-numbers" not in {notice.code for notice in named.notices}


def test_a_label_comes_before_numbers_and_points(tmp_path):
    listing = read(table(tmp_path, "image,label,nose_x,nose_y", *rows("cat,3.5,4", "dog,5,6.5")))
    assert listing.classes == ("cat", "dog")
    listing = read(tmp_path, task="landmarks")
    assert listing.target.names == ("nose",)
    assert read(tmp_path, label="nose_x").target.names == ("nose_x",)


def test_columns_are_named_as_a_list(tmp_path):
    folder = table(tmp_path, "image,age,dose,height", *rows("41.5,20.5,1.5", "33.2,21,1.6"))
    assert read(folder, label="height, age").target.names == ("height", "age")
    with pytest.raises(DataError, match="no columns hight; the columns are image, age"):
        read(folder, label="hight,age")


@pytest.mark.parametrize("column", ["target", "rating"])
def test_few_whole_numbers_ask(tmp_path, column):
    folder = table(tmp_path, f"image,{column}", *rows("3", "5", "3", "9"))
    named = {} if column == "target" else {"label": column}
    with pytest.raises(DataError, match=rf"{column} holds 3 whole numbers \(3, 5, 9\).*--task"):
        read(folder, **named)
    assert read(folder, **named, task="classification").classes == ("3", "5", "9")
    assert read(folder, **named, task="regression").target.values[:, 0].tolist() == [3, 5, 3, 9]


@pytest.mark.parametrize(
    ("column", "values"), [("label", "352"), ("class", "352"), ("target", "0120"), ("target", "11")]
)
def test_codes_and_labels_stay_classes(tmp_path, column, values):
    assert read(table(tmp_path, f"image,{column}", *rows(*values))).target.kind == "class"


def test_numbers_without_a_label_ask_too(tmp_path):
    folder = table(tmp_path, "image,spots", *rows("3", "5", "3", "9"))
    with pytest.raises(DataError, match="spots holds 3 whole numbers"):
        read(folder)
    assert read(folder, task="regression").target.names == ("spots",)


def test_many_whole_numbers_are_amounts(tmp_path):
    folder = table(tmp_path, "image,target", *[f"{k}.png,{7 * k}" for k in range(30)])
    for k in range(30):
        Image.new("L", (8, 8), k).save(folder / f"{k}.png")
    assert read(folder).target.kind == "number"


@pytest.mark.parametrize(
    ("header", "lines", "part"),
    [
        ("image,a_x,a_y,b_x", rows("1.5,2,3", "2,3,4"), r"b_x \(no y\)"),
        ("image,a_x,a_y", rows("0.5,0.2", "0.1,0.9"), "fractions of the image"),
        ("image,a_x,a_y", ["0.png,3,4", "0.png,5,6"], r"same image in rows 2 and 3"),
        ("image,a_x,a_y", [*rows("3,4", "5,6"), "9.png,3,4"], "no file among 8 images for row 4"),
        ("image,a_x,a_y", rows("3,4", "3,4"), "same place in all rows"),
        ("image,a_x,a_y", [f"{k}.png,{v}" for k, v in enumerate(["3,4"] * 7 + ["5,six"])], None),
        ("image,a_x,a_y", rows("3,4", "5,1e300"), r"a_y: 1 of 2 values is beyond .*row 3: 1e300"),
        ("image,age", rows("3.5", "3.5"), "age is 3.5 in all 2 rows"),
        ("image,age", rows("3.5", "1e300"), r"age: 1 of 2 values is beyond .*row 3: 1e300"),
        ("image,age", rows("3.5", ""), "no age in row 3"),
    ],
)
def test_bad_tables_are_refused_with_row_and_value(tmp_path, header, lines, part):
    folder = table(tmp_path, header, *lines)
    if part is None:  # a text among many numbers
        lines += [f"{k}.png,3,{k}" for k in range(8, 30)]
        table(tmp_path, header, *lines)
        part = r"a_y: 1 of 30 values is not a number \(row 9: 'six'\)"
        for k in range(30):
            Image.new("L", (8, 8), k).save(folder / f"{k}.png")
    with pytest.raises(DataError, match=part):
        listing = read(folder)
        if listing.absent:
            raise DataError(listing.absent.text)


@pytest.mark.parametrize(
    ("task", "part"), [("landmarks", "pairs of coordinates"), ("regression", "a column of numbers")]
)
def test_a_task_that_a_table_does_not_fit_says_so(tmp_path, task, part):
    folder = table(tmp_path, "image,name", *rows("anna", "ben"))
    with pytest.raises(DataError, match=f"--task {task} needs {part}.*image, name"):
        read(folder, task=task)


def test_class_folders_come_before_tables_of_numbers(tmp_path):
    for label in ("cat", "dog"):
        table(tmp_path / label, "nothing")
        (tmp_path / label / "t.csv").unlink()
    (tmp_path / "sizes.csv").write_text("image,x1,y1,weight\ncat/1.png,3,4,2.5\ndog/2.png,5,6,7.5\n")
    assert read(tmp_path).classes == ("cat", "dog")
    assert read(tmp_path, task="landmarks").target.kind == "points"


def test_tables_of_splits_are_one_set_of_points(tmp_path):
    table(tmp_path, "image,a_x,a_y", *rows("3,4", "5,6"), name="train.csv")
    (tmp_path / "test.csv").write_text("image,a_x,a_y\n6.png,1,2\n7.png,3,9\n")
    listing = read(tmp_path)
    assert listing.split.tolist() == ["train", "train", "test", "test"]
    assert listing.target.values[3].tolist() == [[3, 9]]
    (tmp_path / "test.csv").write_text("image,b_x,b_y\n6.png,1,2\n7.png,3,9\n")
    with pytest.raises(DataError, match=r"a_x, a_y.* to learn, another b_x, b_y"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("values", "part"),
    [
        (
            ['"57,7"', '"8,1"'],
            r"age holds no plain numbers \(row 2: '57,7', row 3: '8,1'\): write decimals with a point",
        ),
        (['"1,200.5"', '"1,300.5"'], "write plain numbers"),
        (["12 mm", "13 mm"], r"unit in the header: age \(mm\)"),
        (["87 um2", "91 um2"], r"unit in the header: age \(um2\)"),
        (["3.5"] * 40 + ["87 um2"], r"row 42: '87 um2'.*unit in the header: age \(um2\)"),
        (["3.5", "~40", "?"], r"age holds 1 number and 2 texts \(row 3: '~40', row 4: '\?'\)"),
        (["NaN", "nan"], "age is empty in all 2 rows"),
        ([], r"columns \(image, age\) but no rows"),
    ],
)
def test_numbers_that_are_not_plain_are_named(tmp_path, values, part):
    with pytest.raises(DataError, match=part):
        read(table(tmp_path, "image,age", *rows(*values)))


def test_lists_of_numbers_ask_for_columns(tmp_path):
    folder = table(tmp_path, "image,pose", *rows('"[1.5, 2]"', '"[2.5, 3]"'))
    with pytest.raises(DataError, match=r"pose holds lists \(row 2: \[1.5, 2\]\): give each number a column"):
        read(folder)


def test_a_column_that_never_changes_is_named_before_anything_is_asked(tmp_path):
    folder = table(tmp_path, "image,age,mass,width", *rows("3.5,3,8", "4.5,3,8"))
    with pytest.raises(DataError, match=r"mass is 3 in all 2 rows.*--label-column age"):
        read(folder)


def test_names_that_differ_in_their_unit_only_keep_it(tmp_path):
    folder = table(tmp_path, "image,age (years),age (months)", *rows("3.5,42.5", "4.5,54.5"))
    assert read(folder).target.names == ("age (years)", "age (months)")


def test_a_number_far_from_all_others_is_told(tmp_path):
    folder = table(tmp_path, "image,age", *rows("3.5", "4.5", "-999", "5", "6", "7.1", "-999"))
    (told,) = [notice for notice in read(folder).notices if notice.code == "far-number"]
    assert told.examples == ("row 4", "row 8")
    assert "age is -999 in rows 4, 8, and 3.5 to 7.1 in all others" in told.text


def test_a_point_that_no_image_shows_leaves_the_others_points(tmp_path):
    listing = read(table(tmp_path, "image,a_x,a_y,b_x,b_y", *rows("3,4,,", "5,6,,")))
    assert listing.target.names == ("a", "b")
    assert np.isnan(listing.target.values[:, 1]).all()
