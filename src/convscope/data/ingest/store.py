"""Decoded sets on disk: one memory-mapped array of images each, and what is known of every image.

    <cache>/sets/<key>/pixels.npy   (n, H, W, C) uint8, uint16 or float32
                       images.npy   (n,) records: content hash, size as stored, checksum, thumbprint, range, sums
                       set.json     the sizing rule, the files that cannot be read, how long it took, checksums
                 .new-*/            an entry being built; renamed when complete, swept up when its builder has died

The key is a hash of what tells that an image changed, of the sizing asked for, and of this format's version; labels and
splits are no part of it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from convscope import atomic
from convscope.data.cache_folder import directory as directory
from convscope.data.columns import Mapped, OnDisk, Ragged, open_column, open_ragged
from convscope.data.columns.array_file import FACTS
from convscope.data.ingest.build import Filled, Progress, Size, fill
from convscope.data.ingest.pool import Bad
from convscope.data.ingest.stats import index_dtype
from convscope.data.listing import Images
from convscope.data.transforms import ImageTransform
from convscope.errors import Error

VERSION = 2


@dataclass(frozen=True)
class Entry:
    """A decoded set: ``images`` (n, H, W, C), ``index`` (n,), and how it came about.

    ``seconds`` is how long decoding took, now or (``hit``) when the entry was made. ``rebuilt`` says why what the cache
    held already was not taken.
    """

    folder: Path
    images: Mapped | OnDisk | Ragged
    index: np.ndarray
    rule: ImageTransform
    why: str
    bad: Bad
    seconds: float
    hit: bool
    rebuilt: str = ""


class _Damaged(Exception):  # noqa: N818 - the verdict on one entry, which is built again
    """Why an entry of the cache cannot be used."""


def entry(images: Images, size: Size, root: Path, workers: int, progress: Progress) -> Entry:
    """Return the decoded set, from the cache or decoded into it.

    Raises:
        DataError: as ``filling.fill``.
        Error: the cache cannot be written, or the disk is too small.
    """
    *older, folder = _folders(root, images, size)
    old, rebuilt = [at for at in older if (at / FACTS).is_file()], ""
    if old:
        rebuilt = "the cache held these images without checksums, as an earlier version wrote them: decoded again"
    if (folder / FACTS).is_file():
        try:
            return _open(folder, len(images), hit=True)
        except _Damaged as error:
            rebuilt = f"the decoded images in the cache were damaged ({error}): decoded again"
    shutil.rmtree(folder, ignore_errors=True)  # whatever lies there is no complete entry
    started = time.perf_counter()
    with building(folder.parent) as new:
        filled = fill(images, size, functools.partial(allocate, new), workers, progress)
        with explained(root):
            _write(new, filled, time.perf_counter() - started)
            publish(new, folder)
    for at in old:
        shutil.rmtree(at, ignore_errors=True)
    try:
        return replace(_open(folder, len(images), hit=False), rebuilt=rebuilt)
    except _Damaged as error:
        raise Error(
            f"the cache entry {folder} was written but cannot be read back ({error}); see to the disk, or choose "
            "another --cache"
        ) from None


def _folders(root: Path, images: Images, size: Size) -> list[Path]:
    """Return where the entry of each version of the format lies, this version's last."""
    fingerprint = images.fingerprint()
    keys = (f"{version} {fingerprint} {size}" for version in range(1, VERSION + 1))
    return [root / "sets" / hashlib.blake2b(key.encode(), digest_size=16).hexdigest() for key in keys]


