"""Decoded volumes on disk, one behind the other in one file that is mapped, each with its checksum.

    <cache>/volumes/<key>/pixels.npy   (all voxels,) uint8, uint16 or float32, channels last
                          volumes.npy  (n,) records: size, spacing, range, checksum, hash
                          set.json     which files cannot be read, how long it took, a checksum of all this

An entry appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convscope.data.columns import Ragged, open_ragged
from convscope.data.columns.array_file import FACTS
from convscope.data.decode.encoded import TooLarge, Unreadable, stored
from convscope.data.ingest.build import Progress, unreadable
from convscope.data.ingest.pool import Bad
from convscope.data.ingest.store import allocate, building, explained, publish
from convscope.data.sources.files import FileImages
from convscope.data.transforms.volume import check_finite
from convscope.data.volumes.files import Spacing, Volume, open_volume
from convscope.data.volumes.masks import source_of
from convscope.data.volumes.slices import SliceImages
from convscope.errors import DataError
from convscope.text import listed

VERSION = 1
VOLUME = np.dtype(
    [
        ("depth", "<i8"), ("height", "<i8"), ("width", "<i8"), ("spacing", "<f8", (3,)), ("low", "<f8"),
        ("high", "<f8"), ("checksum", "<u4"), ("content", "u1", (16,)),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class VolumeEntry:
    """Decoded volumes: ``column`` (n) of (D, H, W, C), ``index`` (n,) of ``VOLUME``; a bad one is of size 0.

    ``seconds`` is how long decoding took, now or (``hit``) when the entry was made.
    """

    folder: Path
    column: Ragged
    index: np.ndarray
    bad: Bad
    seconds: float
    hit: bool

    @property
    def spacing(self) -> Spacing | None:
        """The spacing that the files note, in the middle; ``None`` where one of them notes none."""
        known = self.index["spacing"][self.index["depth"] > 0]
        if not len(known) or not np.isfinite(known).all():
            return None
        depth, height, width = np.median(known, axis=0).tolist()
        return depth, height, width

    @property
    def sizes(self) -> np.ndarray:
        """Depth, height and width of each volume, (n, 3)."""
        return np.stack([self.index[axis] for axis in ("depth", "height", "width")], axis=1)


def volume_entry(images: FileImages | SliceImages, root: Path, max_pixels: int, progress: Progress) -> VolumeEntry:
    """Return the decoded volumes, from the cache or decoded into it.

    Raises:
        DataError: volumes of different types or channels, or none that can be read.
        Error: the cache cannot be written, or the disk is too small.
    """
    key = f"{VERSION} {images.fingerprint()} {max_pixels}"
    folder = root / "volumes" / hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    if (entry := _open(folder, len(images), hit=True)) is not None:
        return entry
    shutil.rmtree(folder, ignore_errors=True)
    started = time.perf_counter()
    with building(folder.parent) as new:
        facts = _write(new, images, max_pixels, progress)
        facts = json.loads(json.dumps({**facts, "seconds": time.perf_counter() - started}))
        with explained(root):
            (new / FACTS).write_text(json.dumps({"checksum": zlib.crc32(json.dumps(facts).encode()), **facts}))
            publish(new, folder)
    entry = _open(folder, len(images), hit=False)
    assert entry is not None, folder
    return entry


def _open(folder: Path, n: int, *, hit: bool) -> VolumeEntry | None:
    """Map a complete entry; ``None`` where there is none, or it is not as it was written."""
    try:
        facts = json.loads((folder / FACTS).read_text())
        index = np.load(folder / "volumes.npy")
        whole = facts.pop("checksum") == zlib.crc32(json.dumps(facts).encode())
        if not whole or index.shape != (n,) or facts["index"] != zlib.crc32(index.data):
            return None
        sizes = [index[axis] for axis in ("depth", "height", "width")]
        shapes = np.stack([*sizes, np.full(n, facts["channels"])], axis=1)
        column = open_ragged(folder / "pixels.npy", "volume", shapes, index["checksum"], index["content"])
    except (OSError, ValueError, KeyError):
        return None
    bad = {int(row): why for row, why in facts["bad"].items()}
    return VolumeEntry(folder, column, index, bad, facts["seconds"], hit)


def _write(new: Path, images: FileImages | SliceImages, max_pixels: int, progress: Progress) -> dict[str, Any]:
    """Decode all volumes that can be into a new entry, and return its facts."""
    bad: Bad = {}
    while True:
        volumes = _headers(images, max_pixels, bad)
        if not volumes:
            raise unreadable(images.names, bad)
        dtype, channels = _alike(images.names, volumes)
        shapes = np.array([volumes[row].shape if row in volumes else (0, 0, 0, channels) for row in range(len(images))])
        path = allocate(new, (int(shapes.prod(1).sum()),), dtype)
        index, damaged = _decode(path, shapes, volumes, progress)
        if not damaged:
            break
        bad |= damaged  # good headers of damaged files: again, without room for them
    np.save(new / "volumes.npy", index)
    return {"channels": channels, "bad": bad, "index": zlib.crc32(index.data)}


def _headers(images: FileImages | SliceImages, max_pixels: int, bad: Bad) -> dict[int, Volume]:
    """Return the volumes that can be opened and are not ``bad``, by row; the others are added to ``bad``."""
    volumes: dict[int, Volume] = {}
    for row, open_one in images.each() if isinstance(images, SliceImages) else _each(images):
        if row in bad:
            continue
        try:
            volume = open_one()
            if max(np.prod(volume.shape[i:3]) for i in (0, 1)) > max_pixels:
                raise TooLarge(" × ".join(f"{side:,}" for side in volume.shape[:3]), max_pixels)
            volumes[row] = volume
        except Unreadable as error:
            bad[row] = str(error)
    return dict(sorted(volumes.items()))


def _each(images: FileImages) -> Iterator[tuple[int, Callable[[], Volume]]]:
    """Yield (row, what opens its volume)."""
    for row, payload in images.files.items(images.names):
        yield row, lambda payload=payload, row=row: open_volume(source_of(payload), str(images.names[row]))


def _alike(names: np.ndarray, volumes: Mapping[int, Volume]) -> tuple[str, int]:
    """Return the type and the number of channels that all volumes have."""
    for what, of in (("types", lambda v: v.dtype), ("numbers of channels", lambda v: v.shape[3])):
        kinds = {of(volume): row for row, volume in reversed([*volumes.items()])}
        if len(kinds) > 1:
            said = listed([f"{names[row]}: {kind}" for kind, row in kinds.items()], 4)
            raise DataError(f"the volumes have different {what} ({said}); convert them to one")
    first = next(iter(volumes.values()))
    return first.dtype, first.shape[3]


def _slice(values: np.ndarray, at: int) -> np.ndarray:
    """Return a slice (H, W, C) as it is stored; ``Unreadable`` names it."""
    try:
        converted = stored(values)
        check_finite(converted)
    except Unreadable as error:
        raise Unreadable(f"slice {at}: {error}") from None
    return converted


def _decode(
    path: Path, shapes: np.ndarray, volumes: Mapping[int, Volume], progress: Progress
) -> tuple[np.ndarray, Bad]:
    """Write volumes into the array file, slice by slice; return what is known of each, and which are damaged."""
    index, damaged = np.zeros(len(shapes), VOLUME), {}
    index["spacing"] = np.nan
    starts = np.concatenate(([0], np.cumsum(shapes.prod(1))))
    out = np.load(path, mmap_mode="r+").view(np.ndarray)
    for done, (row, volume) in enumerate(volumes.items()):
        room = out[starts[row] : starts[row + 1]].reshape(volume.shape)
        facts = index[row]
        facts["depth"], facts["height"], facts["width"] = volume.shape[:3]
        facts["spacing"] = volume.spacing or np.nan
        facts["low"], facts["high"], crc = np.inf, -np.inf, 0
        content = hashlib.blake2b(digest_size=16)
        try:
            values = volume.read()
            for at, each in enumerate(values):
                room[at] = _slice(each, at)
                facts["low"] = min(facts["low"], room[at].min())
                facts["high"] = max(facts["high"], room[at].max())
                crc = zlib.crc32(room[at].data, crc)
                content.update(room[at].data)
        except MemoryError:
            raise
        except Unreadable as error:
            damaged[row] = str(error)
        except Exception as error:  # whatever a decoder raises on a file is a verdict on this file
            damaged[row] = f"damaged: {error or type(error).__name__}"
        facts["checksum"] = crc
        facts["content"] = np.frombuffer(content.digest(), np.uint8)
        progress("reading volumes", done + 1, len(volumes))
    return index, damaged
