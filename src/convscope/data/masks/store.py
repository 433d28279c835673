"""Decoded masks on disk, as they are stored, so that other settings need not decode them again.

    <cache>/masks/<key>/raw.bin      the values of each mask, one after the other, in their own type
                        masks.npy    (n,) records: where each lies, its size (without depth: 2 axes) and type
                        values.npy   (k,) records: of each value of each mask how many pixels in how many pieces
                        set.json     which masks cannot be read, palette, how long it took, checksums

An entry appears whole or not at all. It is found by what tells that a mask changed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from convscope.data.columns.array_file import FACTS
from convscope.data.decode import limited
from convscope.data.decode.encoded import Unreadable
from convscope.data.ingest.build import Progress
from convscope.data.ingest.pool import PATIENCE, Bad, processes
from convscope.data.ingest.store import building, explained, publish
from convscope.data.listing import MaskReader, RawMask
from convscope.data.masks.values import VALUE, Values, values_of

VERSION = 2
ALIGNED = 8  # bytes: where each mask begins, so that it can be read in its own type
CHUNK = 16  # masks handed to another process at a time
DTYPES = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "int64", "uint64", "float16", "float32", "float64")
MASK = np.dtype(
    [
        ("start", "<i8"), ("depth", "<i8"), ("height", "<i8"), ("width", "<i8"), ("dtype", "u1"), ("colours", "?"),
        ("distinct", "<i8"), ("not_finite", "<i8"),
    ]
)  # fmt: skip

_Decode = Callable[[], RawMask]
_Examined = tuple[int, RawMask | None, Values | None, str]


@dataclass(frozen=True)
class Raw:
    """The masks of a set as stored: ``masks`` (n,) and ``values`` (k,), records, the latter by row and value.

    ``bad`` are those that cannot be read. ``classes`` are those of the objects of each mask, where a source tells them.
    """

    folder: Path
    bytes: np.ndarray
    masks: np.ndarray
    values: np.ndarray
    bad: Bad
    palette: bytes
    classes: dict[int, list[int]]
    seconds: float
    hit: bool
    rows: np.ndarray
    crc: int

    def __len__(self) -> int:
        return len(self.masks)

    @property
    def is_damaged(self) -> bool:
        """Whether the values are not those that were written; looking at all of them takes half a second a gigabyte."""
        return zlib.crc32(self.bytes.data) != self.crc

    def some(self, rows: np.ndarray) -> Raw:
        """Return some of the masks, counted from 0 again."""
        place = np.full(len(self), -1)
        place[rows] = np.arange(len(rows))
        values = self.values[place[self.values["row"]] >= 0]
        values["row"] = place[values["row"]]
        classes = {int(place[row]): held for row, held in self.classes.items() if place[row] >= 0}
        bad = {int(place[row]): why for row, why in self.bad.items() if place[row] >= 0}
        return replace(self, masks=self.masks[rows], values=values, bad=bad, classes=classes, rows=self.rows[rows])

    def values_of(self, row: int, *, colours: bool, by_class: bool) -> np.ndarray:
        """Return one mask's values (H, W); where ``colours`` are not meant, of grey colours their grey.

        Where the source tells the classes of objects, the values are those (``by_class``), or objects' numbers.
        """
        values = self[row]
        if row in self.classes:
            return self.meanings(row, by_class=by_class)[values]
        return values & 0xFF if self.masks["colours"][row] and not colours else values

    def meanings(self, row: int, *, by_class: bool) -> np.ndarray:
        """Return what each object's number means in a mask whose source tells: its class, or itself; -1 is void."""
        classes = np.array(self.classes[row], np.int32)
        return classes if by_class else np.where(classes < 0, classes, np.arange(len(classes), dtype=np.int32))

    def __getitem__(self, row: int) -> np.ndarray:
        """Return one mask as stored (H, W); one that cannot be read is empty."""
        record = self.masks[row]
        dtype = np.dtype(DTYPES[record["dtype"]])
        shape = self.sizes[row]
        start = int(record["start"])
        return self.bytes[start : start + int(shape.prod()) * dtype.itemsize].view(dtype).reshape(shape)

    @property
    def sizes(self) -> np.ndarray:
        """The size of each mask, (n, 2), of volumes (n, 3); 0 where one cannot be read."""
        axes = ("depth", "height", "width") if self.masks["depth"].any() else ("height", "width")
        return np.stack([self.masks[axis] for axis in axes], axis=1)


def raw_masks(reader: MaskReader, root: Path, max_pixels: int, cores: int, progress: Progress) -> Raw:
    """Return the decoded masks, from the cache or decoded into it.

    Raises:
        Error: the cache cannot be written.
    """
    key = f"{VERSION} {reader.fingerprint()} {max_pixels}"
    folder = root / "masks" / hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    if (raw := _open(folder, len(reader), hit=True)) is not None:
        return raw
    shutil.rmtree(folder, ignore_errors=True)  # whatever lies there is no complete entry
    started = time.perf_counter()
    with building(folder.parent) as new:
        with explained(root), (new / "raw.bin").open("wb") as stream:
            facts = _write(stream, new, reader, max_pixels, cores, progress)
        facts = json.loads(json.dumps({**facts, "seconds": time.perf_counter() - started}))  # as it will be read
        with explained(root):
            (new / FACTS).write_text(json.dumps({"checksum": zlib.crc32(json.dumps(facts).encode()), **facts}))
            publish(new, folder)
    raw = _open(folder, len(reader), hit=False)
    assert raw is not None, folder
    return raw


