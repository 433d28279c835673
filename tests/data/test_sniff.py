"""One path, one set: nothing, several, or something else is said."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import class_folders, put

from convscope.data.detect import LOOKED_FOR, sniff
from convscope.errors import DataError
from real_data import real_data


def refused(path) -> str:
    with pytest.raises(DataError) as caught:
        sniff(path, path)
    return str(caught.value)


def test_empty_folder(tmp_path):
    assert refused(tmp_path) == f"{tmp_path} is empty; expected {LOOKED_FOR}"


def test_nothing_recognised(tmp_path):
    for name in ("a.txt", "b.txt", "deep/c.md"):
        put(tmp_path / name, b"x")
    assert refused(tmp_path) == (
        f"nothing to learn from was recognised at {tmp_path}: looked for {LOOKED_FOR}; found 3 files (2 .txt, 1 .md)"
    )


def test_loose_images(tmp_path):
    for name in ("a.png", "b.png"):
        put(tmp_path / name)
    assert refused(tmp_path).endswith(
        "found 2 files (2 .png); 2 images without a class: put each into the folder of its class"
    )


def test_several_sets_are_listed(tmp_path):
    class_folders(tmp_path / "pets" / "train", each=1)
    class_folders(tmp_path / "pets" / "test", each=1)
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 4, 4)), y=[0, 1])
    assert refused(tmp_path) == (
        f"{tmp_path} holds 2 sets; give the path of one of them:\n  a.npz: NumPy archive\n  pets: class folders"
    )


def test_one_set_among_other_things(tmp_path):
    put(tmp_path / "docs" / "logo.png")
    np.savez(tmp_path / "weights.npz", w=np.zeros(3))
    np.savez(tmp_path / "set.npz", x=np.zeros((2, 4, 4)), y=[0, 1])
    assert sniff(tmp_path, tmp_path).kind == "NumPy archive (x, y; (4, 4) read as grey)"


def test_a_file_that_is_no_set(tmp_path):
    assert refused(put(tmp_path / "a.png")) == f"{tmp_path}/a.png is one image, not a set; expected {LOOKED_FOR}"
    assert refused(put(tmp_path / "a.txt", b"")) == f"{tmp_path}/a.txt is a file, not a set; expected {LOOKED_FOR}"


def test_a_folder_that_cannot_be_opened(tmp_path, monkeypatch):
    import os

    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", denied)
    assert refused(tmp_path) == f"{tmp_path} cannot be opened: Permission denied; check its permissions"


def test_all_the_real_sets():
    root = real_data("hymenoptera").parent
    said = refused(root)
    for line in ("mnist: IDX files", "hymenoptera: class folders", "lc25000_lung/lc25000_lung.zip: archive"):
        assert f"\n  {line}" in said
