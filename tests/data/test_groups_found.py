"""What belongs together: which column or array says so, which is passed over, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pictures import put

from convscope.data.detect import sniff
from convscope.data.loading import load
from convscope.data.sources.columns import Columns
from convscope.errors import DataError

IMAGES = 48


def table(root: Path, **columns) -> Path:
    """Write 48 images of two classes, and a table with more columns: a function of the image's number each."""
    rows = [",".join(["image,label", *(name.replace("__", " ") for name in columns)])]
    for i in range(IMAGES):
        put(root / f"images/{i}.png", seed=i)
        rows.append(",".join([f"{i}.png", "ab"[i % 2], *(str(values(i)) for values in columns.values())]))
    (root / "labels.csv").write_text("\n".join(rows))
    return root


def told(listing) -> dict[str, str]:
    return {notice.code: notice.text for notice in listing.notices}


def groups_of(listing) -> int | None:
    return None if listing.groups is None else len(set(listing.groups.tolist()))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PatientID",
            "patient__id",
            "PATIENT-ID",
            "patients",
            "subject_id",
            "Subject",
            "case_id",
            "slide_id",
            "slide",
        ),
        *("animal", "donor", "well", "batch", "lesion_id", "participant", "mouse_no", "group", "specimen", "video"),
    ],
)
def test_groups_are_known_by_many_names(tmp_path, name):
    listing = sniff(table(tmp_path, **{name: lambda i: f"g{i // 4}"}), tmp_path)
    assert groups_of(listing) == 12
    assert f"group={name.replace('__', ' ')}" in listing.kind
    assert not listing.notices


def test_no_group_is_in_two_splits(tmp_path):
    data = load(table(tmp_path, subject_id=lambda i: f"S{i // 4}"))
    held = [set(split.groups.tolist()) for split in data.splits if split.groups is not None]
    assert len(held) == 3 and sum(map(len, held)) == len(set.union(*held)) == 12


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("case", lambda i: f"c{i}", "case (different in every row)"),
        ("batch", lambda i: 1, "batch (the same in every row)"),
        ("patient", lambda i: "", "patient (empty)"),
        ("case", lambda i: i % 2, "case (one for each class)"),
        ("age", lambda i: 20 + i % 5, "age"),
    ],
)
def test_what_groups_nothing_is_not_taken_but_named(tmp_path, column, values, said):
    listing = sniff(table(tmp_path, **{column: values}), tmp_path)
    assert listing.groups is None
    assert told(listing) == {"unused-columns": f"1 column is not used: {said}"}


def test_a_word_for_unknown_patients_is_pointed_out(tmp_path):
    listing = sniff(table(tmp_path, patient=lambda i: "nan" if i % 3 else f"p{i // 6}"), tmp_path)
    assert told(listing).keys() == {"missing-group"}
    assert told(listing)["missing-group"].startswith("patient: nan (32 rows) is taken for one group; ")


