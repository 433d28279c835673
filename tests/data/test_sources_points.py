"""Points beside images: .pts files, COCO key points, DeepLabCut labels."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from convscope.data.detect import sniff
from convscope.data.sources import deeplabcut, keypoints, pts
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Folder
from convscope.errors import DataError


def images(folder, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (20, 16)).save(folder / name)


def written(points) -> str:
    lines = "\n".join(f"{x} {y}" for x, y in points)
    return f"version: 1\nn_points: {len(points)}\n{{\n{lines}\n}}\n"


def test_pts_files_count_from_one(tmp_path):
    images(tmp_path, "train/a.png", "test/b.png", "test/c.png")
    (tmp_path / "train/a.pts").write_text(written([(1, 2), (3.5, 4)]))
    (tmp_path / "test/b.pts").write_text(written([(5, 6), ("nan", "nan")]))
    (candidate,) = pts.find(Folder(tmp_path))
    listing = candidate.read()
    assert list(listing.ids) == ["test/b.png", "train/a.png"]
    assert listing.target.kind == "points"
    assert listing.target.values[1].tolist() == [[0, 1], [2.5, 3]]
    assert np.isnan(listing.target.values[0, 1]).all()
    assert list(listing.split) == ["test", "train"]
    assert {notice.code for notice in listing.notices} == {"left-out", "missing-points"}
    assert "1 taken off" in listing.kind


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("version: 1\n1 2\n", r"a\.pts: expected points between"),
        ("{\n1 2\n3\n}", r"a\.pts row 3: expected x and y, found '3'"),
        ("{\n1 b\n}", "row 2"),
        ("n_points: 3\n{\n1 2\n}", "expected n_points: 3, found 1 point"),
        ("{\n}", "found 0 points"),
    ],
)
def test_pts_files_that_are_none_are_refused(tmp_path, text, part):
    images(tmp_path, "a.png")
    (tmp_path / "a.pts").write_text(text)
    with pytest.raises(DataError, match=part):
        pts.read(Folder(tmp_path))


def test_pts_files_beside_two_images_are_refused(tmp_path):
    images(tmp_path, "a.png", "a.jpg")
    (tmp_path / "a.pts").write_text(written([(1, 2)]))
    with pytest.raises(DataError, match=r"1 \.pts file beside several images \(a\.pts: a\.jpg and a\.png\)"):
        pts.read(Folder(tmp_path))


def test_pts_files_of_different_lengths_are_refused(tmp_path):
    images(tmp_path, "a.png", "b.png", "c.png")
    for name, number in (("a", 2), ("b", 3), ("c", 2)):
        (tmp_path / f"{name}.pts").write_text(written([(k + 1, 2 * k + 1) for k in range(number)]))
    with pytest.raises(DataError, match=r"1 \.pts file of another number of points than 2 \(b\.pts: 3\)"):
        pts.read(Folder(tmp_path))


def coco(**changes) -> dict:
    table = {
        "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}, {"id": 3, "file_name": "c.png"}],
        "annotations": [
            {"id": 7, "image_id": 2, "category_id": 1, "keypoints": [1, 2, 2, 0, 0, 0], "num_keypoints": 1},
            {"id": 8, "image_id": 1, "category_id": 1, "keypoints": [3, 4, 1, 5, 6.5, 2], "num_keypoints": 2},
        ],
        "categories": [{"id": 1, "name": "cat", "keypoints": ["nose", "tail"]}],
    }
    return {**table, **changes}


def test_coco_key_points(tmp_path):
    images(tmp_path, "images/a.png", "images/b.png", "images/c.png")
    (tmp_path / "person_keypoints.json").write_text(json.dumps(coco()))
    (candidate,) = keypoints.find(Folder(tmp_path))
    listing = candidate.read()
    assert list(listing.ids) == ["images/b.png", "images/a.png"]
    assert listing.target.names == ("nose", "tail")
    assert listing.target.values[1].tolist() == [[3, 4], [5, 6.5]]
    assert listing.target.values[0, 0].tolist() == [1, 2]
    assert np.isnan(listing.target.values[0, 1]).all()
    assert {"left-out", "no-points", "missing-points"} == {notice.code for notice in listing.notices}


def test_coco_files_of_splits_are_one_set(tmp_path):
    for split in ("train", "val"):
        images(tmp_path, f"{split}/a.png", f"{split}/b.png", f"{split}/c.png")
        (tmp_path / f"keypoints_{split}.json").write_text(json.dumps(coco()))
    (candidate,) = keypoints.find(Folder(tmp_path))
    assert set(candidate.read().split) == {"train", "valid"}


def test_coco_images_listed_twice_are_refused(tmp_path):
    images(tmp_path, "a.png", "c.png")
    listed = [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "a.png"}, {"id": 3, "file_name": "c.png"}]
    (tmp_path / "k.json").write_text(json.dumps(coco(images=listed)))
    with pytest.raises(DataError, match=r"same image in rows 7 of k\.json and 8 of k\.json \(a\.png\)"):
        keypoints.read(Folder(tmp_path), {"": "k.json"})


def test_an_annotation_without_points_is_left_out(tmp_path):
    images(tmp_path, "a.png", "b.png", "c.png")
    bare = {"id": 9, "image_id": 3, "category_id": 1, "keypoints": None}
    (tmp_path / "k.json").write_text(json.dumps(coco(annotations=[*coco()["annotations"], bare])))
    assert list(keypoints.read(Folder(tmp_path), {"": "k.json"}).ids) == ["b.png", "a.png"]


@pytest.mark.parametrize("kind", ["pts", "coco", "deeplabcut"])
def test_points_come_before_the_folders_that_their_images_lie_in(tmp_path, kind):
    names = ("afw/a.png", "afw/b.png", "helen/c.png")
    images(tmp_path, *names)
    if kind == "pts":
        for k, name in enumerate(names):
            (tmp_path / name).with_suffix(".pts").write_text(written([(k + 1, 2), (3.5, 4)]))
    elif kind == "coco":
        listed = [{"id": k, "file_name": name} for k, name in enumerate(names, 1)]
        (tmp_path / "k.json").write_text(json.dumps(coco(images=listed)))
    else:
        (tmp_path / "c.csv").write_text(cut(*(f"{name},1,{k},3,4" for k, name in enumerate(names))))
    listing = sniff(tmp_path, tmp_path)
    assert listing.target.kind == "points"
    assert "unused-files" not in {notice.code for notice in listing.notices}
    folders_read = sniff(tmp_path, tmp_path, Columns(task="classification"))
    assert folders_read.classes == ("afw", "helen") or kind == "deeplabcut"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"annotations": [*coco()["annotations"], {**coco()["annotations"][0], "id": 9}]}, r"several .* \(b\.png\)"),
        ({"annotations": [{"id": 7, "image_id": 2, "keypoints": [1, 2, 2]}]}, "expected 6 numbers"),
        ({"annotations": [{"id": 7, "image_id": 5, "category_id": 1, "keypoints": [1, 2, 2, 3, 4, 2]}]}, "ids 5"),
        ({"annotations": [{"id": 7, "image_id": 2, "category_id": 1, "keypoints": [1, 2, 2, "a", 4, 2]}]}, "numbers"),
        ({"annotations": []}, "no annotation"),
        ({"annotations": {}}, "COCO's images"),
        ({"annotations": [{"id": 7}]}, "image_id"),
    ],
)
def test_coco_files_of_another_form_are_refused(tmp_path, changes, part):
    images(tmp_path, "a.png", "b.png")
    table = coco(**changes)
    if "category_id" not in str(changes):
        table["categories"][0]["id"] = None
    (tmp_path / "k.json").write_text(json.dumps(table))
    with pytest.raises(DataError, match=part):
        keypoints.read(Folder(tmp_path), {"": "k.json"})


def cut(*rows: str, parts: str = "nose,nose,tail,tail", coords: str = "x,y,x,y") -> str:
    scorer = ",".join(["anna"] * len(parts.split(",")))
    return "\n".join([f"scorer,{scorer}", f"bodyparts,{parts}", f"coords,{coords}", *rows]) + "\n"


def test_deeplabcut_labels(tmp_path):
    images(tmp_path, "labeled-data/v/img1.png", "labeled-data/v/img2.png")
    (tmp_path / "CollectedData.csv").write_text(
        cut("labeled-data/v/img1.png,1,2,3,4", "labeled-data/v/img2.png,5,6.5,,")
    )
    (candidate,) = deeplabcut.find(Folder(tmp_path))
    listing = candidate.read()
    assert listing.target.names == ("nose", "tail")
    assert listing.target.values[0].tolist() == [[1, 2], [3, 4]]
    assert np.isnan(listing.target.values[1, 1]).all()


def test_deeplabcut_paths_in_three_columns_and_likelihoods(tmp_path):
    images(tmp_path, "labeled-data/v/img1.png", "labeled-data/v/img2.png")
    text = (
        "scorer,,,a,a,a\nbodyparts,,,nose,nose,nose\ncoords,,,x,y,likelihood\n"
        "labeled-data,v,img1.png,1,2,0.9\nlabeled-data,v,img2.png,2,3,0.9\n"
    )
    (tmp_path / "c.csv").write_text(text)
    assert deeplabcut.read(Folder(tmp_path), "c.csv").target.values.tolist() == [[[1, 2]], [[2, 3]]]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (cut("a.png,1,2,3,oops"), "tail y: 1 of 1 value .*row 4: 'oops'"),
        (cut("a.png,1,2,3"), "rows of other than 5 values"),
        (cut("a.png,1,2,3,4", coords="x,y,x,likelihood"), r"tail \(no y\)"),
        (cut("a.png,1,2,3,4", "a.png,1,2,3,5"), r"rows 4 and 5 \(a\.png\)"),
        (cut("a.png,1,2,3,4").replace("bodyparts", "individuals,m,m,m,m\nbodyparts"), "several animals"),
        ("scorer,a\n", "bodyparts"),
        (cut("a.png,1,2,3,4").replace("anna", "jos\xe9").encode("latin1"), "not UTF-8 text at byte 10"),
    ],
)
def test_deeplabcut_labels_of_another_form_are_refused(tmp_path, text, part):
    images(tmp_path, "a.png")
    (tmp_path / "c.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=part):
        deeplabcut.read(Folder(tmp_path), "c.csv")
