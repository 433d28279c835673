"""From a listing's images to one array: find out what they are, decide one size, decode them all into it, in parallel.

A sample decides whether a set looks uniform. If so it is decoded in one pass; only a set that turns out mixed is surveyed
header by header first. One bad file stops nothing: all are collected with their reasons.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.data.decode import STORED, Unreadable, limited, open_image, releases_lock, stored, stored_as
from convscope.data.preprocessing import Fit, Preprocessing
from convscope.data.sizing import Kind, layout, not_finite, prepare, resize
from convscope.data.sources.arrays import ArrayImages
from convscope.data.sources.files import FileImages
from convscope.data.thumbprint import thumbprints
from convscope.errors import DataError

Progress = Callable[[str, int, int], None]
Allocate = Callable[[tuple[int, ...], str], Path]  # (shape, dtype) -> a new .npy file
Payload = Path | bytes | Exception  # where an image's bytes are, or why they are not to be had
Bad = dict[int, str]  # row -> why it cannot be read
Result = tuple[np.ndarray, np.ndarray, Bad]  # rows (k,), what they are (k,) INDEX, which of them are bad

DTYPES = tuple(dict.fromkeys(STORED.values()))
INDEX = np.dtype(
    [
        ("content", "u1", 16),  # blake2b of the file, or of the raw pixels of an array
        ("thumbprint", "u8"),
        ("low", "f4"),
        ("high", "f4"),
        ("height", "i4"),  # as stored, before sizing; 0 for a file that cannot be read
        ("width", "i4"),
        ("channels", "i4"),
        ("dtype", "u1"),  # position in DTYPES
        ("note", "S23"),  # what was converted, if anything
    ]
)
SAMPLE = 64  # files looked at before a set is believed to be uniform
CHUNK, CHUNK_BYTES = 256, 4 << 20  # images, and bytes of pixels, handled at a time
PATIENCE = 2.0  # seconds of decoding left from which starting worker processes pays


@dataclass(frozen=True)
class Size:
    """What the user said about sizes: ``img_size`` if anything, how other shapes are fitted, how large a file may be."""

    img_size: int | tuple[int, int] | None
    fit: Fit
    max_pixels: int


@dataclass(frozen=True)
class Filled:
    """What became of a set: the rule its images were brought to, and why; what each one is (n,) INDEX; which are bad."""

    rule: Preprocessing
    why: str
    index: np.ndarray
    bad: Bad


def fill(images: FileImages | ArrayImages, size: Size, allocate: Allocate, workers: int, progress: Progress) -> Filled:
    """Bring all images into the array file that ``allocate`` makes.

    Raises:
        DataError: images of types or channels that do not go together, or none that can be read.
    """
    with limited(size.max_pixels):
        try:
            if isinstance(images, ArrayImages):
                return _from_array(images, size, allocate, progress)
            return _from_files(images, size, allocate, workers, progress, uniform=True)
        except _NotUniform:
            return _from_files(images, size, allocate, workers, progress, uniform=False)
        except Unreadable as error:  # not one file, but the type of a whole array
            raise DataError(str(error)) from None
        finally:
            _opened.cache_clear()


def unreadable(ids: np.ndarray, bad: Bad) -> DataError:
    """Return one error that lists the files that cannot be read: the first 20, and how many in all."""
    listed = "".join(f"\n  {ids[row]}: {why}" for row, why in sorted(bad.items())[:20])
    more = f"\n  ... and {len(bad) - 20:,} more" if len(bad) > 20 else ""
    return DataError(
        f"{len(bad):,} of {len(ids):,} images cannot be read; repair or remove them, or go on without them with --skip-bad:"
        + listed + more
    )  # fmt: skip


def _from_array(images: ArrayImages, size: Size, allocate: Allocate, progress: Progress) -> Filled:
    kind = Kind(*images.shape, stored_as(images.dtype))
    rule, why = layout({kind: len(images)}, size.img_size, size.fit)
    index, bad = np.zeros(len(images), INDEX), {}
    out = np.load(allocate(_shape(len(images), rule), rule.dtype), mmap_mode="r+")
    done = 0
    for block in images.blocks():
        rows, values = slice(done, done + len(block)), stored(block)
        facts = index[rows]
        facts["content"] = [_hash(image) for image in np.ascontiguousarray(block)]
        facts["height"], facts["width"], facts["channels"] = images.shape
        facts["dtype"] = DTYPES.index(kind.dtype)
        if values.dtype.kind == "f":
            for i in np.flatnonzero(~np.isfinite(values).all((1, 2, 3))):
                bad[done + int(i)] = not_finite(values[i])
                facts[i] = np.zeros((), INDEX)
            values = np.nan_to_num(values)
        same_size = images.shape[:2] == (rule.height, rule.width)
        out[rows] = values if same_size else [resize(image, rule.height, rule.width, rule.fit) for image in values]
        _examine(out[rows], facts)
        done += len(block)
        progress("reading images", done, len(images))
    return Filled(rule, why, index, bad)


class _NotUniform(Exception):
    """The sample was like one another, but not like the rest."""


def _from_files(
    images: FileImages, size: Size, allocate: Allocate, workers: int, progress: Progress, *, uniform: bool
) -> Filled:
    rows = np.arange(len(images))
    surveyed = rows[:: -(-len(rows) // SAMPLE)] if uniform else rows
    index, bad = _collect(_run(_Task(size.max_pixels), images, surveyed, workers), len(rows), progress)
    kinds = _kinds(index, size)
    if uniform and len(kinds) != 1:
        raise _NotUniform
    if not kinds:
        raise unreadable(images.names, bad)
    rule, why = layout(kinds, size.img_size, size.fit)
    out = allocate(_shape(len(rows), rule), rule.dtype)
    results = _run(_Task(size.max_pixels, rule, out), images, rows, workers)
    if uniform:
        results = _only(kinds.keys(), results, size)
    return Filled(rule, why, *_collect(results, len(rows), progress))


def _only(expected: Set[Kind], results: Iterator[Result], size: Size) -> Iterator[Result]:
    """Pass results on while they are of the kinds that the sample promised."""
    for result in results:
        if not _kinds(result[1], size).keys() <= expected:
            raise _NotUniform
        yield result


def _collect(results: Iterator[Result], n: int, progress: Progress) -> tuple[np.ndarray, Bad]:
    """Put the workers' results in the order of the set."""
    index, bad, done = np.zeros(n, INDEX), {}, 0
    for rows, facts, broken in results:
        index[rows] = facts
        bad |= broken
        done += len(rows)
        progress("reading images", done, n)
    return index, bad


