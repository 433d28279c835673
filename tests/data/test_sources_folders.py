"""Class folders: what is a class, what a split, and what is left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pictures import class_folders, put

from convscope.data import load
from convscope.data.detect import sniff
from convscope.errors import DataError
from real_data import real_data


def codes(listing) -> dict[str, str]:
    return {notice.code: notice.text for notice in listing.notices}


def test_classes_without_splits(tmp_path):
    listing = sniff(class_folders(tmp_path, ("10", "9"), 3), tmp_path)
    assert listing.kind == "class folders"
    assert listing.classes == ("9", "10")
    assert listing.ids.tolist()[:3] == ["10/0.png", "10/1.png", "10/2.png"]
    assert listing.labels.tolist() == [1, 1, 1, 0, 0, 0]
    assert set(listing.split) == {""}
    assert not listing.notices


@pytest.mark.parametrize("word", ["val", "valid", "validation", "Validation"])
def test_split_folders(tmp_path, word):
    class_folders(tmp_path / "train", each=3)
    class_folders(tmp_path / word, each=2)
    class_folders(tmp_path / "test", each=1)
    listing = sniff(tmp_path, tmp_path)
    assert listing.kind == "class folders in split folders (train, valid, test)"
    assert [(listing.split == name).sum() for name in ("train", "valid", "test")] == [6, 4, 2]
    assert listing.classes == ("cats", "dogs")


def test_a_class_may_be_called_test(tmp_path):
    listing = sniff(class_folders(tmp_path, ("control", "test"), 2), tmp_path)
    assert listing.classes == ("control", "test")
    assert set(listing.split) == {""}


@pytest.mark.parametrize("word", ["train", "Test", "val", "dev"])
def test_a_class_called_like_a_split_may_have_folders_as_its_siblings_have(tmp_path, word):
    for name in ("bus", word):
        class_folders(tmp_path / name, ("day", "night"), 2)
    listing = sniff(tmp_path, tmp_path / "cache")
    assert set(listing.classes) == {"bus", word} and set(listing.split) == {""}
    assert [(notice.code, notice.examples) for notice in listing.notices] == [("class-like-split", (word,))]


def test_splits_beside_other_folders_of_images_are_a_question(tmp_path):
    class_folders(tmp_path / "train", each=2)
    put(tmp_path / "docs" / "logo.png")
    with pytest.raises(DataError) as caught:
        sniff(tmp_path, tmp_path / "cache")
    assert "train may be meant as 1 split or as 1 class, beside docs: " in str(caught.value)
    for name in ("val", "extra"):
        class_folders(tmp_path / name, each=2)
    with pytest.raises(DataError, match="train and val may be meant as 2 splits or as 2 classes, beside docs, extra: "):
        sniff(tmp_path, tmp_path / "cache")


def test_what_holds_no_images_beside_a_split_changes_nothing(tmp_path):
    class_folders(tmp_path / "train", each=2)
    put(tmp_path / "README.txt", b"x")
    put(tmp_path / ".cache" / "0.png")
    put(tmp_path / "runs" / "first" / "config.toml", b"")
    put(tmp_path / "runs" / "first" / "split.csv", b"")
    put(tmp_path / "runs" / "first" / "figures" / "a.png")
    put(tmp_path / "test" / "0.png")  # without a class, as in many competitions
    listing = sniff(tmp_path, tmp_path / "cache")
    assert listing.classes == ("cats", "dogs") and set(listing.split) == {"train"}
    assert codes(listing)["left-out"] == "1 image lies in no class folder; left out (test/0.png)"


def test_a_class_called_like_a_split_below_splits(tmp_path):
    for split in ("train", "val"):
        class_folders(tmp_path / "download" / split, ("bus", "train"), 2)
    listing = sniff(tmp_path, tmp_path / "cache")
    assert listing.kind == "class folders below download/ in split folders (train, valid)"
    assert listing.classes == ("bus", "train") and not listing.notices


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set", "test_set"),
        ("pets-train", "pets-test"),
        ("trainset", "testset"),
        ("Train images", "Test images"),
    ],
)
@pytest.mark.parametrize("twice", [False, True])
def test_folders_called_alike_but_for_the_split_are_splits(tmp_path, train, test, twice):
    for name, each in ((train, 3), (test, 1)):
        class_folders(tmp_path / name / name if twice else tmp_path / name, each=each)
    listing = sniff(tmp_path, tmp_path / "cache")
    assert listing.classes == ("cats", "dogs") and not listing.notices
    assert [(listing.split == name).sum() for name in ("train", "test")] == [6, 2]


def test_classes_that_are_called_like_splits_are_pointed_out(tmp_path):
    listing = sniff(class_folders(tmp_path / "flat", ("testA", "trainA", "trainB"), 2), tmp_path / "cache")
    assert listing.classes == ("testA", "trainA", "trainB")
    assert codes(listing).keys() == {"class-like-split"}
    for name in ("train", "test_images"):
        class_folders(tmp_path / "deep" / name, each=2)
    with pytest.raises(DataError, match="train may be meant as 1 split or as 1 class, beside test_images"):
        sniff(tmp_path / "deep", tmp_path / "cache")


def test_split_folders_within_the_class_folders(tmp_path):
    for name in ("bus", "train"):
        class_folders(tmp_path / name, ("train", "test"), 2)
    listing = sniff(tmp_path, tmp_path / "cache")
    assert listing.classes == ("bus", "train")
    assert listing.ids.tolist()[::2] == ["bus/test/0.png", "bus/train/0.png", "train/test/0.png", "train/train/0.png"]
    assert listing.split.tolist()[::2] == ["test", "train", "test", "train"]


def test_wrapping_folders_and_folders_within_classes(tmp_path):
    for name in ("cats/anna/1.png", "cats/ben/1.png", "dogs/carl/1.png"):
        put(tmp_path / "download" / "pictures" / name)
    listing = sniff(tmp_path, tmp_path)
    assert listing.kind == "class folders below download/pictures/"
    assert listing.labels.tolist() == [0, 0, 1]


def test_folders_within_classes_that_may_be_patients_are_pointed_out(tmp_path):
    for k, name in enumerate(("cats", "dogs")):
        class_folders(tmp_path / name, [f"p{3 * k + j}" for j in range(3)], 2)
    (notice,) = sniff(tmp_path, tmp_path / "cache").notices
    assert notice.code == "group-like" and "6 folders within the class folders hold 12 images" in notice.text
    for name in ("cats", "dogs"):
        class_folders(tmp_path / "views" / name, ("front", "side"), 9)
    assert not sniff(tmp_path / "views", tmp_path / "cache").notices


def test_outer_folders_that_hold_the_same_folders_are_pointed_out(tmp_path):
    for patient in ("p1", "p2", "p3"):
        class_folders(tmp_path / patient, ("healthy", "ill"), 2)
    listing = sniff(tmp_path, tmp_path / "cache")
    assert listing.classes == ("p1", "p2", "p3")
    assert [(notice.code, notice.examples) for notice in listing.notices] == [("classes-within", ("healthy", "ill"))]


def test_what_is_left_out_is_said(tmp_path):
    class_folders(tmp_path, each=2)
    put(tmp_path / "cover.png")
    (tmp_path / "cats" / "notes.txt").write_text("x")
    (tmp_path / "cats" / ".DS_Store").write_text("x")
    put(tmp_path / ".ipynb_checkpoints" / "cats" / "0.png")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "dogs" / "Thumbs.db").write_text("x")
    (tmp_path / "birds").mkdir()
    listing = sniff(tmp_path, tmp_path)
    assert len(listing.ids) == 4
    assert codes(listing) == {
        "hidden": "4 hidden entries are left out (.ipynb_checkpoints, __MACOSX, cats/.DS_Store and 1 more)",
        "left-out": "1 image lies in no class folder; left out (cover.png)",
        "not-images": "1 file is no image; left out (1 .txt)",
        "empty-class": "no image lies in the class birds; left out of the classes",
    }


def test_classes_that_a_split_lacks(tmp_path):
    class_folders(tmp_path / "train", ("cats", "dogs", "owls"), 2)
    class_folders(tmp_path / "val", ("cats", "bats"), 2)
    (tmp_path / "val" / "dogs").mkdir()
    listing = sniff(tmp_path, tmp_path)
    assert [notice.text for notice in listing.notices] == [
        "the train split has no image of bats",
        "the valid split has no image of dogs, owls",
    ]


def test_a_name_that_is_no_text(tmp_path):
    class_folders(tmp_path, each=1)
    put(tmp_path / "cats" / os.fsdecode(b"\xe4.png"))
    with pytest.raises(DataError) as caught:
        sniff(tmp_path, tmp_path)
    assert str(caught.value) == (
        r"the name 'cats/\udce4.png' is not UTF-8; rename the file (convmv renames whole folders)"
    )


def test_linked_folders_are_followed_but_not_in_circles(tmp_path):
    class_folders(tmp_path / "store", ("cats",), 2)
    class_folders(tmp_path / "set", ("dogs",), 2)
    (tmp_path / "set" / "cats").symlink_to(tmp_path / "store" / "cats")
    (tmp_path / "set" / "dogs" / "again").symlink_to(tmp_path / "set")
    assert sniff(tmp_path / "set", tmp_path).ids.tolist() == ["cats/0.png", "cats/1.png", "dogs/0.png", "dogs/1.png"]


def test_a_link_to_itself_is_an_unreadable_image(tmp_path):
    class_folders(tmp_path, each=2)
    (tmp_path / "cats" / "self.png").symlink_to("self.png")
    with pytest.raises(DataError, match=r"cats/self\.png: cannot be opened: Too many levels of symbolic links$"):
        load(tmp_path)


def test_training_within_the_folder_of_the_data_spoils_nothing(tmp_path):
    class_folders(tmp_path, each=10)
    before = load(tmp_path, cache=tmp_path / "cache")
    for name in ("config.toml", "split.csv"):
        put(tmp_path / "runs" / "first" / name, b"image,label\ncats/0.png,a\n")
    put(tmp_path / "runs" / "first" / "figures" / "curves.png")
    put(tmp_path / "runs" / "many" / "series.toml", b"")
    put(tmp_path / "runs" / "many" / "figures" / "curves.png")
    after = load(tmp_path, cache=tmp_path / "cache")
    assert after.classes == ("cats", "dogs") and after.fingerprint == before.fingerprint
    (said,) = [notice for notice in after.warnings if notice.code == "hidden"]
    assert said.examples[1:] == ("runs/first", "runs/many") and said.examples[0].startswith("cache/sets/")


def test_masks_are_not_classes(tmp_path):
    class_folders(tmp_path / "train", ("image", "label"), 2)
    listing = sniff(tmp_path, tmp_path)
    assert listing.kind == "images with masks (image/ and label/)" and not listing.classes


def test_splits_are_not_classes(tmp_path):
    for i in range(4):
        put(tmp_path / ("train", "Test")[i % 2] / f"{i}.png", seed=i)
    with pytest.raises(DataError) as caught:
        sniff(tmp_path, tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: the folders Test and train are splits, and hold images without a class; "
        "put each image into the folder of its class (Test/cat/x.png)"
    )


def test_hymenoptera():
    listing = sniff(real_data("hymenoptera"), Path("unused"))
    assert listing.classes == ("ants", "bees")
    assert [(listing.split == name).sum() for name in ("train", "valid", "test")] == [244, 153, 0]