def _open(folder: Path, n: int, *, hit: bool) -> Entry:
    """Map a complete entry; ``_Damaged`` where it is not as it was written."""
    try:
        facts = json.loads((folder / FACTS).read_text())
        if facts.pop("checksum") != zlib.crc32(json.dumps(facts).encode()):
            raise ValueError(f"{FACTS} is not as it was written")
        index = np.load(folder / "images.npy", mmap_mode="c").view(np.ndarray)
        rule = ImageTransform.from_dict(facts["rule"])
        if (
            index.shape != (n,)
            or index.dtype != index_dtype(rule.channels)
            or zlib.crc32(index.data) != facts["images"]
        ):
            raise ValueError("images.npy is not as it was written")
        images = _images(folder / "pixels.npy", rule, index)
        shape = rule.shape if rule.fit != "keep" else images.spec.shape
        if images.spec.shape != shape or images.spec.dtype != rule.dtype:
            raise ValueError("pixels.npy is of another shape or type")
    except Exception as error:  # a damaged file fails wherever it is damaged
        raise _Damaged(error) from None
    bad = {int(row): why for row, why in facts["bad"].items()}
    return Entry(folder, images, index, rule, facts["why"], bad, facts["seconds"], hit)


def _images(path: Path, rule: ImageTransform, index: np.ndarray) -> Mapped | OnDisk | Ragged:
    if rule.fit != "keep":
        return open_column(path, "image", index["checksum"], index["content"])
    sides = [index[side].astype(np.int64) for side in ("height", "width")]
    shapes = np.stack([*sides, np.full(len(index), rule.channels)], axis=1)
    return open_ragged(path, "image", shapes, index["checksum"], index["content"])


def _write(new: Path, filled: Filled, seconds: float) -> None:
    np.save(new / "images.npy", filled.index)
    facts = {"rule": filled.rule.to_dict(), "why": filled.why, "bad": filled.bad, "seconds": seconds}
    facts = json.loads(json.dumps({**facts, "images": zlib.crc32(filled.index.data)}))  # as it will be read
    (new / FACTS).write_text(json.dumps({"checksum": zlib.crc32(json.dumps(facts).encode()), **facts}))


def publish(new: Path, folder: Path) -> None:
    """Make an entry appear at its place, whole or not at all, even if the power fails."""
    for path in (*new.iterdir(), new):
        atomic.sync(path)
    try:
        new.rename(folder)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # another process was faster: its entry is as good
            raise
    atomic.sync(folder.parent)


def allocate(new: Path, shape: tuple[int, ...], dtype: str) -> Path:
    """Create the array file with all its blocks on disk: a full disk must fail here, not kill who writes to the map."""
    path = new / "pixels.npy"
    with explained(new.parent.parent), path.open("wb") as stream:
        header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
        needed = stream.tell() + int(np.prod(shape)) * np.dtype(dtype).itemsize
        free = shutil.disk_usage(new).free
        if needed > free:
            raise _full(new.parent.parent, needed, free)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(stream.fileno(), 0, needed)
            else:  # macOS: the check above has to do
                stream.truncate(needed)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise _full(new.parent.parent, needed, free) from None
            raise
    return path


def _full(root: Path, needed: int, free: int) -> Error:
    return Error(
        f"the decoded images need {needed / 1e6:,.1f} MB in the cache {root}, which has {free / 1e6:,.1f} MB free; "
        "make room, choose a smaller --img-size, or name a folder on a larger disk with --cache DIR"
    )


@contextlib.contextmanager
def explained(root: Path) -> Iterator[None]:
    """Say where an error of the system comes from, and what to do."""
    try:
        yield
    except OSError as error:
        raise Error(
            f"the cache {root} cannot be written ({error.strerror}); "
            "name a folder that can be with --cache DIR or CONVSCOPE_CACHE"
        ) from None


@contextlib.contextmanager
def building(sets: Path) -> Iterator[Path]:
    """Provide a folder to build an entry in, locked, so that others can tell a builder at work from a dead one."""
    with explained(sets.parent):
        sets.mkdir(parents=True, exist_ok=True)
        _sweep(sets)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=sets))
        new.chmod(0o755)  # a cache may be shared; mkdtemp makes it private
        handle = os.open(new, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield new
    finally:
        os.close(handle)
        shutil.rmtree(new, ignore_errors=True)


def _sweep(sets: Path) -> None:
    """Remove what builders left behind that were killed."""
    for old in sets.glob(".new-*"):
        with contextlib.suppress(OSError):  # swept by someone else, or still locked
            if time.time() - old.stat().st_mtime < 60:  # perhaps made a moment ago, and not locked yet
                continue
            handle = os.open(old, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(old)
            finally:
                os.close(handle)
