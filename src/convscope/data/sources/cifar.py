"""CIFAR's binary batches: records of one label byte, then 32×32 red, green and blue bytes, plane after plane."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from convscope.data.listing import Listing, Target
from convscope.data.sources.arrays import ArrayImages, numbered_ids, split_names
from convscope.data.sources.candidate import Candidate, class_names
from convscope.data.sources.files import Files, set_name
from convscope.errors import DataError

PATTERN = re.compile(r"(?:data|test)_batch(?:_\d+)?\.bin")
RECORD = 1 + 3 * 32 * 32


def find(files: Files) -> list[Candidate]:
    """Return a candidate for each folder with ``data_batch_*.bin`` or ``test_batch.bin``."""
    sets: dict[str, list[str]] = {}
    for name in files.names:
        folder, _, last = name.rpartition("/")
        if PATTERN.fullmatch(last):
            sets.setdefault(folder, []).append(name)
    return [
        Candidate(
            "CIFAR batches",
            folder or ".",
            lambda folder=folder, names=names: _list(files, folder, names),
            tells_images=False,
        )
        for folder, names in sets.items()
    ]


def _list(files: Files, folder: str, names: list[str]) -> Listing:
    names = sorted(names)  # data_batch_1, 2, ..., then test_batch
    counts, labels = [], []
    for name, records in _batches(files, names):
        counts.append(("test" if "test_batch" in name else "train", len(records)))
        labels.append(records[:, 0])
    meta = f"{folder}/batches.meta.txt".lstrip("/")
    known = files.read(meta).decode().split() if meta in files.names else None
    coded, classes = class_names(str(files.path), np.concatenate(labels), known)

    def blocks() -> Iterator[np.ndarray]:
        for _, records in _batches(files, names):
            yield np.moveaxis(records[:, 1:].reshape(-1, 3, 32, 32), 1, -1)

    totals = {split: sum(count for s, count in counts if s == split) for split, _ in counts}
    images = ArrayImages(len(coded), (32, 32, 3), np.dtype(np.uint8), files.fingerprint(names), blocks)
    kind = f"CIFAR binary batches ({len(names)} files)"
    target = Target("class", coded, classes)
    return Listing(
        set_name(files.path), kind, images, numbered_ids(totals.items()), target, split_names(totals.items())
    )


def _batches(files: Files, names: list[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each batch's records (k, 3073) uint8, in the order of ``names``."""
    held: dict[int, np.ndarray] = {}
    waiting = 0
    for i, payload in files.items(names):
        if isinstance(payload, Exception):
            raise DataError(f"{files.path}/{names[i]}: {payload}") from payload
        records = np.fromfile(payload, np.uint8) if isinstance(payload, str) else np.frombuffer(payload, np.uint8)
        if records.size == 0 or records.size % RECORD:
            raise DataError(
                f"{files.path}/{names[i]}: expected records of {RECORD:,} bytes, found {records.size:,} bytes"
            )
        held[i] = records.reshape(-1, RECORD)
        while waiting in held:  # an archive may hold the batches in any order
            yield names[waiting], held.pop(waiting)
            waiting += 1