def _kinds(index: np.ndarray, size: Size) -> dict[Kind, int]:
    """Count the kinds of readable images; where the user gave the size, their own does not matter."""
    found, counts = np.unique(index[index["height"] > 0][["height", "width", "channels", "dtype"]], return_counts=True)
    kinds: dict[Kind, int] = {}
    for (height, width, channels, dtype), count in zip(found.tolist(), counts.tolist(), strict=True):
        stored_size = (height, width) if size.img_size is None else (1, 1)
        kind = Kind(*stored_size, channels, DTYPES[dtype])
        kinds[kind] = kinds.get(kind, 0) + count
    return kinds


@dataclass(frozen=True)
class _Task:
    """What a worker does with files: decode them by ``rule`` into the array file ``out``, or only read their headers."""

    max_pixels: int
    rule: Preprocessing | None = None
    out: Path | None = None

    @property
    def chunk(self) -> int:
        """How many images make one piece of work."""
        if self.rule is None:
            return CHUNK
        one = self.rule.height * self.rule.width * self.rule.channels * np.dtype(self.rule.dtype).itemsize
        return max(1, min(CHUNK, CHUNK_BYTES // one))

    def __call__(self, rows: list[int], payloads: list[Payload]) -> Result:
        """Work on some files, and say what they are."""
        facts, bad = np.zeros(len(rows), INDEX), {}
        block = None if self.rule is None else np.zeros(_shape(len(rows), self.rule), self.rule.dtype)
        for i, (row, payload) in enumerate(zip(rows, payloads, strict=True)):
            try:
                self._one(payload, facts[i : i + 1], None if block is None else block[i])
            except Unreadable as error:
                bad[row] = str(error)
                facts[i] = np.zeros((), INDEX)
        if block is not None:
            _examine(block, facts)
            _opened(self.out, self.rule)[rows] = block
        return np.array(rows), facts, bad

    def _one(self, payload: Payload, facts: np.ndarray, pixels: np.ndarray | None) -> None:
        data = _bytes(payload)
        image = open_image(data, self.max_pixels)
        facts["height"], facts["width"], facts["channels"] = image.height, image.width, image.channels
        facts["dtype"], facts["note"] = DTYPES.index(image.dtype), image.note
        if pixels is not None and self.rule is not None:
            pixels[...] = prepare(image, self.rule)
            facts["content"] = _hash(data)


def _threads_suffice(payload: Payload) -> bool:
    """Tell whether files like this one decode outside Python's lock, so that threads are as good as processes."""
    try:
        return releases_lock(_bytes(payload))
    except Unreadable:
        return False


def _bytes(payload: Payload) -> bytes:
    if isinstance(payload, Exception):
        raise Unreadable(f"damaged: {payload}")
    try:
        return payload if isinstance(payload, bytes) else payload.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be opened: {error.strerror}") from None


@functools.lru_cache(maxsize=1)
def _opened(path: Path, _: Preprocessing) -> np.ndarray:
    return np.load(path, mmap_mode="r+")


def _shape(n: int, rule: Preprocessing) -> tuple[int, int, int, int]:
    return n, rule.height, rule.width, rule.channels


def _hash(data: bytes | np.ndarray) -> np.ndarray:
    return np.frombuffer(hashlib.blake2b(data, digest_size=16).digest(), np.uint8)


def _examine(block: np.ndarray, facts: np.ndarray) -> None:
    """Note what can be seen in sized images (k, H, W, C)."""
    facts["thumbprint"] = thumbprints(block)
    flat = block.reshape(len(block), -1)
    facts["low"], facts["high"] = flat.min(1), flat.max(1)


def _run(task: _Task, images: FileImages, rows: np.ndarray, workers: int) -> Iterator[Result]:
    """Work on ``rows`` in chunks: here at first, and in parallel once it shows that this pays.

    simplejpeg lets other threads run while it decodes. Pillow hardly does, so it takes processes, which need half a second
    to start; they import neither torch nor the user's script.
    """
    chunks = _chunks(task, images, rows)
    started, done, threads = time.perf_counter(), 0, False
    for chunk in chunks:
        yield task(*chunk)
        done += len(chunk[0])
        threads = _threads_suffice(chunk[1][0])
        per_image = (time.perf_counter() - started) / done
        if workers > 1 and (threads or per_image * (len(rows) - done) > PATIENCE):
            break
    if done == len(rows):
        return
    import joblib

    work = task if threads else functools.partial(_in_process, task)
    with joblib.Parallel(
        workers, backend="threading" if threads else "loky", return_as="generator_unordered", batch_size=1
    ) as parallel:
        yield from parallel(joblib.delayed(work)(*chunk) for chunk in chunks)


def _in_process(task: _Task, rows: list[int], payloads: list[Payload]) -> Result:
    with limited(task.max_pixels):
        return task(rows, payloads)


def _chunks(task: _Task, images: FileImages, rows: np.ndarray) -> Iterator[tuple[list[int], list[Payload]]]:
    """Group files into pieces of work: by number, and by bytes where an archive hands bytes out."""
    chunk: tuple[list[int], list[Payload]] = [], []
    size = 0
    for at, payload in images.files.items(images.names[rows].tolist()):
        chunk[0].append(int(rows[at]))
        chunk[1].append(payload)
        size += len(payload) if isinstance(payload, bytes) else 0
        if len(chunk[0]) == task.chunk or size > 4 * CHUNK_BYTES:
            yield chunk
            chunk, size = ([], []), 0
    if chunk[0]:
        yield chunk
