"""Names that look alike are equal, whoever wrote them in which Unicode form; and no two classes share one."""

from __future__ import annotations

import io
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pictures import pixels, png, put

from convscope.data import find_images, load
from convscope.data.detect import sniff
from convscope.errors import DataError
from renaming import renamed

NAMES = ("café", "thé")


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def picture(seed: int) -> bytes:
    return png(pixels(seed=seed))


def two_forms(root: Path, each: int = 4) -> dict[str, bytes]:
    """Return the files of a set whose train folders are composed, and whose test folders are not."""
    files = {}
    for k, name in enumerate(NAMES):
        for i in range(each):
            files[f"{root}train/{name}/é{i}.png"] = picture(100 * k + i)
            files[nfd(f"{root}test/{name}/ö{i}.png")] = picture(100 * k + i + 50)
    return files


def folder(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        put(root / name, data)
    return root


def as_zip(path: Path, files: dict[str, bytes], *, flag: bool = True) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    raw = bytearray(path.read_bytes())
    for signature, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        where = raw.find(signature)
        while not flag and where >= 0:  # take back what says that names are UTF-8, as macOS' zip does
            raw[where + at + 1] &= ~0x08
            where = raw.find(signature, where + 1)
    path.write_bytes(raw)
    return path


def as_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("kind", ["folder", "zip", "zip without the flag for UTF-8", "tar"])
def test_class_folders_in_two_forms_are_one_class_each(tmp_path, kind):
    files = two_forms("")
    path = {
        "folder": lambda: folder(tmp_path / "set", files),
        "zip": lambda: as_zip(tmp_path / "set.zip", files),
        "zip without the flag for UTF-8": lambda: as_zip(tmp_path / "set.zip", files, flag=False),
        "tar": lambda: as_tar(tmp_path / "set.tar.gz", files),
    }[kind]()
    for _ in range(2):  # a tar's directory is remembered
        listing = sniff(path, tmp_path / "cache")
        assert listing.classes == NAMES
        assert listing.ids.tolist()[0] == "test/café/ö0.png"
        assert not listing.notices
    data = load(path, cache=tmp_path / "cache")
    assert [len(part) for part in data.splits] == [6, 2, 8]
    first = data.test.images(0)
    assert (np.moveaxis(first, 0, -1) == pixels(seed=50)).all()


def test_files_whose_names_differ_in_form_only_are_named(tmp_path):
    files = {"a/é.png": picture(0), nfd("a/é.png"): picture(1), "b/0.png": picture(2)}
    for path in (folder(tmp_path / "set", files), as_zip(tmp_path / "s.zip", files), as_tar(tmp_path / "s.tgz", files)):
        with pytest.raises(DataError) as caught:
            sniff(path, tmp_path / "cache")
        assert "a/é.png" in str(caught.value) and "NFC" in str(caught.value)


def test_sibling_folders_that_differ_in_form_only_are_one_class_and_it_is_said(tmp_path):
    files = {"é/0.png": picture(0), nfd("é/1.png"): picture(1), "b/0.png": picture(2)}
    for path in (folder(tmp_path / "set", files), as_zip(tmp_path / "s.zip", files), as_tar(tmp_path / "s.tgz", files)):
        listing = sniff(path, tmp_path / "cache")
        assert listing.classes == ("b", "é") and listing.ids.tolist() == ["b/0.png", "é/0.png", "é/1.png"]
        assert [(notice.code, notice.examples) for notice in listing.notices] == [("unicode-forms", ("é",))]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_tables_name_files_and_classes_in_either_form(tmp_path, ending):
    folder(tmp_path, {nfd(f"pictures/ö{i}.png"): picture(i) for i in range(4)})
    rows = [("ö0", "café"), ("ö1", nfd("café")), (nfd("ö2"), "thé"), ("ö3", nfd("thé"))]
    lines = {
        "csv": ["image,label", *(f"{image},{label}" for image, label in rows)],
        "jsonl": [f'{{"image": "{image}", "label": "{label}"}}' for image, label in rows],
    }[ending]
    (tmp_path / f"table.{ending}").write_text("\n".join(lines), encoding="utf-8")
    listing = sniff(tmp_path, tmp_path / "cache")
    assert listing.classes == NAMES and listing.labels.tolist() == [0, 0, 1, 1]


def test_text_labels_of_arrays_in_two_forms(tmp_path):
    np.savez(tmp_path / "set.npz", x=np.zeros((4, 6, 6), np.uint8), y=np.array(["é", nfd("é"), "b", "b"]))
    listing = sniff(tmp_path / "set.npz", tmp_path)
    assert listing.classes == ("b", "é") and listing.labels.tolist() == [1, 1, 0, 0]


def test_images_in_folders_of_either_form_are_found_for_prediction(tmp_path):
    folder(tmp_path, {nfd("é/ö.png"): picture(0)})
    (path,) = find_images([tmp_path])
    assert path.read_bytes() == picture(0)


@pytest.mark.parametrize("dtype", [str, bytes])
def test_class_names_of_arrays(tmp_path, dtype):
    names = [b"crane", b"heron"] if dtype is bytes else ["crane", "heron"]
    np.savez(tmp_path / "set.npz", x=np.zeros((2, 6, 6), np.uint8), y=[0, 1], class_names=np.array(names))
    assert sniff(tmp_path / "set.npz", tmp_path).classes == ("crane", "heron")


@pytest.mark.parametrize("names", [["crane", "heron", "crane"], ["é", "b", nfd("é")]])
def test_two_classes_of_one_name_are_refused_with_their_numbers(tmp_path, names):
    np.savez(tmp_path / "set.npz", x=np.zeros((3, 6, 6), np.uint8), y=[0, 1, 2], class_names=np.array(names))
    with pytest.raises(DataError, match=r"at 0 and 2; give each class a name of its own"):
        sniff(tmp_path / "set.npz", tmp_path)


def test_two_classes_of_one_name_in_cifar_batches_are_refused(tmp_path):
    records = np.zeros((3, 3073), np.uint8)
    records[:, 0] = [0, 1, 2]
    records.tofile(tmp_path / "data_batch_1.bin")
    (tmp_path / "batches.meta.txt").write_text("crane\nheron\ncrane\n")
    with pytest.raises(DataError, match="'crane' at 0 and 2"):
        sniff(tmp_path, tmp_path / "cache")


def test_two_classes_of_one_name_in_a_set_made_by_hand_are_refused(tmp_path):
    files = {f"{k}/{i}.png": picture(10 * k + i) for k in range(2) for i in range(5)}
    data = load(folder(tmp_path, files), cache=tmp_path / "cache")
    with pytest.raises(DataError, match="'a' at 0 and 1"):
        renamed(data, ("a", "a"))


def test_letters_that_only_look_alike_stay_apart(tmp_path):
    files = {f"{name}/{i}.png": picture(i) for name in ("\uff21", "A") for i in range(2)}  # one of full width
    assert sniff(folder(tmp_path, files), tmp_path / "cache").classes == ("A", "\uff21")