def _open(folder: Path, n: int, *, hit: bool) -> Raw | None:
    """Map a complete entry; ``None`` where there is none, or it is not as it was written."""
    try:
        facts = json.loads((folder / FACTS).read_text())
        masks, values = (np.load(folder / f"{name}.npy") for name in ("masks", "values"))
        data = folder / "raw.bin"
        whole = np.memmap(data, np.uint8, "r") if data.stat().st_size else np.zeros(0, np.uint8)
        known = facts.pop("checksum") == zlib.crc32(json.dumps(facts).encode())
        known &= facts["size"] == whole.size and facts["index"] == _crc(masks, values)
        if not known or len(masks) != n:
            return None
    except (OSError, ValueError, KeyError):
        return None
    bad = {int(row): why for row, why in facts["bad"].items()}
    classes = {int(row): those for row, those in facts["classes"].items()}
    return Raw(
        folder, whole.view(np.ndarray), masks, values, bad, bytes.fromhex(facts["palette"]), classes,
        facts["seconds"], hit, np.arange(len(masks)), facts["crc"],
    )  # fmt: skip


def _crc(*arrays: np.ndarray) -> int:
    return functools.reduce(lambda crc, array: zlib.crc32(array.tobytes(), crc), arrays, 0)


def _write(
    stream: IO[bytes], new: Path, reader: MaskReader, max_pixels: int, cores: int, progress: Progress
) -> dict[str, Any]:
    """Decode all masks into ``stream``, write what is known of them, and return the facts."""
    masks, values, bad = np.zeros(len(reader), MASK), [np.zeros(0, VALUE)], {}
    palettes, classes, crc, size = set[bytes](), {}, 0, 0
    for done, (row, mask, found, why) in enumerate(_examined(reader, max_pixels, cores)):
        progress("reading masks", done + 1, len(reader))
        if mask is None or found is None:
            bad[row] = why
            continue
        stored = np.ascontiguousarray(mask.values).astype(mask.values.dtype.newbyteorder("="), copy=False)
        data = stored.tobytes() + bytes(-stored.nbytes % ALIGNED)
        depth, height, width = (0, *stored.shape)[-3:]
        masks[row] = (
            stream.tell(), depth, height, width, DTYPES.index(stored.dtype.name), mask.colours, found.distinct,
            found.bad,
        )  # fmt: skip
        stream.write(data)
        crc, size = zlib.crc32(data, crc), size + len(data)
        values.append(found.values)
        palettes.add(mask.palette)
        if mask.classes is not None:
            classes[row] = mask.classes.tolist()
    together = np.concatenate(values)
    together = together[np.lexsort((together["value"], together["row"]))]
    np.save(new / "masks.npy", masks)
    np.save(new / "values.npy", together)
    palette = palettes.pop().hex() if len(palettes) == 1 else ""
    return {
        "bad": bad,
        "classes": classes,
        "palette": palette,
        "crc": crc,
        "size": size,
        "index": _crc(masks, together),
    }


def _examined(reader: MaskReader, max_pixels: int, cores: int) -> Iterator[_Examined]:
    """Decode masks one by one, in other processes too once that pays."""
    started, done = time.perf_counter(), 0
    pool: Executor | None = None
    waiting: set[Future[list[_Examined]]] = set()
    chunk: list[tuple[int, _Decode]] = []
    with ExitStack() as stack, limited(max_pixels):
        for item in reader.each(max_pixels):
            chunk.append(item)
            left = (time.perf_counter() - started) / max(1, done) * (len(reader) - done)
            if cores > 1 and pool is None and done and left > PATIENCE:
                pool = stack.enter_context(processes(cores - 1))
            if pool is not None and len(waiting) < 2 * (cores - 1):
                if len(chunk) >= CHUNK:
                    waiting.add(pool.submit(_in_process, max_pixels, chunk))
                    done, chunk = done + len(chunk), []
                continue
            done += len(chunk)
            yield from _look(chunk)
            chunk = []
            ready = {future for future in waiting if future.done()}
            waiting -= ready
            for future in ready:
                yield from future.result()
        yield from _look(chunk)
        for future in as_completed(waiting):
            yield from future.result()


def _in_process(max_pixels: int, chunk: list[tuple[int, _Decode]]) -> list[_Examined]:
    with limited(max_pixels):
        return _look(chunk)


def _look(chunk: list[tuple[int, _Decode]]) -> list[_Examined]:
    return [_of_one(row, decode) for row, decode in chunk]


def _of_one(row: int, decode: _Decode) -> _Examined:
    """Decode one mask and count its values, or say why it cannot be read."""
    try:
        mask = decode()
    except Unreadable as error:
        return row, None, None, str(error)
    return row, mask, values_of(mask, row), ""
