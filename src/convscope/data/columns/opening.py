"""An array file of the cache as a column: mapped where it fits into memory, else read from the disk."""

from __future__ import annotations

import itertools
import zlib
from pathlib import Path

import numpy as np

from convscope.data.columns.array_file import ArrayFile
from convscope.data.columns.mapped import Mapped
from convscope.data.columns.on_disk import ABLE, OnDisk
from convscope.data.columns.ragged import Ragged, shape_of
from convscope.data.memory import fits
from convscope.data.spec import FieldSpec, Kind

AT_ONCE = 1 << 30  # bytes that are checked as they are opened: half a second


def open_column(path: Path, kind: Kind, checksums: np.ndarray, content: np.ndarray | None = None) -> Mapped | OnDisk:
    """Open a ``.npy`` file (n, *shape) of examples whose CRC-32 are ``checksums`` (n,).

    Raises:
        ValueError: the file is shorter than its header says, or an example is not what its checksum says.
        OSError: it cannot be read.
    """
    in_memory = fits(path.stat().st_size)
    # Private pages: what a user writes into the array stays in memory, and torch takes it without a warning.
    # Where memory could not hold them all they are read-only.
    mapped = np.load(path, mmap_mode="c" if in_memory else "r")
    values, shape = mapped.view(np.ndarray), mapped.shape[1:]
    file = ArrayFile(path, mapped.offset, shape, mapped.dtype, checksums, np.zeros(len(mapped), bool))
    if not values.flags.c_contiguous or len(values) != len(checksums):
        raise ValueError(f"{path.name} does not hold {len(checksums):,} examples one after the other")
    if values.nbytes <= AT_ONCE:
        wrong = file.unlike(np.arange(len(values)), values)
        if len(wrong):
            raise ValueError(f"{len(wrong):,} of {len(values):,} images are not as they were written")
        file.verified[:] = True
    spec = FieldSpec(kind, kind, shape, mapped.dtype.name)
    return Mapped(spec, values, file, content) if in_memory or not ABLE else OnDisk(spec, file, content)


def open_ragged(
    path: Path, kind: Kind, shapes: np.ndarray, checksums: np.ndarray, content: np.ndarray | None = None
) -> Ragged:
    """Open a flat ``.npy`` file of examples of ``shapes`` (n, d), one after the other; raises as ``open_column``.

    Of a file that is larger than what is checked at once, only the length is.
    """
    values = np.load(path, mmap_mode="c" if fits(path.stat().st_size) else "r").view(np.ndarray)
    offsets = np.concatenate(([0], np.cumsum(shapes.prod(1))))
    if values.shape != (offsets[-1],):
        raise ValueError(f"{path.name} does not hold {len(shapes):,} examples of the sizes that are known of them")
    if values.nbytes <= AT_ONCE:
        examples = (values[first:last] for first, last in itertools.pairwise(offsets))
        wrong = sum(
            zlib.crc32(example.data) != written
            for example, written in zip(examples, checksums, strict=True)
            if len(example)
        )
        if wrong:
            raise ValueError(f"{wrong:,} of {len(shapes):,} images are not as they were written")
    return Ragged(FieldSpec(kind, kind, shape_of(shapes), values.dtype.name), values, offsets, shapes, content)