@pytest.mark.parametrize("spellings", [("p{}", "P{}"), ("{}", "{}.0")])
def test_patients_in_two_spellings_are_pointed_out(tmp_path, spellings):
    listing = sniff(table(tmp_path, patient=lambda i: spellings[i % 2].format(i // 4)), tmp_path)
    assert (
        told(listing).keys() == {"group-spelling"}
        and "12 groups have several spellings" in told(listing)["group-spelling"]
    )


def test_too_few_batches_to_split_by_are_pointed_out(tmp_path):
    listing = sniff(table(tmp_path, batch=lambda i: i // 24), tmp_path)
    assert listing.groups is None
    assert "2 values in 48 rows" in told(listing)["group-like"] and "--group batch" in told(listing)["group-like"]


def test_too_few_patients_to_split_by_are_refused_with_a_way_out(tmp_path):
    with pytest.raises(DataError, match=r"24 examples in only 2 groups.*--group none"):
        load(table(tmp_path, patient=lambda i: i // 24))


@pytest.mark.parametrize("name", ["mouse_tag", "owner_id"])
def test_an_unknown_column_that_repeats_like_a_group_is_pointed_out(tmp_path, name):
    listing = sniff(table(tmp_path, **{name: lambda i: f"T{i // 4}", "sex": lambda i: "mf"[i // 4 % 2]}), tmp_path)
    assert listing.groups is None
    assert told(listing)["unused-columns"] == f"2 columns are not used: {name}, sex"
    assert "12 values in 48 rows" in told(listing)["group-like"] and f"--group {name}" in told(listing)["group-like"]


def test_the_coarser_of_two_is_taken(tmp_path):
    listing = sniff(table(tmp_path, slide=lambda i: f"s{i // 2}", patient=lambda i: f"p{i // 4}"), tmp_path)
    assert groups_of(listing) == 12 and "group=patient" in listing.kind
    assert told(listing)["unused-columns"].endswith("slide (each of them lies within one patient)")
    listing = sniff(table(tmp_path, slide=lambda i: f"s{i // 8}", patient=lambda i: f"p{i // 4}"), tmp_path)
    assert groups_of(listing) == 6 and "group=slide" in listing.kind


def test_of_two_that_cross_the_likelier_is_taken_and_the_other_named(tmp_path):
    listing = sniff(table(tmp_path, slide=lambda i: i // 2 % 2, patient=lambda i: f"p{i // 4}"), tmp_path)
    assert groups_of(listing) == 12
    assert "slide (patient is taken; --group slide takes it instead)" in told(listing)["unused-columns"]


def test_two_columns_that_no_row_has_both_of_are_pointed_out(tmp_path):
    table(
        tmp_path,
        patient=lambda i: f"p{i // 4}" if i < 32 else "",
        patient_id=lambda i: "" if i < 32 else f"p{i // 4}",
    )
    listing = sniff(tmp_path, tmp_path)
    assert "group=patient)" in listing.kind
    assert "patient_id (no row has both it and patient; " in told(listing)["unused-columns"]
    assert told(listing)["group-like"].startswith("patient_id repeats like a group (4 values in 16 rows)")


def test_patients_go_before_batches(tmp_path):
    listing = sniff(table(tmp_path, batch=lambda i: i // 12, patient=lambda i: f"p{i // 4}"), tmp_path)
    assert groups_of(listing) == 12 and "batch (patient is taken" in told(listing)["unused-columns"]


def test_the_user_decides(tmp_path):
    root = table(tmp_path, origin=lambda i: f"o{i // 8}", patient=lambda i: f"p{i // 4}")
    assert groups_of(sniff(root, tmp_path, Columns(group="Origin"))) == 6
    assert sniff(root, tmp_path, Columns(group="none")).groups is None
    assert told(sniff(root, tmp_path, Columns(group="none"))) == {
        "unused-columns": "2 columns are not used: origin, patient"
    }
    data = load(root, group="origin")
    assert data.train.groups is not None and data.train.groups[0].startswith("o")
    with pytest.raises(DataError, match=r"--group orgin: no such column; did you mean 'origin'\?; its columns: image"):
        load(root, group="orgin")
    with pytest.raises(DataError, match=r"--group label: that column is already taken for the class"):
        load(root, group="label")


def test_sets_without_columns_refuse_one(tmp_path):
    for i in range(8):
        put(tmp_path / "ab"[i % 2] / f"{i}.png", seed=i)
    with pytest.raises(DataError, match=r"--group patient: .* is read as class folders, which has no columns"):
        load(tmp_path, group="patient")
    assert sniff(tmp_path, tmp_path).groups is None
    load(tmp_path, group="none", valid=2, test=2)


def test_images_without_a_group_stand_alone(tmp_path):
    data = load(table(tmp_path, patient=lambda i: f"p{i // 4}" if i < 32 else ""))
    assert sum(split.groups.tolist().count("") for split in data.splits if split.groups is not None) == 16


X = np.random.default_rng(0).integers(0, 255, (IMAGES, 8, 8), dtype=np.uint8)
Y = np.arange(IMAGES) % 2


def npz(root: Path, **arrays) -> Path:
    np.savez(root / "set.npz", **arrays)
    return root / "set.npz"


@pytest.mark.parametrize("name", ["group", "groups", "patient", "patients", "Subject_ID"])
@pytest.mark.parametrize("kind", [int, str])
def test_groups_in_an_archive(tmp_path, name, kind):
    path = npz(tmp_path, x=X, y=Y, **{name: (np.arange(IMAGES) // 4).astype(kind)}, age=np.arange(IMAGES))
    listing = sniff(path, tmp_path)
    assert groups_of(listing) == 12 and f"group={name}" in listing.kind
    assert told(listing) == {"unused-columns": "1 array is not used: age"}
    assert sniff(path, tmp_path, Columns(group="none")).groups is None


def test_groups_of_the_splits_of_an_archive(tmp_path):
    arrays = {"x_train": X, "y_train": Y, "x_test": X[:8] ^ 1, "y_test": Y[:8], "patient_train": np.arange(IMAGES) // 4}
    listing = sniff(npz(tmp_path, **arrays), tmp_path)
    assert listing.groups is not None and listing.groups[-8:].tolist() == [""] * 8 and groups_of(listing) == 13
    listing = sniff(npz(tmp_path, **arrays, patient_test=np.arange(8)), tmp_path)
    assert groups_of(listing) == 12


def test_arrays_that_cannot_be_groups(tmp_path):
    said = told(sniff(npz(tmp_path, x=X, y=Y, groups=np.arange(5), notes=np.array("x")), tmp_path))
    assert said == {"unused-columns": "2 arrays are not used: groups (not one value an image), notes"}
    path = npz(tmp_path, x=X, y=Y, patient=np.array([str(i // 4) for i in range(IMAGES)], object))
    with pytest.raises(DataError, match=r"array patient: holds Python objects.*--group none"):
        sniff(path, tmp_path)
    assert sniff(path, tmp_path, Columns(group="none")).groups is None


def test_an_archive_with_arrays_of_other_names(tmp_path):
    path = npz(tmp_path, scans=X, grade=Y, tag=np.array([f"T{i // 4}" for i in range(IMAGES)]))
    data = load(path, image_column="scans", label_column="grade", group="tag")
    assert data.classes == ("0", "1") and data.train.groups is not None
    with pytest.raises(DataError, match=r"it holds scans"):
        load(path)
