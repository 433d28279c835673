"""Files decoded each in its own size, one behind the other into a flat array file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.data.decode import open_image
from convscope.data.decode.encoded import Unreadable
from convscope.data.ingest.pool import HEADER, Bad, Result, payload_bytes
from convscope.data.ingest.stats import DTYPES, content, examine, forget_buffers, index_dtype
from convscope.data.sources.arrays import read_header
from convscope.data.sources.files import Payload
from convscope.data.transforms.image import ImageTransform, prepared

AT_ONCE = 8  # images that make one piece of work
LARGE = 1 << 22  # numbers of an image from which on the room to examine it is given back at once


def starts_of(sizes: np.ndarray, channels: int) -> np.ndarray:
    """Return where each image of sizes (n, 2) begins in a flat array, and where the last ends, (n + 1,).

    >>> starts_of(np.array([[2, 3], [1, 1]]), 3).tolist()
    [0, 18, 21]
    """
    return np.concatenate(([0], np.cumsum(np.asarray(sizes, np.int64).prod(1) * channels)))


@dataclass(frozen=True)
class OwnSizes:
    """What to do with files that keep their sizes (n, 2): decode them by ``rule`` to their ``starts`` in ``out``."""

    max_pixels: int
    rule: ImageTransform
    out: Path
    sizes: np.ndarray
    starts: np.ndarray

    @property
    def chunk(self) -> int:
        """How many images make one piece of work."""
        return AT_ONCE

    def __call__(self, rows: list[int], payloads: list[Payload]) -> Result:
        """Work on some files, and say what they are."""
        index, bad = np.zeros(len(rows), index_dtype(self.rule.channels)), Bad()
        for i, payload in enumerate(payloads):
            try:
                self._decode(rows[i], payload, index[i : i + 1])
            except Unreadable as error:
                bad[rows[i]] = str(error)
                index[i] = np.zeros((), index.dtype)
                index["outlier"][i] = np.nan
        return rows, index, bad

    def _decode(self, row: int, payload: Payload, facts: np.ndarray) -> None:
        encoded = payload_bytes(payload)
        image = open_image(encoded, self.max_pixels)
        ready = prepared(image, self.rule)
        pixels = np.ascontiguousarray(ready.pixels)
        if pixels.shape[:2] != tuple(self.sizes[row]):
            raise Unreadable("changed while it was read: it had another size before")
        header = (image.height, image.width, image.channels, DTYPES.index(image.dtype), image.note, *ready[1:])
        for name, value in zip(HEADER, header, strict=True):
            facts[name] = value
        facts["content"] = np.frombuffer(content(encoded), np.uint8)
        examine(pixels[None], facts)
        if pixels.size > LARGE:
            forget_buffers()
        with self.out.open("r+b", buffering=0) as stream:
            read_header(stream)
            stream.seek(stream.tell() + int(self.starts[row]) * pixels.itemsize)
            stream.write(pixels.data)
