"""Which file a row means: never another folder's namesake, and every way to write a path that leads to a file."""

from __future__ import annotations

import os
import time
import unicodedata
import zipfile
from pathlib import Path

import pytest
from pictures import put

from convscope.data.detect import sniff
from convscope.data.loading import load
from convscope.data.sources.columns import Columns
from convscope.errors import DataError


def table(root: Path, values: list[str], images: list[str], name: str = "labels.csv") -> Path:
    for seed, image in enumerate(images):
        put(root / image, seed=seed)
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("\n".join(["image,label", *(f"{v},{'ab'[i % 2]}" for i, v in enumerate(values))]))
    return root


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        sniff(path, path)
    return str(caught.value)


def codes(listing) -> list[str]:
    return [notice.code for notice in listing.notices]


def test_a_missing_file_is_not_replaced_by_one_of_another_folder(tmp_path):
    table(tmp_path, ["p1/0.png", "p1/1.png", "p2/2.png"], ["p1/0.png", "p1/1.png", "p3/2.png"])
    listing = sniff(tmp_path, tmp_path)
    assert listing.ids.tolist() == ["p1/0.png", "p1/1.png"]
    assert listing.absent is not None and listing.absent.examples == ("4 ('p2/2.png')",)
    assert "p3/2.png has the name of 'p2/2.png', but lies in another folder" in listing.absent.text
    with pytest.raises(DataError, match="no file among 3 images for row 4"):
        load(tmp_path)


def test_nor_by_one_of_a_folder_that_is_only_called_alike(tmp_path):
    images = ["p1/images/0.png", "p1/images/1.png", "p3/images/2.png"]
    table(tmp_path, ["p1/images/0.png", "p1/images/1.png", "p2/images/2.png"], images)
    assert sniff(tmp_path, tmp_path).ids.tolist() == images[:2]


def test_nor_by_one_of_another_split(tmp_path):
    for split, values in (("train", ["0.png", "1.png", "2.png"]), ("test", ["3.png", "2.png"])):
        table(tmp_path, values, [], f"{split}/metadata.csv")
    for seed, image in enumerate(("train/0.png", "train/1.png", "test/3.png", "test/2.png")):
        put(tmp_path / image, seed=seed)
    listing = sniff(tmp_path, tmp_path)
    assert listing.absent is not None and "train/metadata.csv: no file among 4 images for row 4" in listing.absent.text


def test_a_set_that_was_moved_as_a_whole_is_found_and_that_is_said(tmp_path):
    values = [r"C:\me\old\cats\0.png", r"C:\me\old\cats\1.png"]
    listing = sniff(table(tmp_path, values, ["new/cats/0.png", "new/cats/1.png"]), tmp_path)
    assert listing.ids.tolist() == ["new/cats/0.png", "new/cats/1.png"]
    (notice,) = listing.notices
    assert notice.code == "moved" and "C:/me/old/" in notice.text and "new/" in notice.text


def test_the_name_of_the_sets_own_folder_counts(tmp_path):
    root = table(tmp_path / "pets", ["pets/0.png", "/far/pets/1.png", "./2.png"], ["0.png", "1.png", "2.png"])
    assert sniff(root, tmp_path).ids.tolist() == ["0.png", "1.png", "2.png"]
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for path in sorted(root.iterdir()):
            archive.write(path, path.name)
    assert sniff(tmp_path / "pets.zip", tmp_path).ids.tolist() == ["0.png", "1.png", "2.png"]


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("by_file", [True, False])
def test_files_outside_of_the_folder(tmp_path, absolute, by_file):
    for i in range(24):
        put(tmp_path / f"pictures/deep/{i}.png", seed=i)
    start = f"{tmp_path}/pictures" if absolute else "../pictures"
    root = table(tmp_path / "tables", [f"{start}/deep/{i}.png" for i in range(24)], [])
    data = load(root / "labels.csv" if by_file else root)
    assert sum(map(len, data.splits)) == 24
    assert data.train.ids[0].startswith("../pictures/deep/")
    put(tmp_path / "pictures/deep/0.png", seed=99)
    os.utime(tmp_path / "pictures/deep/0.png", ns=(time.time_ns(), time.time_ns()))
    assert load(root).fingerprint != data.fingerprint  # it was not taken from the cache


def test_a_path_upwards_as_windows_writes_it(tmp_path):
    table(tmp_path / "set", [r"..\pictures\0.png", r"..\pictures\1.png"], [])
    for i in range(2):
        put(tmp_path / "pictures" / f"{i}.png", seed=i)
    assert sniff(tmp_path / "set", tmp_path).ids.tolist() == ["../pictures/0.png", "../pictures/1.png"]


def test_absolute_paths_into_the_folder(tmp_path):
    root = table(tmp_path / "pets", [f"{tmp_path}/pets/x/0.png", f"{tmp_path}/pets/x/../1.png"], ["x/0.png", "1.png"])
    assert sniff(root, tmp_path).ids.tolist() == ["x/0.png", "1.png"]


@pytest.mark.parametrize("value", ["/nowhere/x/0.png", "../nowhere/0.png"])
@pytest.mark.parametrize("images", [[], ["other/0.png"]])
def test_files_outside_that_are_not_there_are_said_by_row(tmp_path, value, images):
    root = table(tmp_path / "pets", [value], images)
    for path in (root, root / "labels.csv"):
        assert "no file" in refused(path) and f"for row 2 ({value!r})" in refused(path)


