"""Tables of one split each are one set with given splits."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from pictures import put

from convscope.data.detect import sniff
from convscope.data.loading import load
from convscope.errors import DataError

SIZES = {"train": 6, "val": 4, "test": 4}


def tables(root: Path, pattern: str, images: str = "images/{n}.png", splits: tuple[str, ...] = tuple(SIZES)) -> Path:
    """Write a table for each split by a pattern such as ``{split}.csv``, and the images it names."""
    n = 0
    for split in splits:
        rows = []
        for _ in range(SIZES[split]):
            image = images.format(split=split, n=n)
            put(root / image, seed=n)
            rows.append((image.rpartition("/")[2], "ab"[n % 2]))
            n += 1
        path = root / pattern.format(split=split)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".jsonl":
            text = "\n".join(json.dumps({"file_name": image, "label": label}) for image, label in rows)
        else:
            between = "\t" if path.suffix == ".tsv" else ","
            text = "\n".join(map(between.join, [("image", "label"), *rows]))
        path.write_text(text)
    return root


def counts(listing) -> list[int]:
    return [int((listing.split == name).sum()) for name in ("train", "valid", "test")]


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        sniff(path, path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "images"),
    [
        ("{split}.csv", "images/{n}.png"),
        ("{split}.tsv", "images/{n}.png"),
        ("labels_{split}.csv", "images/{n}.png"),
        ("deep/{split}-labels.csv", "images/{n}.png"),
        ("{split}2017.jsonl", "{split}/{n}.png"),
        ("{split}/metadata.csv", "{split}/{n}.png"),
        ("{split}/metadata.jsonl", "{split}/{n}.png"),
        ("{split}/{split}.csv", "{split}/{n}.png"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_table_for_each_split_is_one_set(tmp_path, pattern, images, packed):
    path = tables(tmp_path / "set", pattern, images)
    if packed:
        with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
            for file in sorted(path.rglob("*.*")):
                archive.write(file, file.relative_to(path))
        path = tmp_path / "set.zip"
    listing = sniff(path, tmp_path)
    assert counts(listing) == [6, 4, 4] and listing.classes == ("a", "b") and not listing.notices
    assert listing.kind.startswith(f"tables {pattern.format(split='train')}, ")
    data = load(path)
    assert [len(split) for split in data.splits] == [6, 4, 4]


def test_two_splits_are_enough_and_one_is_none(tmp_path):
    assert counts(sniff(tables(tmp_path / "a", "{split}.csv", splits=("train", "test")), tmp_path)) == [6, 0, 4]
    assert counts(sniff(tables(tmp_path / "b", "{split}.csv", splits=("train",)), tmp_path)) == [0, 0, 0]


def test_one_table_given_by_its_path_says_what_belongs_to_it(tmp_path):
    listing = sniff(tables(tmp_path, "{split}.csv") / "train.csv", tmp_path)
    assert counts(listing) == [0, 0, 0] and listing.name == "train"
    assert {notice.code: notice.examples for notice in listing.notices}["other-splits"] == ("val.csv", "test.csv")


def test_an_image_in_two_splits_is_refused_by_row(tmp_path):
    tables(tmp_path, "{split}.csv")
    (tmp_path / "test.csv").write_text("image,label\n2.png,a\n11.png,b\n")
    assert "the same image in rows 4 of train.csv and 2 of test.csv (images/2.png)" in refused(tmp_path)


def test_a_split_column_must_agree_with_the_tables_name(tmp_path):
    tables(tmp_path, "{split}.csv")
    (tmp_path / "test.csv").write_text("image,label,split\n10.png,a,test\n11.png,b,train\n")
    assert f"{tmp_path}/test.csv row 3: the split 'train' in a table whose name says test" in refused(tmp_path)


def test_the_same_file_name_in_each_split_folder(tmp_path):
    for split in ("train", "test"):
        for i in range(4):
            put(tmp_path / f"{split}/{i}.png", seed=i + 10 * len(split))
        (tmp_path / f"{split}.csv").write_text(
            "\n".join(["image,label", *(f"{i}.png,{'ab'[i % 2]}" for i in range(4))])
        )
    listing = sniff(tmp_path, tmp_path)
    assert listing.ids.tolist() == [f"{split}/{i}.png" for split in ("train", "test") for i in range(4)]


def test_groups_and_columns_of_all_tables(tmp_path):
    tables(tmp_path, "{split}.csv")
    for split, (start, end) in (("train", (0, 6)), ("val", (6, 10)), ("test", (10, 14))):
        name = "patient" if split != "val" else "Patient"
        rows = [f"{n}.png,{'ab'[n % 2]},p{n // 2}" for n in range(start, end)]
        (tmp_path / f"{split}.csv").write_text("\n".join([f"image,label,{name}", *rows]))
    listing = sniff(tmp_path, tmp_path)
    assert listing.groups is not None and listing.groups.tolist() == [f"p{n // 2}" for n in range(14)]
    (tmp_path / "test.csv").write_text("image,target,notes\n10.png,a,x\n11.png,b,y\n")
    listing = sniff(tmp_path, tmp_path)
    assert listing.groups is not None and listing.groups.tolist()[-2:] == ["", ""]
    assert "class=label/target, group=patient" in listing.kind
    assert "1 column is not used: notes" in [notice.text for notice in listing.notices]


def test_a_table_without_labels_is_left_out_and_named(tmp_path):
    tables(tmp_path, "{split}.csv", splits=("train",))
    (tmp_path / "test.csv").write_text("image\n0.png\n")
    listing = sniff(tmp_path, tmp_path)
    assert [notice.examples for notice in listing.notices if notice.code == "unused-files"] == [("test.csv",)]


def test_tables_that_are_no_splits_of_one_set_stay_several(tmp_path):
    tables(tmp_path, "{split}.csv")
    (tmp_path / "more.csv").write_text("image,label\n0.png,a\n1.png,b\n")
    assert "holds 2 sets" in refused(tmp_path) and "train.csv, val.csv, test.csv: tables" in refused(tmp_path)
    for fold in (1, 2):
        tables(tmp_path / "folds", f"fold{fold}_{{split}}.csv")
    assert "holds 2 sets" in refused(tmp_path / "folds")
