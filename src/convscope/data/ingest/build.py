"""From a listing's images to one array: find out what they are, decide one size, bring them all to it.

A sample decides whether a set looks uniform. If so it is decoded in one pass; only a set that turns out mixed is
surveyed header by header first. One bad file stops nothing: all are collected with their reasons.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Set
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

import numpy as np

from convscope.data.decode import limited
from convscope.data.decode.encoded import Unreadable, stored, stored_as
from convscope.data.ingest import pool
from convscope.data.ingest.layout import SIDE, Kind, layout
from convscope.data.ingest.own_sizes import OwnSizes, starts_of
from convscope.data.ingest.pool import Bad, Result, Task, array_shape
from convscope.data.ingest.stats import DTYPES, content, examine, forget_buffers, index_dtype
from convscope.data.listing import Images
from convscope.data.nodata import NOT_FINITE, outlying, usable
from convscope.data.sources.arrays import ArrayImages
from convscope.data.sources.files import FileImages
from convscope.data.transforms.image import ImageTransform
from convscope.data.transforms.resize import Fit, resize
from convscope.errors import DataError
from convscope.text import count

Progress = Callable[[str, int, int], None]
Allocate = Callable[[tuple[int, ...], str], Path]  # (shape, dtype) -> a new .npy file
SAMPLE = 64  # files looked at before a set is believed to be uniform


@dataclass(frozen=True)
class Size:
    """What the user said about sizes: ``img_size`` if anything, how other shapes fit, the pixels a file may have.

    ``side`` is the largest shorter side that is kept where ``img_size`` says nothing. ``nodata`` are values that mean
    no data, beside those that a file says itself; ``None`` to fill none. With ``alpha``, opacity is a
    channel like the colours, for a network that takes it as one; else it is left out. ``boxes`` (n, 4) are the parts of
    the images that are taken, as in ``pool.Task``.
    """

    img_size: int | tuple[int, int] | None
    fit: Fit
    max_pixels: int
    side: int = field(default=SIDE, repr=False)
    nodata: tuple[float, ...] | None = field(default=(), repr=False)
    alpha: bool = field(default=False, repr=False)
    boxes: np.ndarray | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:  # the cache's key is made of it
        side = f" side={self.side}" if self.img_size is None and self.side != SIDE else ""
        nodata = f" nodata={self.nodata}" if self.nodata != () else ""
        boxes = "" if self.boxes is None else f" boxes={blake2b(self.boxes.tobytes(), digest_size=16).hexdigest()}"
        return repr(self) + side + nodata + " alpha" * self.alpha + boxes


@dataclass(frozen=True)
class Filled:
    """What became of a set: the rule its images were brought to, and why; a record of each (n,); which are bad."""

    rule: ImageTransform
    why: str
    index: np.ndarray
    bad: Bad


def fill(images: Images, size: Size, allocate: Allocate, cores: int, progress: Progress) -> Filled:
    """Bring all images into the array file that ``allocate`` makes.

    Raises:
        DataError: images of types or channels that do not go together, or none that can be read.
    """
    with limited(size.max_pixels):
        try:
            if isinstance(images, ArrayImages):
                return _from_array(images, size, allocate, progress)
            assert isinstance(images, FileImages)
            try:
                return _from_files(images, size, allocate, cores, progress, uniform=size.fit != "keep")
            except _NotUniform:
                return _from_files(images, size, allocate, cores, progress, uniform=False)
        except Unreadable as error:  # not one file, but the type of a whole array
            raise DataError(str(error)) from None
        finally:
            forget_buffers()


def unreadable(ids: np.ndarray, bad: Bad, noun: str = "image") -> DataError:
    """Return one error that lists the files that cannot be read: the first 20, and how many in all."""
    listed = "".join(f"\n  {ids[row]}: {why}" for row, why in sorted(bad.items())[:20])
    more = f"\n  ... and {len(bad) - 20:,} more" if len(bad) > 20 else ""
    fill = ", fill what is NaN with --nodata nan" if any(why.endswith(NOT_FINITE) for why in bad.values()) else ""
    return DataError(
        f"{len(bad):,} of {count(len(ids), noun)} cannot be read; repair or remove them{fill}, or leave them out "
        "with --skip-bad:" + listed + more
    )


def _from_array(images: ArrayImages, size: Size, allocate: Allocate, progress: Progress) -> Filled:
    H, W, C = images.shape
    kind = Kind(H, W, C, stored_as(images.dtype))
    rule, why = layout({kind: len(images)}, size.img_size, size.fit, size.side)
    rule = replace(rule, nodata=size.nodata)
    index, bad = np.zeros(len(images), index_dtype(rule.channels)), {}
    index["outlier"] = np.nan
    kept = rule.fit == "keep"
    shape = (len(images) * H * W * rule.channels,) if kept else array_shape(len(images), rule)
    out = np.load(allocate(shape, rule.dtype), mmap_mode="r+").view(np.ndarray)
    out = out.reshape(len(images), H, W, rule.channels) if kept else out
    done = 0
    for block in images.blocks():
        rows, values = slice(done, done + len(block)), stored(block)
        facts = index[rows]
        hashes = b"".join(content(image.data) for image in np.ascontiguousarray(block))
        facts["content"] = np.frombuffer(hashes, np.uint8).reshape(-1, 16)
        facts["height"], facts["width"], facts["channels"] = images.shape
        facts["dtype"] = DTYPES.index(kind.dtype)
        if values.dtype != np.uint8 or rule.nodata:
            values = _without_nodata(values, rule.nodata or (), facts, bad, done)
            if not kept:  # where each keeps its size, the array has room for the unusable ones too
                facts["height"][[row - done for row in bad if row >= done]] = 0
        same_size = kept or images.shape[:2] == (rule.height, rule.width)
        out[rows] = values if same_size else [resize(image, rule.height, rule.width, rule.fit) for image in values]
        examine(out[rows], facts)
        done += len(block)
        progress("reading images", done, len(images))
    return Filled(rule, why, index, bad)


def _without_nodata(
    values: np.ndarray, nodata: tuple[float, ...], facts: np.ndarray, bad: Bad, done: int
) -> np.ndarray:
    """Return images (k, H, W, C), no-data values filled; note how many, what is unusable, and what lies far outside."""
    if nodata or not np.isfinite(values).all():
        values = values.copy()
        for i, image in enumerate(values):
            try:
                values[i], facts["filled"][i] = usable(image, nodata)
            except Unreadable as error:
                bad[done + i] = str(error)
                values[i] = 0
    facts["outlier"], facts["outliers"] = outlying(values)
    return values


def _examples(names: np.ndarray, index: np.ndarray) -> str:
    """Name one image of each number of channels and type."""
    found, first = np.unique(index[["height", "channels", "dtype"]], return_index=True)
    kinds = {(int(kind["channels"]), DTYPES[kind["dtype"]]): row for kind, row in zip(found, first, strict=True)}
    return "".join(f"\n  {names[row]}: {count(c, 'channel')}, {dtype}" for (c, dtype), row in kinds.items() if c)


class _NotUniform(Exception):  # noqa: N818 - a change of plan, not a failure
    """The images of the sample were alike, but not all the others."""


def _from_files(
    images: FileImages, size: Size, allocate: Allocate, cores: int, progress: Progress, *, uniform: bool
) -> Filled:
    rows = np.arange(len(images))
    looked_at = rows[:: -(-len(rows) // SAMPLE)] if uniform else rows
    index, bad = _collect(
        pool.run(Task(size.max_pixels, boxes=size.boxes), images, looked_at, cores), len(rows), 0, progress
    )
    kinds = _kinds(index, size)
    if uniform and len(kinds) != 1:
        raise _NotUniform
    if not kinds:
        raise unreadable(images.names, bad)
    try:
        rule, why = layout(kinds, size.img_size, size.fit, size.side)
        rule = replace(rule, nodata=size.nodata)
    except DataError as error:
        raise DataError(f"{error}:{_examples(images.names, index)}") from None
    if rule.fit == "keep":
        return Filled(rule, why, *_own_sizes(images, rule, size, index, bad, allocate, cores, progress))
    out = allocate(array_shape(len(rows), rule), rule.dtype)
    results = pool.run(Task(size.max_pixels, rule, out, size.boxes), images, rows, cores)
    if uniform:
        results = _only(kinds.keys(), results, size)
    return Filled(rule, why, *_collect(results, len(rows), rule.channels, progress))


def _own_sizes(
    images: FileImages, rule: ImageTransform, size: Size, seen: np.ndarray, unusable: Bad, allocate: Allocate,
    cores: int, progress: Progress,
) -> tuple[np.ndarray, Bad]:  # fmt: skip
    """Decode files whose headers were ``seen`` (n,), each in its own size, but for the ``unusable`` ones."""
    while True:
        sizes = np.stack([seen["height"], seen["width"]], axis=1).astype(np.int64)
        starts = starts_of(sizes, rule.channels)
        work = OwnSizes(size.max_pixels, rule, allocate((int(starts[-1]),), rule.dtype), sizes, starts)
        rows = np.delete(np.arange(len(sizes)), list(unusable))
        index, bad = _collect(pool.run(work, images, rows, cores), len(sizes), rule.channels, progress)
        if not bad:
            return index, unusable
        unusable |= bad  # good headers of damaged files: again, without room for them
        for side in ("height", "width"):
            seen[side][list(bad)] = 0


def _only(expected: Set[Kind], results: Generator[Result], size: Size) -> Iterator[Result]:
    """Pass results on while they are of the kinds that the sample promised."""
    with contextlib.closing(results):
        for rows, index, bad in results:
            if not _kinds(index, size).keys() <= expected:
                raise _NotUniform
            yield rows, index, bad


def _collect(results: Iterator[Result], n: int, channels: int, progress: Progress) -> tuple[np.ndarray, Bad]:
    """Put the workers' records in the order of the set."""
    index, bad, done = np.zeros(n, index_dtype(channels)), {}, 0
    for rows, facts, broken in results:
        index[rows] = facts
        bad |= broken
        done += len(rows)
        progress("reading images" if channels else "looking at images", done, n)
    return index, bad


def _kinds(index: np.ndarray, size: Size) -> dict[Kind, int]:
    """Count the kinds of readable images; where the user gave the size, their own makes no difference."""
    columns = ["height", "width", "channels", "dtype", "alpha"]
    found, numbers = np.unique(index[index["height"] > 0][columns], return_counts=True)
    kinds: dict[Kind, int] = {}
    for (height, width, channels, dtype, alpha), number in zip(found.tolist(), numbers.tolist(), strict=True):
        own = (height, width) if size.img_size is None else (1, 1)
        kind = Kind(*own, channels - (alpha > 0 and not size.alpha), DTYPES[dtype])
        kinds[kind] = kinds.get(kind, 0) + number
    return kinds
