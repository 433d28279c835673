"""Files decoded by several workers at once, straight into one array file; only small facts travel back.

The thread that asks works too, from the start. Where simplejpeg decodes, which lets other threads run meanwhile,
threads help at once (1.4 times as fast on two cores). Processes help more (1.7 times), also with Pillow, but need half
a second to start, so they are for work that outlasts that; they import neither torch nor the user's script.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from convscope.data.decode import limited, open_image
from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.jpeg import releases_lock
from convscope.data.ingest.stats import DTYPES, buffer, content, examine, index_dtype
from convscope.data.sources.arrays import read_header
from convscope.data.sources.files import FileImages, Payload
from convscope.data.transforms.image import ImageTransform, prepared

Bad = dict[int, str]  # row -> why it cannot be read
Result = tuple[list[int], np.ndarray, Bad]  # rows (k), their records (k,), which of them are bad

CHUNK, CHUNK_BYTES = 256, 2 << 20  # images, and bytes of pixels, handled at a time
PATIENCE = 1.0  # seconds of work left from which starting processes pays
IDLE = 20  # seconds without work after which a process ends, also one whose parent was killed
READ_BYTES = 64 << 10  # at a time: most small images whole, and no page of memory that is not used
HEADER = ("height", "width", "channels", "dtype", "note", "alpha", "filled", "outlier", "outliers")


@dataclass(frozen=True)
class Task:
    """What to do with files: decode them by ``rule`` into the array file ``out``, or only read their headers.

    Of each image only the part in ``boxes`` (n, 4) is taken: top, left, height and width, 0 for all of it.
    """

    max_pixels: int
    rule: ImageTransform | None = None
    out: Path | None = None
    boxes: np.ndarray | None = None

    def __call__(self, rows: list[int], payloads: list[Payload]) -> Result:
        """Work on some files, and say what they are."""
        index = np.zeros(len(rows), index_dtype(self.rule.channels if self.rule else 0))
        hashes, headers, bad = [], [], {}
        block = None if self.rule is None else buffer(array_shape(len(rows), self.rule), self.rule.dtype)
        for i, payload in enumerate(payloads):
            odd = (0, 0, np.nan, 0)
            try:
                data = payload_bytes(payload)
                image = open_image(data, self.max_pixels)
                if self.boxes is not None:
                    image = image.cut(*self.boxes[rows[i]].tolist())
                if self.rule is not None and block is not None:
                    ready = prepared(image, self.rule)
                    block[i], odd = ready.pixels, ready[1:]
                    hashes.append(content(data))
                else:
                    odd = (image.alpha, *odd[1:])
                header = (image.height, image.width, image.channels, DTYPES.index(image.dtype), image.note)
                headers.append((*header, *odd))
            except Unreadable as error:
                bad[rows[i]] = str(error)
                if block is not None:
                    block[i] = 0
                hashes.append(bytes(16))
                headers.append((0, 0, 0, 0, "", *odd))
        for name, values in zip(HEADER, zip(*headers, strict=True), strict=True):
            index[name] = values
        if block is not None:
            index["content"] = np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 16)
            examine(block, index)
            self._write(rows, block)
        return rows, index, bad

    def _write(self, rows: list[int], block: np.ndarray) -> None:
        """Put images at their place in the array file; writing costs half of what touching a fresh map does."""
        assert self.out is not None
        first, last = rows[0], rows[-1]
        together = rows == list(range(first, last + 1))
        with self.out.open("r+b", buffering=0) as stream:
            read_header(stream)
            start = stream.tell()
            for row, images in [(first, block)] if together else zip(rows, block, strict=True):
                at = start + row * block[0].nbytes
                stream.seek(at)
                stream.write(images.data)
                if hasattr(os, "posix_fadvise"):  # lets the disk begin now, so that the sync at the end need not wait
                    os.posix_fadvise(stream.fileno(), at, images.nbytes, os.POSIX_FADV_DONTNEED)

    @property
    def chunk(self) -> int:
        """How many images make one piece of work."""
        if self.rule is None:
            return CHUNK
        one = int(np.prod(array_shape(1, self.rule))) * np.dtype(self.rule.dtype).itemsize
        return max(1, min(CHUNK, CHUNK_BYTES // one))


def array_shape(n: int, rule: ImageTransform) -> tuple[int, int, int, int]:
    """Return the shape of ``n`` images brought to ``rule``."""
    return n, rule.height, rule.width, rule.channels


def payload_bytes(payload: Payload) -> bytes:
    """Return a file's bytes.

    Raises:
        Unreadable: they are not to be had.
    """
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, Exception):
        raise Unreadable(f"damaged: {payload}")
    try:
        handle = os.open(payload, os.O_RDONLY)  # half the time of a file object, where files are small
        try:
            parts = [os.read(handle, READ_BYTES)]
            while len(parts[-1]) == READ_BYTES:
                parts.append(os.read(handle, READ_BYTES))
        finally:
            os.close(handle)
    except OSError as error:
        raise Unreadable(f"cannot be opened: {error.strerror}") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


class Work(Protocol):
    """What is done with files, some at a time."""

    @property
    def max_pixels(self) -> int:
        """The largest image that is decoded."""
        ...

    @property
    def chunk(self) -> int:
        """How many images make one piece of work."""
        ...

    def __call__(self, rows: list[int], payloads: list[Payload]) -> Result:
        """Work on some files, and say what they are."""
        ...


def run(task: Work, images: FileImages, rows: np.ndarray, cores: int) -> Generator[Result]:
    """Do ``task`` on ``rows`` chunk by chunk: in this thread, and in others beside it once that pays."""
    started, done = time.perf_counter(), 0
    with contextlib.ExitStack() as stack:
        pool: Executor | None = None
        work: Callable[..., Result] = task
        waiting: set[Future[Result]] = set()
        for chunk in _chunks(task, images, rows, cores):
            left = (time.perf_counter() - started) / max(1, done) * (len(rows) - done)
            if cores > 1 and work is task and done and left > PATIENCE:
                pool, work = stack.enter_context(processes(cores - 1)), functools.partial(_in_process, task)
            elif cores > 1 and pool is None and _decodes_unlocked(chunk[1][0]):
                pool = stack.enter_context(ThreadPoolExecutor(cores - 1))
            done += len(chunk[0])
            if pool and len(waiting) < 2 * (cores - 1):  # one at work and one to go on with
                waiting.add(pool.submit(work, *chunk))
                continue
            yield task(*chunk)
            ready = {future for future in waiting if future.done()}
            waiting -= ready
            yield from (future.result() for future in ready)
        yield from (future.result() for future in as_completed(waiting))


def processes(count: int) -> Executor:
    """Return so many processes to work in, which end by themselves when there is nothing to do."""
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(count, timeout=IDLE)


def _in_process(task: Work, rows: list[int], payloads: list[Payload]) -> Result:
    with limited(task.max_pixels):
        return task(rows, payloads)


def _decodes_unlocked(payload: Payload) -> bool:
    try:
        return releases_lock(payload_bytes(payload))
    except Unreadable:
        return False


def _chunks(task: Work, images: FileImages, rows: np.ndarray, cores: int) -> Iterator[tuple[list[int], list[Payload]]]:
    """Group files into pieces of work: by number, and by bytes where an archive hands bytes out."""
    at: list[int] = []
    payloads: list[Payload] = []
    size, most = 0, min(task.chunk, -(-len(rows) // (4 * cores)))
    for i, payload in images.files.items(images.names[rows]):
        at.append(int(rows[i]))
        payloads.append(payload)
        size += len(payload) if isinstance(payload, bytes) else 0
        if len(at) == most or size > 8 * CHUNK_BYTES:
            yield at, payloads
            at, payloads, size = [], [], 0
    if at:
        yield at, payloads