def test_upwards_means_the_folder_above(tmp_path):
    root = table(tmp_path, ["../0.png", "../1.png"], ["0.png", "1.png", "other/0.png"], "sub/labels.csv")
    assert sniff(root, tmp_path).ids.tolist() == ["0.png", "1.png"]
    (tmp_path / "0.png").unlink()
    absent = sniff(root, tmp_path).absent
    assert absent is not None and absent.examples == ("2 ('../0.png')",)


def test_a_zip_does_not_reach_outside(tmp_path):
    put(tmp_path / "0.png")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("labels.csv", f"image,label\n../0.png,a\n{tmp_path}/0.png,b\n")
        archive.writestr("pictures/1.png", b"")
    assert "no file among 1 image for rows 2 ('../0.png'), 3" in refused(tmp_path / "set.zip")


@pytest.mark.parametrize(
    "values", [["IMG0.PNG", "IMG1.PNG"], ["Pictures/img0.png", "PICTURES/img1.png"], ["Img0", "Img1"]]
)
def test_other_capitals_are_taken_and_said(tmp_path, values):
    listing = sniff(table(tmp_path, values, ["pictures/img0.png", "pictures/img1.png"]), tmp_path)
    assert listing.ids.tolist() == ["pictures/img0.png", "pictures/img1.png"]
    (notice,) = listing.notices
    assert notice.code == "capitals" and "2 rows" in notice.text and f"{values[0]} is pictures/img0.png" in notice.text


def test_other_capitals_that_fit_two_files_are_refused(tmp_path):
    table(tmp_path, ["IMG0.png"], ["img0.png", "Img0.png"])
    assert "row 2: 'IMG0.png' fits 2 files when capitals are put aside (Img0.png, img0.png)" in refused(tmp_path)
    assert sniff(table(tmp_path, ["Img0.png"], []), tmp_path).ids.tolist() == ["Img0.png"]


def test_a_name_in_another_unicode_form_is_the_same_name(tmp_path):
    on_disk, written = (unicodedata.normalize(form, "é/ü.png") for form in ("NFD", "NFC"))
    listing = sniff(table(tmp_path, [written, "1.png"], [on_disk, "1.png"]), tmp_path)
    assert listing.ids.tolist() == [written, "1.png"] and not listing.notices


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("t.tsv", "image\tlabel\tnotes (free, unchecked, old)\n0.png\ta\tx\n1.png\tb\ty\n", "image=image, class=label"),
        ("t.csv", "Image Path,Label\n0.png,a\n1.png,b\n", "image=Image Path, class=Label"),
        ("t.csv", "file-name;CLASS;seen by (a, b, c)\n0.png;a;x\n1.png;b;y\n", "image=file-name, class=CLASS"),
        ("t.tsv", "image,label\n0.png,a\n1.png,b\n", "image=image, class=label"),
        ("t.csv", "image\tlabel\n0.png\ta\n1.png\tb\n", "image=image, class=label"),
    ],
)
def test_tables_as_spreadsheets_write_them(tmp_path, name, text, kind):
    for i in range(2):
        put(tmp_path / f"{i}.png", seed=i)
    (tmp_path / name).write_text(text)
    listing = sniff(tmp_path, tmp_path)
    assert f"(columns {kind})" in listing.kind and listing.classes == ("a", "b")


def test_the_user_names_the_columns(tmp_path):
    for i in range(3):
        put(tmp_path / f"{i}.png", seed=i)
    (tmp_path / "t.csv").write_text("pic;grade;label\n0.png;x;a\n1.png;y;b\n2.png;z;a\n")
    listing = sniff(tmp_path, tmp_path, Columns("Pic", "grade"))
    assert listing.classes == ("x", "y", "z") and "(columns image=pic, class=grade)" in listing.kind
    assert [notice.text for notice in listing.notices] == ["1 column is not used: label"]
    assert "say which one holds images or texts with --image-column" in refused(tmp_path)
    with pytest.raises(DataError, match=r"--label-column grad: no such column; did you mean 'grade'\?"):
        sniff(tmp_path, tmp_path, Columns("pic", "grad"))


def test_files_beside_a_table_are_named(tmp_path):
    table(tmp_path, ["0.png", "1.png"], ["0.png", "1.png"])
    for name in ("README.md", "notes.txt", "more.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    (notice,) = sniff(tmp_path, tmp_path).notices
    assert notice.code == "unused-files" and notice.examples == ("more.csv", "notes.txt")


def test_a_table_that_names_no_image_is_named_beside_class_folders(tmp_path):
    table(tmp_path, ["lost.png"], ["cats/0.png", "dogs/1.png"])
    listing = sniff(tmp_path, tmp_path)
    assert listing.kind == "class folders" and codes(listing) == ["unused-files"]


def test_a_table_gives_the_set_its_name(tmp_path, monkeypatch):
    table(tmp_path, ["0.png", "1.png"], ["0.png", "1.png"])
    monkeypatch.chdir(tmp_path)
    assert sniff(Path("labels.csv"), tmp_path).name == "labels"
    assert sniff(Path(), tmp_path).name == tmp_path.name
