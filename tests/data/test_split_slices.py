"""A split file names slices: slabs of volumes, or pages that are images; what it says of none is in no split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import convscope
from convscope.errors import ConfigError, DataError

DEPTHS = {"a": 12, "b": 8}


def voxels(name: str) -> np.ndarray:
    return np.random.default_rng(DEPTHS[name]).integers(0, 255, (DEPTHS[name], 20, 18), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two stacks of twelve and eight slices with their masks."""
    (tmp_path / "set").mkdir()
    for name, depth in DEPTHS.items():
        mask = np.zeros((depth, 20, 18), np.uint8)
        mask[:, 4:12, 5:14] = 1
        for ending, values in (("", voxels(name)), ("_mask", mask)):
            tifffile.imwrite(tmp_path / "set" / f"{name}{ending}.tif", values, photometric="minisblack")
    return tmp_path / "set"


def loaded(folder: Path, rows: str, **options: Any) -> convscope.Data:
    """Load the set with a split file of these rows, one a line."""
    file = folder.parent / "split.csv"
    file.write_text("id,split\n" + "\n".join(rows.split()))
    settings: dict[str, Any] = {"cache": folder.parent / "cache", "stacks": "volumes", "split_file": file, **options}
    return convscope.load(folder, **settings)


def test_slabs_are_where_the_file_says_and_gaps_are_in_no_split(folder: Path) -> None:
    data = loaded(folder, "a.tif:4-5,valid a.tif:7-9,test a.tif:0-3,train b.tif,train")
    ids = {part.name: [str(name) for name in part.ids] for part in data.splits}
    assert ids == {"train": ["a.tif[0:4]", "b.tif"], "valid": ["a.tif[4:6]"], "test": ["a.tif[7:10]"]}
    assert data.facts["splits"].endswith("says; in no split: a.tif[6:7], a.tif[10:12])")
    for part in data.splits:
        for k, name in enumerate(part.ids.tolist()):
            first, last = (map(int, name[6:-1].split(":"))) if "[" in name else (0, None)
            assert np.array_equal(part.input.take(np.array([k]))[0][..., 0], voxels(name[0])[first:last])
    assert [m.shape for m in data.train.target.take(np.array([0, 1]))] == [(4, 20, 18), (8, 20, 18)]
    assert len(data.everything) == 4


def test_the_split_of_a_run_is_such_a_file(folder: Path) -> None:
    drawn = loaded(folder, "", split_file=None, valid=2, test=3)
    rows = [f"{name},{part.name}" for part in drawn.splits for name in part.ids]
    again = loaded(folder, " ".join(rows))
    assert again.fingerprint == drawn.fingerprint
    assert [part.ids.tolist() for part in again.splits] == [part.ids.tolist() for part in drawn.splits]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.tif:0-5,train a.tif:5-7,valid b.tif,test", r"a.tif\[5:8\] and a.tif\[0:6\] share slices"),
        ("a.tif:0-5,train a.tif:6-12,valid b.tif,test", r"a.tif:6-12 is none of the slices of a.tif.*0 to 11"),
        ("a.tif:5-2,train b.tif,valid", "a.tif:5-2 is none of the slices"),
        ("a.tif:0-5,train a.tif:6-7,valid", "1 volume without a row, such as b.tif"),
        ("a.tif:0-5,train a.tif:6-7,test b.tif,test", "no slices in valid"),
        ("a.tif:0-5,train c.tif:0-3,valid b.tif,test", "the row c.tif:0-3 is none of .*a.tif, b.tif; .*a.tif:0-19"),
    ],
)
def test_rows_that_cannot_be_are_named(folder: Path, rows: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        loaded(folder, rows)


def test_folds_are_not_for_volumes_that_are_cut(folder: Path) -> None:
    with pytest.raises(ConfigError, match="--folds: volumes whose slices --split-file divides"):
        loaded(folder, "a.tif:0-5,train a.tif:6-7,valid b.tif,test", folds=2, fold=1)


def test_pages_that_are_images_are_named_together_too(folder: Path) -> None:
    data = loaded(folder, "a.tif:0-8,train a.tif[9],valid a.tif[10:12],test b.tif:0-7,train", stacks="auto")
    assert [len(part) for part in data.splits] == [17, 1, 2]
    assert data.test is not None and data.test.ids.tolist() == ["a.tif[10]", "a.tif[11]"]
    with pytest.raises(DataError, match=r"a.tif\[8\] is in train and, with a.tif:8-11, in valid"):
        loaded(folder, "a.tif:0-8,train a.tif:8-11,valid b.tif:0-7,test", stacks="auto")
    with pytest.raises(DataError, match=r"what the set does not hold, such as a.tif\[12\]"):
        loaded(folder, "a.tif:0-10,train a.tif:11-12,valid b.tif:0-7,test", stacks="auto")
