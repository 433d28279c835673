"""A set of 4 GB read shuffled from a cold disk, against its file read in order and against a plain memory map; and
trained within 2 GB, against the same set held in memory.

``python bench/stream.py [GIGABYTES]``. The limit is on the process's data (``ulimit -d``), which no page of a file
counts towards; before each run the file is put out of the system's cache, so that every image comes from the disk. All
contenders take turns in processes of their own, with one thread for torch: on a machine with other work, threads that
wait for each other would be all that is measured. ``peak_bytes`` is the most that lay in memory, files included.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from record import alternate, ratio, record
from skimage import data as photographs

from convscope.data.augment import Policy
from convscope.data.dataset import Split
from convscope.data.loader import Loader, Normaliser
from convscope.data.loading import load
from convscope.data.preprocessing import Preprocessing
from convscope.data.streaming import read
from convscope.models import create

SIDE, BATCH, ROUNDS = 96, 32, 3
READ, STEPS = 600, 200  # batches read alone, and trained on
LIMIT = 2 << 30
READ_MAPPED = 20  # some hundred times as slow


def make(path: Path, count: int) -> None:
    """Write pieces of scikit-image's photographs as one NPZ, never all in memory."""
    rng = np.random.default_rng(0)
    sources = [photographs.astronaut(), photographs.chelsea(), photographs.coffee(), photographs.rocket()]
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, SIDE, SIDE, 3)}
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("x.npy", "w", force_zip64=True) as stream:
            np.lib.format.write_array_header_1_0(stream, header)
            for at in range(count):
                source = sources[at % len(sources)]
                top, left = (rng.integers(0, size - SIDE + 1) for size in source.shape[:2])
                stream.write(source[top : top + SIDE, left : left + SIDE].tobytes())
        with archive.open("y.npy", "w") as stream:
            np.lib.format.write_array(stream, np.arange(count) % 4)


def evict(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def shuffled(way: str, source: Path, cache: Path) -> dict[str, float]:
    """Return images a second of reading alone and of training, in one of the ways to hold the pixels."""
    torch.set_num_threads(1)
    if way == "streamed":
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    data = load(source, cache=cache)
    assert data.cache is not None
    assert data.train.pixels.flags.writeable == (way != "streamed")
    file, train = data.cache / "pixels.npy", data.train
    if way == "memory":
        train = replace(train, pixels=np.array(train.pixels))
    evict(file)
    count = READ_MAPPED if way == "mapped" else READ
    order = np.random.default_rng(0).permutation(train.rows)[: count * BATCH].reshape(count, BATCH)
    began = time.perf_counter()
    for _ in read(train.pixels, order):
        pass
    found = {"reading": order.size / (time.perf_counter() - began)}
    return found if way == "mapped" else {**found, **trained(train, data.preprocessing, file)}


def trained(train: Split, rule: Preprocessing, file: Path) -> dict[str, float]:
    evict(file)
    batches = Loader(train, Normaliser(rule), BATCH, policy=Policy(hflip=True))
    model = create("tiny", classes=4, channels=3, size=(SIDE, SIDE))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    began = time.perf_counter()
    for batch in islice(batches.epoch(1), STEPS):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(batch.x), batch.targets[0]).backward()
        optimiser.step()
    speed = STEPS * BATCH / (time.perf_counter() - began)
    status = Path("/proc/self/status").read_text()
    return {"training": speed, "peak": 1024 * int(status.split("VmHWM:")[1].split()[0])}


def in_order(file: Path, part: float) -> dict[str, float]:
    """Return images a second of reading a stretch of the file, from another ``part`` of it each time."""
    evict(file)
    block, size = bytearray(8 << 20), READ * BATCH * SIDE * SIDE * 3
    with file.open("rb", buffering=0) as stream:
        stream.seek(int(part * file.stat().st_size))
        began = time.perf_counter()
        for _ in range(size // len(block)):
            stream.readinto(block)
        return {"reading": size // len(block) * len(block) / (SIDE * SIDE * 3) / (time.perf_counter() - began)}


def apart(way: str, source: Path, cache: Path) -> dict[str, float]:
    command = [sys.executable, __file__, way, str(source), str(cache)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main(gigabytes: float) -> None:
    count = int(gigabytes * 1e9) // (SIDE * SIDE * 3)
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as root:
        source, cache = Path(root) / "set.npz", Path(root) / "cache"
        make(source, count)
        apart("decoded", source, cache)
        (file,) = cache.glob("sets/*/pixels.npy")

        def contender(way: str) -> float:
            part = len(found.get(way, ())) / ROUNDS
            figures = in_order(file, part) if way == "in order" else apart(way, source, cache)
            found.setdefault(way, []).append(figures)
            return figures["reading"]

        ways = ("in order", "streamed", "memory", "mapped")
        alternate({way: lambda way=way: contender(way) for way in ways}, ROUNDS)
    row: dict[str, object] = {
        "images": count,
        "bytes": count * SIDE * SIDE * 3,
        "limit_bytes": LIMIT,
        "peak_bytes": max(int(each["peak"]) for each in found["streamed"]),
    }
    for what, several in (("reading", ways), ("training", ("streamed", "memory"))):
        for way in several:
            speed = float(np.median([each[what] for each in found[way]]))
            row[f"{what}_{way.replace(' ', '_')}_images_per_second"] = round(speed)

    def against(what: str, other: str) -> float:
        return ratio(*([each[what] for each in found[way]] for way in ("streamed", other)))

    row["reading_against_in_order"] = against("reading", "in order")
    row["reading_against_mapped"] = against("reading", "mapped")
    row["training_against_memory"] = against("training", "memory")
    record("stream", [{**row, "trials": ROUNDS}])


if __name__ == "__main__":
    if len(sys.argv) == 4:
        way, source, cache = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
        if way == "decoded":
            resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
            load(source, cache=cache)
            print("{}")
        else:
            print(json.dumps(shuffled(way, source, cache)))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 4.3)
