"""Zip and tar are read in place, and what could do harm is refused."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from pictures import class_folders, pixels, png

from convscope.data import load
from convscope.data.detect import sniff
from convscope.data.sources import archives
from convscope.data.sources.archives import open_files
from convscope.errors import DataError
from real_data import real_data

PICTURE = png(pixels())


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        sniff(path, path.parent)
    return str(caught.value)


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def tarred(path: Path, *members: tuple[str | tarfile.TarInfo, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_class_folders_in_an_archive(tmp_path, form):
    folder = class_folders(tmp_path / "set", each=3)
    path = tmp_path / f"pack.{form}"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, f"./{file.relative_to(tmp_path)}")
            archive.writestr("__MACOSX/set/._0.png", b"x")
    else:
        with tarfile.open(path, f"w:{form[4:]}") as archive:
            archive.add(folder, "./set")
            archive.addfile(tarfile.TarInfo("__MACOSX/._0.png"))
    listing = sniff(path, tmp_path / "cache")
    assert listing.kind == "class folders below set/"
    assert listing.classes == ("cats", "dogs")
    assert listing.ids.tolist()[0] == "set/cats/0.png"
    assert [notice.code for notice in listing.notices] == ["hidden"]
    files = open_files(path, tmp_path / "cache")
    names = ["set/dogs/2.png", "set/cats/1.png"]
    assert dict(files.items(names)) == {i: (tmp_path / name).read_bytes() for i, name in enumerate(names)}
    assert files.read(names[0]) == (tmp_path / names[0]).read_bytes()


def test_the_second_look_at_a_tar_reads_no_header(tmp_path, monkeypatch):
    path = tarred(tmp_path / "set.tar.gz", ("a/0.png", PICTURE), ("b/0.png", PICTURE), mode="w:gz")
    first = sniff(path, tmp_path)
    monkeypatch.setattr(archives, "_Bounded", None)
    second = sniff(path, tmp_path)
    assert second.ids.tolist() == first.ids.tolist()
    assert second.images.fingerprint() == first.images.fingerprint()
    assert dict(open_files(path, tmp_path).items(["b/0.png"])) == {0: PICTURE}


def test_a_copy_that_was_damaged_on_the_way_is_not_taken_for_the_one_that_was_read(tmp_path):
    """Its directory, with all checksums, stands whole at its end."""
    path = tmp_path / "pack.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(class_folders(tmp_path / "set", each=10).rglob("*.png")):
            archive.write(file, file.relative_to(tmp_path))
    load(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes(100) + whole[200:])
    with pytest.raises(DataError, match=r"^1 of 20 images cannot be read"):
        load(path)


def test_the_packed_folder_itself_is_nothing_hidden(tmp_path):
    class_folders(tmp_path / "set", each=2)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "set", ".")
    listing = sniff(tmp_path / "a.tar.gz", tmp_path)
    assert listing.name == "a"
    assert listing.ids.tolist()[0] == "cats/0.png"
    assert listing.notices == ()


def test_a_zip_made_by_windows(tmp_path):
    path = zipped(tmp_path / "a.zip", (r"set\cats\0.png", PICTURE), (r"set\dogs\0.png", PICTURE))
    listing = sniff(path, tmp_path)
    assert listing.ids.tolist() == ["set/cats/0.png", "set/dogs/0.png"]
    assert open_files(path, tmp_path).read("set/dogs/0.png") == PICTURE


@pytest.mark.parametrize("name", ["../evil.png", "a/../../evil.png", "/etc/evil.png", "a\\..\\evil.png", "C:/evil.png"])
def test_names_that_point_outside(tmp_path, name):
    said = f"holds {name!r}, a name that points outside the archive; refused"
    assert refused(zipped(tmp_path / "a.zip", ("a/0.png", PICTURE), (name, PICTURE))) == f"{tmp_path}/a.zip {said}"
    assert refused(tarred(tmp_path / "a.tar", ("a/0.png", PICTURE), (name, PICTURE))) == f"{tmp_path}/a.tar {said}"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar(tmp_path, kind):
    info = tarfile.TarInfo("a/evil.png")
    info.type, info.linkname = kind, "/etc/passwd"
    assert refused(tarred(tmp_path / "a.tar", ("a/0.png", PICTURE), (info, b""))) == (
        f"{tmp_path}/a.tar holds 'a/evil.png', a link or device; refused"
    )


def test_links_in_a_zip(tmp_path):
    info = zipfile.ZipInfo("a/evil.png")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    assert refused(zipped(tmp_path / "a.zip", (info, b"/etc/passwd"))) == (
        f"{tmp_path}/a.zip holds 'a/evil.png', a link or device; refused"
    )


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_bombs(tmp_path, monkeypatch, form):
    monkeypatch.setattr(archives, "FREE_SIZE", 1 << 20)
    zeros = bytes(5 << 20)
    path = tmp_path / f"a.{form}"
    members = (("a/0.png", zeros), ("b/0.png", zeros))
    zipped(path, *members) if form == "zip" else tarred(path, *members, mode="w:gz")
    said = refused(path)
    assert said.startswith(f"{path}: {'a/0.png' if form == 'zip' else 'its content'} would unpack to ")
    assert said.endswith("(over 200 to 1); refused as a bomb. If you trust it, unpack it yourself and give the folder")


def test_one_name_twice(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "a.zip", ("a/0.png", PICTURE), ("a/0.png", PICTURE))
    assert refused(path) == f"{path} holds 'a/0.png' twice; which one is meant?"


def test_damaged_archives(tmp_path):
    path = tarred(tmp_path / "a.tar.gz", ("a/0.png", PICTURE), ("b/0.png", PICTURE), mode="w:gz")
    path.write_bytes(path.read_bytes()[:-100])
    assert refused(path).startswith(f"{path} cannot be read as a zip or tar archive (")
    zipped(tmp_path / "b.zip", ("a/0.png", PICTURE), ("b/0.png", PICTURE))
    data = bytearray((tmp_path / "b.zip").read_bytes())
    data[60] ^= 255  # within the first picture
    (tmp_path / "b.zip").write_bytes(data)
    payloads = dict(open_files(tmp_path / "b.zip", tmp_path).items(["a/0.png", "b/0.png"]))
    assert isinstance(payloads[0], Exception)
    assert payloads[1] == PICTURE


def test_encrypted_zip(tmp_path):
    path = zipped(tmp_path / "a.zip", ("a/0.png", PICTURE))
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refused(path) == f"{path} is encrypted ('a/0.png'); unpack it with its password first"


def test_cifar_jpegs(tmp_path):
    listing = sniff(real_data("cifar10") / "cifar10_jpg.tar.gz", tmp_path)
    assert listing.kind == "class folders in split folders (train, test)"
    assert len(listing.ids) == 60_000
    assert len(listing.classes) == 10
