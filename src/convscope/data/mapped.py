"""Decoded images mapped from a file of the cache, each checked against its checksum when it is first read.

A small set is checked whole as it is opened. In a large one that would take as long as reading the file, so each image
is checked where it is read for the first time in a process, which costs half a second a gigabyte once. The length of
the file is looked at before each batch: memory whose file has become shorter kills the process that touches it.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import zlib
from pathlib import Path

import numpy as np

from convscope.data.memory import fits
from convscope.errors import DataError

AT_ONCE = 1 << 30  # bytes of pixels that are checked as they are opened: half a second
FACTS = "set.json"  # without it the folder is no entry of the cache


class Mapped(np.memmap):
    """A map of images (n, H, W, C); ``checksums`` (n,) are CRC-32, ``verified`` (n,) says which have been looked at."""

    checksums: np.ndarray
    verified: np.ndarray


def open_mapped(path: Path, checksums: np.ndarray) -> np.ndarray:
    """Map a ``.npy`` file of images.

    The array is writable, in memory only, where it fits there, and read-only where it does not.

    Raises:
        ValueError: the file is shorter than its header says, or an image is not what its checksum says.
        OSError: it cannot be read.
    """
    # Private pages: what a user writes into the array stays in memory, and torch takes it without a warning.
    # Where that could not hold them all they are read-only, which tells ``streaming`` to read them ahead.
    file = np.load(path, mmap_mode="c" if fits(path.stat().st_size) else "r").view(Mapped)
    file.checksums, file.verified = checksums, np.zeros(len(file), bool)
    pixels = file.view(np.ndarray)
    if len(file) == len(checksums) and pixels.flags.c_contiguous and pixels.nbytes <= AT_ONCE:
        wrong = _unlike(file, np.arange(len(pixels)), pixels)
        if len(wrong):
            raise ValueError(f"{len(wrong):,} of {len(pixels):,} images are not as they were written")
        file.verified[:] = True
    return pixels


def source(pixels: np.ndarray) -> np.memmap | None:
    """Return the map that is all of ``pixels``, if that is where they lie."""
    base = pixels
    while isinstance(base.base, np.ndarray) and not isinstance(base, Mapped):
        base = base.base
    if not isinstance(base, np.memmap):
        return None
    whole = pixels.flags.c_contiguous and pixels.nbytes == base.nbytes and pixels.ctypes.data == base.ctypes.data
    return base if whole else None


def check_length(file: np.memmap) -> None:
    """Raise ``DataError`` where the file of a map has become shorter than the map."""
    base = file
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and base.size() < len(base):
        raise too_short(Path(str(file.filename)))


def too_short(path: Path) -> DataError:
    """Return what is to be said of a file that was cut while it was read."""
    return DataError(f"the decoded images {path} have become fewer; remove the file's folder and load the set again")


def checked(file: np.memmap, rows: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return ``images``, which were read from ``rows`` (k,), after a look at those that nobody has looked at yet.

    Raises:
        DataError: one is not what was written; the cache forgets the set, so that it is decoded anew.
    """
    if not isinstance(file, Mapped) or file.verified[rows].all():
        return images
    new = np.flatnonzero(~file.verified[rows])
    wrong = [row for row in rows[new][_unlike(file, rows[new], images[new])] if not _right_on_disk(file, row)]
    if wrong:
        path = Path(str(file.filename))
        with contextlib.suppress(OSError):
            (path.parent / FACTS).unlink()
        raise DataError(
            f"the decoded images in the cache are damaged: image {int(wrong[0]):,} of {path} is not as it was written. "
            "They are decoded again when the set is loaded again: repeat the command, or resume with --resume"
        )
    file.verified[rows[new]] = True
    return images


def checksums_of(images: np.ndarray) -> list[int]:
    """Return the CRC-32 of each of the images (k, H, W, C)."""
    if not len(images):
        return []
    size, values = images[0].nbytes, np.ascontiguousarray(images).reshape(-1).view(np.uint8).data
    return [zlib.crc32(values[at : at + size]) for at in range(0, len(values), size)]


def _unlike(file: Mapped, rows: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return which of the images differ from what was written at these rows."""
    return np.flatnonzero(np.array(checksums_of(images), np.uint32) != file.checksums[rows])


def _right_on_disk(file: Mapped, row: int) -> bool:
    """Return whether an image is right in the file: then somebody has written into the map, as one may."""
    with Path(str(file.filename)).open("rb") as stream:
        return zlib.crc32(os.pread(stream.fileno(), file[0].nbytes, file.offset + int(row) * file[0].nbytes)) == int(
            file.checksums[row]
        )
