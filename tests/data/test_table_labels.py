"""Labels in tables: kept as they are written, and never merged, renamed or cut in silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pictures import put

from convscope.data.detect import sniff
from convscope.errors import DataError


def labelled(root: Path, *labels: str, header: str = "image,label") -> Path:
    for i in range(len(labels)):
        put(root / f"{i}.png", seed=i)
    (root / "t.csv").write_text("\n".join([header, *(f"{i}.png,{label}" for i, label in enumerate(labels))]))
    return root


def lines(root: Path, *rows: str) -> Path:
    for i in range(len(rows)):
        put(root / f"{i}.png", seed=i)
    (root / "t.jsonl").write_text("\n".join(rows))
    return root


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        sniff(path, path)
    return str(caught.value)


@pytest.mark.parametrize(
    "labels",
    [
        ("1_1", "11", "1_2", "2_1"),
        ("1e1", "10", "2E2", "7"),
        ("inf", "nan", "Infinity"),
        ("３", "3", "٣", "²"),
        ("+3", "3", "-3"),
        ("007", "7"),
        ("0x1", "1"),
        ("1.1.0", "1.2"),
        ("3", "3.0", "cat"),
        ("9007199254740993", "9007199254740992"),
        ("1.", "1"),
    ],
)
def test_labels_that_python_calls_numbers_are_names(tmp_path, labels):
    listing = sniff(labelled(tmp_path, *labels), tmp_path)
    assert [listing.classes[k] for k in listing.labels] == list(labels)


def test_whole_numbers_lose_a_needless_zero(tmp_path):
    listing = sniff(labelled(tmp_path, "10.0", "9.0", "-1.00"), tmp_path)
    assert [listing.classes[k] for k in listing.labels] == ["10", "9", "-1"]
    assert "; 10.0 is read as 10)" in listing.kind and not listing.notices


@pytest.mark.parametrize(
    ("labels", "said"), [(("3", "3.0", "4"), "3 ('3', '3.0')"), ((" a", "a", "b"), "a (' a', 'a')")]
)
def test_what_is_taken_as_one_is_said(tmp_path, labels, said):
    listing = sniff(labelled(tmp_path, *labels), tmp_path)
    assert listing.labels.tolist() == [0, 0, 1]
    (notice,) = listing.notices
    assert notice.code == "labels-as-one" and notice.text.endswith(said)


def test_invisible_marks_around_a_label_are_no_part_of_it(tmp_path):
    listing = sniff(labelled(tmp_path, "a", "a\u200b", "\ufeffa", "b"), tmp_path)
    assert listing.classes == ("a", "b")
    assert [notice.code for notice in listing.notices] == ["labels-as-one"]


@pytest.mark.parametrize("several", ["scab|rust", "scab rust", "rust; scab", "scab+rust"])
def test_labels_made_of_others_are_pointed_out(tmp_path, several):
    listing = sniff(labelled(tmp_path, "scab", "rust", several, "scabrust", "rust rot"), tmp_path)
    (notice,) = listing.notices
    assert notice.code == "several-labels" and notice.examples == (several,)


def test_one_name_in_two_unicode_forms_is_one_class(tmp_path):
    listing = sniff(labelled(tmp_path, "caf\u00e9", "cafe\u0301", "tea"), tmp_path)
    assert listing.labels.tolist() == [0, 0, 1] and listing.classes == ("caf\u00e9", "tea")


def test_a_name_for_a_missing_label_is_pointed_out(tmp_path):
    listing = sniff(labelled(tmp_path, "1", "nan", "2", "nan"), tmp_path)
    assert listing.classes == ("1", "2", "nan")
    (notice,) = listing.notices
    assert notice.code == "missing-label" and "nan (2 rows)" in notice.text


@pytest.mark.parametrize("labels", [("0.5", "1", "2"), ("1e-3", "2e-3"), (".5", "-1.5")])
def test_real_numbers_are_amounts(tmp_path, labels):
    target = sniff(labelled(tmp_path, *labels), tmp_path).target
    assert target.kind == "number"
    assert target.values[:, 0].tolist() == list(map(float, labels))


def test_a_gap_among_amounts_is_refused(tmp_path):
    assert "no label in row 3" in refused(labelled(tmp_path, "0.5", "nan", "2"))


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (["rust", "scab"], ' row 2: the label ["rust", "scab"] is a list'),
        (["rust"], "write it without brackets (rust)"),
        ([], " row 2: the label [] is a list"),
        ({"name": "rust"}, ' row 2: the label {"name": "rust"} is a list or an object'),
    ],
)
def test_labels_that_are_lists_are_refused_by_row(tmp_path, label, said):
    rows = [{"image": "0.png", "label": "scab"}, {"image": "1.png", "label": label}]
    message = refused(lines(tmp_path, *map(json.dumps, rows)))
    assert said in message and "for several labels an image give lists throughout" in message


@pytest.mark.parametrize("labels", [("\"['a', 'b']\"", "['a']"), ("\"('a', 'b')\"", "\"('a',)\"")])
def test_lists_written_out_in_a_csv_are_several_labels(tmp_path, labels):
    target = sniff(labelled(tmp_path, *labels), tmp_path).target
    assert target.kind == "multilabel" and target.names == ("a", "b") and target.values.tolist() == [[1, 1], [1, 0]]


def test_rows_of_flags_in_one_column_are_refused(tmp_path):
    assert "several labels an image" in refused(labelled(tmp_path, "[1 0]", "[0 1]"))


def test_numbers_in_json_are_read_as_written(tmp_path):
    listing = sniff(lines(tmp_path, '{"image": "0.png", "label": 1e1}', '{"image": "1.png", "label": 10}'), tmp_path)
    assert listing.classes == ("1e1", "10")
    rows = ['{"image": "0.png", "label": NaN}', '{"image": "1.png", "label": 10}']
    assert refused(lines(tmp_path, *rows)).endswith("no label in row 1; fill it in or remove the row")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("image,label,label", "2 columns are called label (label, label)"),
        ("image,Label,label", "2 columns are called Label (Label, label)"),
        ("image,image,label", "2 columns are called image (image, image)"),
        ("image,label,patient,patient", "2 columns are called patient (patient, patient)"),
    ],
)
def test_columns_of_one_name_are_refused(tmp_path, header, said):
    more = ",".join("x" * (header.count(",") - 1))
    assert said in refused(labelled(tmp_path, f"a,{more}", f"b,{more}", header=header))


def test_columns_of_one_name_do_no_harm_where_they_are_not_used(tmp_path):
    listing = sniff(labelled(tmp_path, "a,,", "b,,", header="image,label,,"), tmp_path)
    assert listing.classes == ("a", "b")


def test_a_name_given_twice_in_json_is_refused_by_row(tmp_path):
    rows = ['{"image": "0.png", "label": "a"}', '{"image": "1.png", "label": "a", "label": "b"}']
    assert refused(lines(tmp_path, *rows)).endswith(" row 2: it gives 'label' twice; keep one of them")


X = np.ones((4, 6, 6), np.uint8)


@pytest.mark.parametrize(
    ("labels", "advice"),
    [
        (np.eye(4), "each row has exactly one 1: turn the rows into indices with y.argmax(1)"),
        (np.eye(4) > 0, "each row has exactly one 1: turn the rows into indices with y.argmax(1)"),
        (
            np.array([["a", "b"]] * 4),
            "for several labels an image give an array of 0 and 1 with a column for each label",
        ),
        (np.zeros((4, 5, 1), int), "points are an array of (images, points, 2), x and y in pixels"),
        (np.zeros((4, 5, 6), int), "masks are an array of (4, 6, 6), one as large as its image for each"),
    ],
)
def test_labels_of_several_axes_get_the_advice_that_fits(tmp_path, labels, advice):
    np.savez(tmp_path / "a.npz", x=X, y=labels)
    assert refused(tmp_path / "a.npz").endswith(f"found labels of the shape {labels.shape}; {advice}")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.zeros((4, 3), int), "no row has any of the labels y_0, y_1, y_2: there is nothing to learn from"),
        (np.full((4, 2), 0.5), "y_0 is 0.5 in all 4 rows that have it: there is nothing to learn"),
    ],
)
def test_labels_that_never_change_are_refused(tmp_path, labels, said):
    np.savez(tmp_path / "a.npz", x=X, y=labels)
    assert said in refused(tmp_path / "a.npz")


def test_labels_that_every_image_has_are_told(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=[[1, 0], [1, 1], [1, 0], [1, 1]])
    listing = sniff(tmp_path / "a.npz", tmp_path)
    assert listing.target.kind == "multilabel"
    assert any("every example has y_0" in notice.text for notice in listing.notices)


def test_text_labels_in_an_archive_stay_as_they_are(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=np.array(["1_1", "11", "1e1", "10"]))
    listing = sniff(tmp_path / "a.npz", tmp_path)
    assert [listing.classes[k] for k in listing.labels] == ["1_1", "11", "1e1", "10"]
    np.savez(tmp_path / "a.npz", x=X, y=np.array(["ä".encode(), b"a"] * 2))
    assert sniff(tmp_path / "a.npz", tmp_path).classes == ("a", "ä")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([np.inf, 1, 2, 1], "real numbers (inf, ...)"),
        ([b"\xe4", b"a", b"a", b"a"], r"the text b'\xe4' is not UTF-8"),
        ([np.nan, 1, 2, 1], "no label for 1 image of 4 (it is NaN at 0)"),
        (["a", "", "b", " "], "no label for 2 images of 4 (it is blank at 1, 3)"),
        ([1e20, 1, 1, 1], "labels up to 1e+20, as real numbers, are not exact"),
        ([1j, 1, 1, 1], "found the type complex128"),
    ],
)
def test_labels_in_an_archive_that_are_no_names(tmp_path, labels, said):
    np.savez(tmp_path / "a.npz", x=X, y=np.array(labels))
    assert said in refused(tmp_path / "a.npz")


def test_class_names_in_an_archive_that_are_blank(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=np.array([0, 1, 0, 1]), class_names=np.array(["a", " "]))
    assert "the class at 1 has a blank name" in refused(tmp_path / "a.npz")
