"""IDX, the format of MNIST: a big-endian header (magic, count, height, width), then raw bytes, often gzipped."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

import numpy as np

from convscope.data.listing import Listing, Target
from convscope.data.sources.arrays import DEFLATED, ArrayImages, cut_short, numbered_ids, split_names, streamed
from convscope.data.sources.candidate import SPLITS, Candidate, class_names
from convscope.data.sources.files import Files, Folder, set_name
from convscope.errors import DataError

PATTERN = re.compile(r"(.*?)(train|t10k|test|valid|val)-images[.-]idx3-ubyte(\.gz)?")
# IDX stores numbers only; a set known by the md5 of its training labels gets the names that its authors gave.
NAMES = {
    "9018921c3c673c538a1fc5bad174d6f9": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
}  # fmt: skip
IMAGES, LABELS = 0x0803, 0x0801  # two zero bytes, 08 for unsigned bytes, the number of axes


def find(files: Files) -> list[Candidate]:
    """Return one candidate for each folder (and name prefix) that holds ``...-images-idx3-ubyte`` files."""
    sets: dict[tuple[str, str], list[str]] = {}
    for name in files.names:
        folder, _, last = name.rpartition("/")
        if matched := PATTERN.fullmatch(last):
            sets.setdefault((folder, matched[1]), []).append(name)
    return [
        Candidate(
            "IDX files",
            f"{folder}/{prefix}".strip("/") or ".",
            lambda names=names: _list(files, names),
            tells_images=False,
        )
        for (folder, prefix), names in sets.items()
    ]


def _list(files: Files, names: list[str]) -> Listing:
    parts = []
    for name in names:
        word = _match(name)[2]
        split = "test" if word == "t10k" else SPLITS[word]
        count, height, width = _header(files, name)
        labels = _labels(files, name, count)
        parts.append((split, name, (count, height, width), labels))
    parts.sort(key=lambda part: ("train", "valid", "test").index(part[0]))
    sizes = {part[2][1:] for part in parts}
    if len(sizes) > 1:
        raise DataError(f"{files.path}: the IDX files hold images of different sizes {sorted(sizes)}; expected one")
    ((height, width),) = sizes

    def blocks() -> Iterator[np.ndarray]:
        for _, name, (count, _, _), _ in parts:
            with _open(files, name) as stream:
                stream.read(16)
                for block in streamed(stream, count, (height, width), np.dtype(np.uint8), f"{files.path}/{name}"):
                    yield block[..., None]
                if stream.read(1):
                    raise DataError(
                        f"{files.path}/{name}: more bytes than the {count:,} images its header announces; damaged?"
                    )

    counts = [(split, count) for split, _, (count, _, _), _ in parts]
    labels, classes = class_names(str(files.path), np.concatenate([part[3] for part in parts]), _names(parts[0][3]))
    stamp = files.fingerprint([part[1] for part in parts])
    images = ArrayImages(len(labels), (height, width, 1), np.dtype(np.uint8), stamp, blocks)
    kind = f"IDX files ({', '.join(PurePosixPath(part[1]).name for part in parts)})"
    target = Target("class", labels, classes)
    return Listing(set_name(files.path), kind, images, numbered_ids(counts), target, split_names(counts))


def _names(labels: np.ndarray) -> tuple[str, ...] | None:
    raw = struct.pack(">2I", LABELS, len(labels)) + labels.tobytes()
    return NAMES.get(hashlib.md5(raw, usedforsecurity=False).hexdigest())


def _match(name: str) -> re.Match[str]:
    matched = PATTERN.fullmatch(PurePosixPath(name).name)
    assert matched is not None
    return matched


def _header(files: Files, name: str) -> tuple[int, int, int]:
    """Return count, height and width, and refuse a file that is too short for them before any disk is reserved."""
    with _open(files, name) as stream:
        head = stream.read(16)
    _, count, height, width = _unpack(files, name, head, ">4I", IMAGES)
    where, stored = f"{files.path}/{name}", _stored(files, name)
    if name.endswith(".gz") and count * height * width > DEFLATED * stored:
        raise cut_short(where, count, height * width, f"{stored:,} packed bytes, at most {DEFLATED * stored:,}")
    if not name.endswith(".gz") and count * height * width > stored - len(head):
        raise cut_short(where, count, height * width, f"only {stored - len(head):,}")
    return count, height, width


def _stored(files: Files, name: str) -> int:
    """Return a file's size in bytes, as it is stored."""
    return (files.path / name).stat().st_size if files.path.is_dir() else len(files.read(name))


def _labels(files: Files, name: str, count: int) -> np.ndarray:
    """Return the labels beside an image file, (count,) uint8."""
    stem = name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    beside = next((n for n in (stem, stem + ".gz") if n in files.names), None)
    if beside is None:
        raise DataError(f"{files.path}: found {name} but not its labels, {stem}[.gz]")
    with _open(files, beside) as stream:
        data = stream.read()
    (_, said) = _unpack(files, beside, data[:8], ">2I", LABELS)
    if not said == len(data) - 8 == count:
        raise DataError(
            f"{files.path}/{beside}: expected {count:,} labels, one for each image of {name}; "
            f"its header says {said:,} and {len(data) - 8:,} follow"
        )
    return np.frombuffer(data, np.uint8, offset=8)


def _unpack(files: Files, name: str, head: bytes, layout: str, magic: int) -> tuple[int, ...]:
    if len(head) < struct.calcsize(layout):
        raise DataError(
            f"{files.path}/{name}: expected an IDX header of {struct.calcsize(layout)} bytes, found {len(head)}"
        )
    values = struct.unpack(layout, head)
    if values[0] != magic:
        what = "images" if magic == IMAGES else "labels"
        raise DataError(
            f"{files.path}/{name}: expected the IDX magic number {magic} (0x{magic:08x}) of {what} as unsigned bytes, "
            f"found {values[0]} (0x{values[0]:08x}); is it another kind of file, or damaged?"
        )
    return values


@contextlib.contextmanager
def _open(files: Files, name: str) -> Iterator[IO[bytes]]:
    with files.locate(name).open("rb") if isinstance(files, Folder) else io.BytesIO(files.read(name)) as raw:
        if not name.endswith(".gz"):
            yield raw
            return
        try:
            with gzip.open(raw) as stream:
                yield stream  # pyright: ignore[reportReturnType]
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{files.path}/{name}: damaged gzip ({error})") from None
