"""Decoded once; found again; rebuilt when something changed; whole or not there."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pictures import class_folders, encoded, pixels, png, put
from PIL import Image

from convscope.data.detect import sniff
from convscope.data.ingest import pool, store
from convscope.data.ingest.build import Size
from convscope.data.ingest.store import directory, entry
from convscope.data.loading import load
from convscope.errors import DataError, Error

SIZE = Size(None, "crop", 10**8)


def quiet(what: str, done: int, total: int) -> None:
    pass


def cached(path: Path, root: Path, size: Size = SIZE, cores: int = 1) -> store.Entry:
    return entry(sniff(path, root).images, size, root, cores, quiet)


@pytest.fixture
def folder(tmp_path) -> Path:
    return class_folders(tmp_path / "set", each=4)


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "cache"


def test_pixels_and_facts(folder, root):
    made = cached(folder, root)
    assert not made.hit
    assert made.pixels.shape == (8, 12, 10, 3)
    assert (made.pixels[5] == pixels(seed=5)).all()
    assert made.index["low"][5] == pixels(seed=5).min()
    assert (made.index["total"][5] == pixels(seed=5).sum((0, 1))).all()
    assert (made.index["height"] == 12).all()
    assert len(np.unique(made.index["content"], axis=0)) == 8


def test_the_second_start_reads_no_image(folder, root, monkeypatch):
    first = cached(folder, root)
    monkeypatch.setattr(pool, "open_image", None)
    monkeypatch.setattr(Path, "read_bytes", None)
    second = cached(folder, root)
    assert second.hit
    assert (second.pixels == first.pixels).all()
    assert second.index.tobytes() == first.index.tobytes()
    assert (second.rule, second.why, second.seconds) == (first.rule, first.why, first.seconds)


def test_torch_takes_the_pixels_without_a_warning_and_the_file_stays(folder, root):
    torch = pytest.importorskip("torch")
    made = cached(folder, root)
    tensor = torch.from_numpy(made.pixels)
    before = int(tensor[0, 0, 0, 0])
    tensor[0, 0, 0, 0] = before ^ 1
    assert cached(folder, root).pixels[0, 0, 0, 0] == before


def test_a_changed_file_is_decoded_again(folder, root):
    cached(folder, root)
    put(folder / "cats" / "1.png", png(pixels(seed=99)))
    again = cached(folder, root)
    assert not again.hit
    assert (again.pixels[1] == pixels(seed=99)).all()


def test_a_change_that_leaves_size_and_time_alone(tmp_path, root):
    path = class_folders(tmp_path / "set", each=2)
    first, second = path / "cats" / "0.png", path / "cats" / "1.png"
    for file in path.rglob("*.png"):
        os.utime(file, ns=(0, 0))
    cached(path, root)
    data = bytearray(first.read_bytes())
    first.write_bytes(data[:-1] + b"?")  # as long as before
    os.utime(first, ns=(0, 0))
    assert second.stat().st_mtime_ns == first.stat().st_mtime_ns == 0
    assert not cached(path, root).hit


def test_new_labels_need_no_decoding(folder, root):
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))
    for labels in ("ababab", "bbbaaa"):
        (folder / "t.csv").write_text(
            "image,label\n" + "".join(f"{n},{v}\n" for n, v in zip(names, labels, strict=False))
        )
        found = cached(folder, root)
    assert found.hit


def test_other_sizing_is_another_entry(folder, root):
    cached(folder, root)
    small = cached(folder, root, Size(6, "crop", 10**8))
    assert not small.hit
    assert small.pixels.shape == (8, 6, 6, 3)


@pytest.mark.parametrize("damage", ["set.json", "pixels.npy", "images.npy"])
def test_a_damaged_entry_is_built_again_and_it_is_said(folder, root, damage):
    made = cached(folder, root)
    assert made.rebuilt == ""
    (made.folder / damage).write_bytes(b"\x93NUMPY")
    again = cached(folder, root)
    assert not again.hit and again.rebuilt.startswith("the decoded images in the cache were damaged (")
    assert (again.pixels == cached(folder, root).pixels).all()
    assert cached(folder, root).rebuilt == ""


@pytest.mark.parametrize("name", ["set.json", "pixels.npy", "images.npy"])
@pytest.mark.parametrize("where", [0.02, 0.5, 0.97])
def test_a_single_changed_byte_is_seen(folder, root, name, where):
    made = cached(folder, root)
    pixels_before, index_before = made.pixels.copy(), made.index.tobytes()
    data = bytearray((made.folder / name).read_bytes())
    data[int(where * len(data))] ^= 1
    (made.folder / name).write_bytes(data)
    again = cached(folder, root)
    assert not again.hit
    assert (again.pixels == pixels_before).all() and again.index.tobytes() == index_before


@pytest.mark.parametrize("name", ["pixels.npy", "images.npy"])
def test_a_truncated_file_is_seen(folder, root, name):
    made = cached(folder, root)
    os.truncate(made.folder / name, (made.folder / name).stat().st_size - 1)
    again = cached(folder, root)
    assert not again.hit and "damaged" in again.rebuilt


def test_an_entry_without_checksums_is_built_again_said_and_removed(folder, root, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(store, "VERSION", 1)
        older = cached(folder, root)
    newer = cached(folder, root)
    assert not newer.hit and "without checksums, as an earlier version wrote them" in newer.rebuilt
    assert not older.folder.exists() and cached(folder, root).rebuilt == ""


def test_a_set_says_that_it_was_decoded_anew(folder, root):
    before = load(folder, cache=root)
    pixels = before.cache / "pixels.npy"
    content = bytearray(pixels.read_bytes())
    content[-100:] = bytes(100)
    pixels.write_bytes(content)
    found = load(folder, cache=root)
    (notice,) = [notice for notice in found.warnings if notice.code == "cache"]
    assert "1 of 8 images are not as they were written): decoded again" in notice.text
    assert found.fingerprint == before.fingerprint


def test_mixed_sizes_found_late(tmp_path, root):
    """The 65th of 200 images differs: the sample misses it, the pass over all does not."""
    for i in range(200):
        put(tmp_path / "set" / "ab"[i % 2] / f"{i:03}.png", seed=i)
    put(tmp_path / "set" / "a" / "130.png", png(pixels(30, 20)))
    made = cached(tmp_path / "set", root)
    assert made.pixels.shape == (200, 10, 10, 3)
    assert made.why.startswith("mixed sizes, scaled to 10 × 10")
    assert sorted(np.unique(made.index["height"])) == [12, 30]


def test_mixed_sizes_found_late_by_threads(tmp_path, root):
    picture = encoded(Image.fromarray(pixels(24, 20)), "JPEG")
    for i in range(300):
        put(tmp_path / "set" / "ab"[i % 2] / f"{i:03}.jpg", picture)
    put(tmp_path / "set" / "b" / "203.jpg", encoded(Image.fromarray(pixels(50, 60)), "JPEG"))
    made = cached(tmp_path / "set", root, cores=2)
    assert made.pixels.shape == (300, 20, 20, 3)
    assert made.pixels.any((1, 2, 3)).all()


def test_mixed_types_are_named(tmp_path, root):
    class_folders(tmp_path / "set", each=2)
    put(tmp_path / "set" / "cats" / "deep.png", png(pixels(dtype=np.uint16)))
    with pytest.raises(DataError) as caught:
        cached(tmp_path / "set", root)
    assert str(caught.value) == (
        "the images are of different types (1 uint16, 4 uint8), which share no scale; convert them to one:\n"
        "  cats/0.png: 3 channels, uint8\n  cats/deep.png: 3 channels, uint16"
    )


def test_all_bad_files_at_once(folder, root):
    put(folder / "cats" / "1.png", b"no image")
    put(folder / "dogs" / "2.png", b"")
    (folder / "dogs" / "gone.png").symlink_to("nowhere")
    made = cached(folder, root)
    assert made.bad == {
        1: "not an image: expected PNG, JPEG, BMP, TIFF, GIF, WebP, PNM or .npy, "
        "found a file that begins with b'no image'",
        6: "the file is empty",
        8: "cannot be opened: No such file or directory",
    }
    assert (made.index["height"] == 0).sum() == 3
    assert cached(folder, root).bad == made.bad


@pytest.mark.parametrize(("form", "patience"), [("JPEG", 60), ("PNG", 0)], ids=["threads", "processes"])
def test_workers_give_the_same_bytes(tmp_path, root, monkeypatch, form, patience):
    picture = Image.fromarray(pixels(6, 6)).resize((40, 40))
    for i in range(600):
        picture.putpixel((i % 40, i // 40), (255, 0, 0))
        put(tmp_path / "set" / "ab"[i % 2] / f"{i:03}.img.{form.lower()}", encoded(picture, form))
    put(tmp_path / "set" / "a" / f"500.img.{form.lower()}", b"broken")
    alone = cached(tmp_path / "set", root / "alone")
    monkeypatch.setattr(pool, "PATIENCE", patience)
    together = cached(tmp_path / "set", root / "together", cores=2)
    assert (together.pixels == alone.pixels).all()
    assert together.index.tobytes() == alone.index.tobytes()
    assert together.bad == alone.bad != {}


def test_processes_need_no_main_guard_and_import_no_torch(tmp_path, root):
    class_folders(tmp_path / "set", each=300)
    script = tmp_path / "script.py"
    script.write_text(
        "print('started')\n"
        "import sys\n"
        "from pathlib import Path\n"
        "from convscope.data import cache, workers\n"
        "from convscope.data.ingest.build import Size\n"
        "from convscope.data.detect import sniff\n"
        "pool.PATIENCE = 0\n"
        f"root = Path({str(root)!r})\n"
        f"images = sniff(Path({str(tmp_path / 'set')!r}), root).images\n"
        "made = store.entry(images, Size(None, 'crop', 10**8), root, 2, lambda *a: None)\n"
        "print(made.pixels.shape, 'torch' in sys.modules, 'joblib' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "started\n(600, 12, 10, 3) False True\n", done.stderr


def _build(folder: Path, root: Path) -> None:
    assert cached(folder, root).pixels.shape[0] == 8


def test_builders_at_the_same_time(folder, root):
    context = multiprocessing.get_context("fork")
    builders = [context.Process(target=_build, args=(folder, root)) for _ in range(4)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(30)
    assert [builder.exitcode for builder in builders] == [0] * 4
    assert [path.name[0] != "." for path in (root / "sets").iterdir()] == [True]


def test_what_a_killed_builder_left_is_swept_up(folder, root):
    old, young = root / "sets" / ".new-old", root / "sets" / ".new-young"
    for left in (old, young):
        put(left / "pixels.npy", b"half")
    os.utime(old, (time.time() - 3600,) * 2)
    assert cached(folder, root).pixels.shape[0] == 8
    assert not old.exists()
    assert young.exists()  # may be about to be locked


def test_nothing_is_left_of_a_build_that_failed(folder, root, monkeypatch):
    def fail(*_):
        raise RuntimeError("interrupted")

    monkeypatch.setattr(store, "fill", fail)
    with pytest.raises(RuntimeError):
        cached(folder, root)
    assert list((root / "sets").iterdir()) == []


def test_a_full_disk_is_explained(folder, root, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(Error) as caught:
        cached(folder, root)
    said = str(caught.value)
    assert said.startswith(f"the decoded images need 0.0 MB in the cache {root}, which has ")
    assert said.endswith(
        " MB free; make room, choose a smaller --img-size, or name a folder on a larger disk with --cache DIR"
    )


def test_an_unwritable_cache_is_explained(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Error) as caught:
        cached(folder, tmp_path / "file")
    assert str(caught.value) == (
        f"the cache {tmp_path}/file cannot be written (Not a directory); "
        "name a folder that can be with --cache DIR or CONVSCOPE_CACHE"
    )


def test_which_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVSCOPE_CACHE", "/a")
    assert directory("/b") == Path("/b")
    assert directory() == Path("/a")
    monkeypatch.delenv("CONVSCOPE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    assert directory() == Path("/c/convscope")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert directory() == Path.home() / ".cache" / "convscope"


def test_the_entry_says_what_it_is(folder, root):
    made = cached(folder, root)
    facts = json.loads((made.folder / "set.json").read_text())
    assert facts["rule"]["height"] == 12
    assert facts["why"] == "all images are 12 × 10: kept"
