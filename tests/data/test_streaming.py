"""A set too large for memory: the same batches, read from the file, without a trace afterwards."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convscope.data import mapped, memory, streaming
from convscope.data.augment import Policy
from convscope.data.dataset import Data, Split
from convscope.data.loader import Loader, Normaliser
from convscope.data.loading import load
from convscope.data.mapped import source
from convscope.data.preprocessing import Preprocessing
from convscope.data.spec import Classes
from convscope.errors import DataError
from convscope.runs.predictor import Predictor
from convscope.tasks.registry import task

COUNT, SIDE = 1000, 96  # 28 MB of pixels

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system takes no advice on reading")


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("stream") / "pixels.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), dtype=np.uint8))
    return path


def batches(file: Path, mode: str, size: int = 64, policy: str = "none") -> Loader:
    """Return the batches of every second image, mapped as the cache does: "c" fits in memory, "r" does not."""
    pixels = np.load(file, mmap_mode=mode).view(np.ndarray)
    rows = np.arange(0, len(pixels), 2)
    split = Split("train", pixels, rows, rows % 7, rows.astype(str))
    rule = Preprocessing(3, SIDE, SIDE, "crop", "uint8", (120.0,) * 3, (60.0,) * 3)
    return Loader(split, Normaliser(rule), size, seed=1, policy=Policy.parse(policy))


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - links, some already gone


@pytest.mark.parametrize("size", [1, 64, 499, 1000])
def test_the_same_batches_in_the_same_order(file, size):
    mapped, streamed = batches(file, "c", size), batches(file, "r", size)
    for a, b in zip(mapped.sequential(), streamed.sequential(), strict=True):
        assert torch.equal(a.x, b.x) and torch.equal(a.targets[0], b.targets[0])
    for a, b in zip(mapped.epoch(2, start=len(mapped) // 2), streamed.epoch(2, start=len(mapped) // 2), strict=True):
        assert torch.equal(a.x, b.x) and torch.equal(a.targets[0], b.targets[0])


def test_mixup_reads_the_partners_too(file):
    policy = "hflip mixup=0.3"
    for a, b in zip(batches(file, "c", 50, policy).epoch(0), batches(file, "r", 50, policy).epoch(0), strict=True):
        assert torch.equal(a.x, b.x) and torch.equal(a.mixed.targets[0], b.mixed.targets[0])


@given(st.lists(st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=40), max_size=30))
def test_any_rows_in_any_order(file, wanted):
    pixels = np.load(file, mmap_mode="r").view(np.ndarray)
    rows = [np.array(each) for each in wanted]
    for each, found in zip(rows, streaming.read(pixels, iter(rows)), strict=True):
        assert (found == pixels[each]).all()


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_wider_pixels(tmp_path, dtype):
    values = np.random.default_rng(0).integers(0, 1000, (20, 4, 5, 2)).astype(dtype)
    np.save(tmp_path / "p.npy", values)
    pixels = np.load(tmp_path / "p.npy", mmap_mode="r")
    for each in (pixels, pixels.view(np.ndarray), pixels[5:], pixels[::3]):  # of views the rows are the view's
        (found,) = streaming.read(each, [np.array([4, 0, 1])])
        assert found.dtype == dtype
        assert (found == np.asarray(each)[[4, 0, 1]]).all()


def mapped_bytes(file: Path) -> int:
    """Return how much of the file's maps lies in this process's memory."""
    found, mine = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            mine = line.endswith(str(file))
        elif mine and line.startswith("Rss:"):
            found += int(line.split()[1]) * 1024
    return found


def test_no_mapped_pages_gather_in_memory(file):
    streamed = batches(file, "r")
    for _ in streamed.epoch(0):
        pass
    assert mapped_bytes(file) < 1 << 20
    for _ in batches(file, "c").epoch(0):  # the other way they do
        pass
    assert mapped_bytes(file) == 0  # and go with their map
    held = batches(file, "c")
    list(held.epoch(0))
    assert mapped_bytes(file) > COUNT // 2 * SIDE * SIDE * 3


def test_a_bounded_number_of_bytes_is_announced(file, monkeypatch):
    announced = []
    advise = os.posix_fadvise

    def noted(handle, at, length, advice):
        if advice == os.POSIX_FADV_WILLNEED:
            announced.append(length)
        advise(handle, at, length, advice)

    monkeypatch.setattr(os, "posix_fadvise", noted)
    one = 50 * SIDE * SIDE * 3
    monkeypatch.setattr(streaming, "AHEAD_BYTES", 3 * one)
    streamed = batches(file, "r", 50).epoch(0)
    for at, _ in enumerate(streamed):
        assert sum(announced) == min(10, at + 4) * one
    announced.clear()
    for _ in batches(file, "c", 50).epoch(0):
        pass
    assert announced == []  # a small set costs nothing


@pytest.mark.parametrize("end", [GeneratorExit, KeyboardInterrupt])
def test_the_file_is_closed_when_the_reader_stops_early(file, end):
    before = open_files()
    streamed = batches(file, "r")
    held = open_files()
    with pytest.raises(end):
        for _ in streamed.epoch(0):
            assert open_files() == held + 1
            raise end
    del streamed
    assert open_files() == before


def test_a_cache_removed_meanwhile_is_told(tmp_path, file):
    copy = tmp_path / "pixels.npy"
    copy.write_bytes(file.read_bytes())
    streamed = batches(copy, "r")
    os.truncate(copy, copy.stat().st_size // 2)
    with pytest.raises(DataError) as caught:
        list(streamed.epoch(0))
    assert str(caught.value) == (
        f"the decoded images {copy} have become fewer; remove the file's folder and load the set again"
    )
    copy.unlink()
    with pytest.raises(DataError) as caught:
        list(streamed.epoch(0))
    assert str(caught.value) == (
        f"the decoded images {copy} can no longer be read (No such file or directory); load the set again"
    )


def test_the_cache_decides_by_the_memory_there_is(tmp_path, monkeypatch):
    np.savez(tmp_path / "set.npz", x=np.zeros((40, 8, 8), np.uint8) + np.arange(40, dtype=np.uint8)[:, None, None],
             y=np.arange(40) % 2)  # fmt: skip
    size = 40 * 64 + 128
    for most, fits in ((2 * size - 1, False), (2 * size, True), (None, True)):
        monkeypatch.setattr(memory, "available", lambda most=most: most)
        data = load(tmp_path / "set.npz", cache=tmp_path / "cache")
        assert data.train.pixels.flags.writeable is fits
        assert source(data.train.pixels).mode == ("c" if fits else "r")


def test_the_memory_limit_of_a_group_or_of_those_above_it(tmp_path):
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal:  3000 kB\nMemAvailable:    2000 kB\nHugePages_Total:  0\n")

    def limit(path: str, text: str) -> None:
        (groups / path).parent.mkdir(parents=True, exist_ok=True)
        (groups / path).write_text(text)

    def found(told: str) -> int | None:
        (proc / "self" / "cgroup").write_text(told)
        return memory.available(proc, groups)

    assert found("0::/job/step\n") == 2000 * 1024
    limit("job/step/memory.max", "max\n")
    assert found("0::/job/step\n") == 2000 * 1024
    limit("job/memory.max", "1000\n")
    assert found("0::/job/step\n") == 1000
    limit("memory/memory.limit_in_bytes", "700\n")  # a container sees its own group as the topmost
    assert found("4:cpu,cpuacct:/x\n3:memory:/docker/abc\n") == 700
    assert memory.available(tmp_path / "nothing", groups) is None


def cached(tmp_path: Path, monkeypatch, *, fits: bool) -> tuple[Data, Path]:
    """Return a set in the cache, checked image by image, as a large one is; and the file of its pixels."""
    monkeypatch.setattr(mapped, "AT_ONCE", 0)
    monkeypatch.setattr(mapped, "fits", lambda size: fits)
    x = np.random.default_rng(0).integers(0, 256, (40, 64, 64), dtype=np.uint8)
    np.savez(tmp_path / "set.npz", x=x, y=np.arange(40) % 2)
    data = load(tmp_path / "set.npz", cache=tmp_path / "cache")
    (path,) = tmp_path.glob("cache/sets/*/pixels.npy")
    return data, path


def every_batch(data: Data) -> None:
    for _ in Loader(data.train, Normaliser(data.preprocessing), 8, seed=1).epoch(0):
        pass


def every_answer(data: Data) -> np.ndarray:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64 * 64, 2))
    predictor = Predictor(model.eval(), data.preprocessing, task("classification"), Classes(data.classes))
    return predictor.predictions(data.train)


@pytest.mark.parametrize("fits", [True, False])
def test_a_damaged_image_of_a_large_set_is_told_when_it_is_read_and_decoded_anew_later(tmp_path, monkeypatch, fits):
    data, path = cached(tmp_path, monkeypatch, fits=fits)
    row = int(data.train.rows[7])
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - (40 - row) * 64 * 64 + 5)
        file.write(b"?")
    fresh = load(tmp_path / "set.npz", cache=tmp_path / "cache")
    assert fresh.train.images(6).shape == (1, 64, 64)  # the others are as they were
    with pytest.raises(DataError, match=rf"damaged: image {row} of .*pixels.npy is not as it was written.*--resume"):
        every_batch(fresh)
    with pytest.raises(DataError, match="damaged"):
        fresh.train.images()
    with pytest.raises(DataError, match="damaged"):
        every_answer(fresh)
    again = load(tmp_path / "set.npz", cache=tmp_path / "cache")
    assert again.fingerprint == data.fingerprint
    assert (again.train.images() == np.load(tmp_path / "set.npz")["x"][again.train.rows][:, None]).all()
    every_batch(again)


@pytest.mark.parametrize("fits", [True, False])
def test_a_file_that_becomes_shorter_while_it_is_read_is_told(tmp_path, monkeypatch, fits):
    """Memory mapped from what is no longer there would kill the process without a word."""
    data, path = cached(tmp_path, monkeypatch, fits=fits)
    os.truncate(path, 4096)
    with pytest.raises(DataError, match="have become fewer"):
        every_batch(data)
    with pytest.raises(DataError, match="have become fewer"):
        data.train.images()
    with pytest.raises(DataError, match="have become fewer"):
        every_answer(data)


def test_what_is_written_into_the_array_is_no_damage(tmp_path, monkeypatch):
    data, _ = cached(tmp_path, monkeypatch, fits=True)
    data.train.pixels[data.train.rows[3]] ^= 1
    every_batch(data)


def test_an_image_is_checked_once(tmp_path, monkeypatch):
    data, _ = cached(tmp_path, monkeypatch, fits=True)
    every_batch(data)
    every_answer(data)
    monkeypatch.setattr(mapped, "checksums_of", None)
    every_batch(data)
