"""Files decoded by several workers at once, straight into one array file; only small facts travel back.

simplejpeg lets other threads run while it decodes. Pillow hardly does, so it takes processes, which need half a second to
start; they import neither torch nor the user's script, and are started only where the work outlasts that.
"""

from __future__ import annotations

import functools
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.data.decode import limited, open_image
from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.jpeg import releases_lock
from convscope.data.index import DTYPES, content, examine, index_dtype
from convscope.data.preprocessing import Preprocessing
from convscope.data.sizing import prepare
from convscope.data.sources.files import FileImages, Payload

Bad = dict[int, str]  # row -> why it cannot be read
Result = tuple[list[int], np.ndarray, Bad]  # rows (k), their records (k,), which of them are bad

CHUNK, CHUNK_BYTES = 256, 4 << 20  # images, and bytes of pixels, handled at a time
PATIENCE = 2.0  # seconds of work left from which starting processes pays
HEADER = ("height", "width", "channels", "dtype", "note")


@dataclass(frozen=True)
class Task:
    """What to do with files: decode them by ``rule`` into the array file ``out``, or only read their headers."""

    max_pixels: int
    rule: Preprocessing | None = None
    out: Path | None = None

    def __call__(self, rows: list[int], payloads: list[Payload]) -> Result:
        """Work on some files, and say what they are."""
        index = np.zeros(len(rows), index_dtype(self.rule.channels if self.rule else 0))
        hashes, headers, bad = [], [], {}
        block = self._room(rows)
        for i, payload in enumerate(payloads):
            try:
                data = payload_bytes(payload)
                image = open_image(data, self.max_pixels)
                if self.rule is not None and block is not None:
                    block[i] = prepare(image, self.rule)
                    hashes.append(content(data))
                headers.append((image.height, image.width, image.channels, DTYPES.index(image.dtype), image.note))
            except Unreadable as error:
                bad[rows[i]] = str(error)
                hashes.append(bytes(16))
                headers.append((0, 0, 0, 0, ""))
        for name, values in zip(HEADER, zip(*headers, strict=True), strict=True):
            index[name] = values
        if block is not None:
            index["content"] = np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 16)
            examine(block, index)
            self._keep(rows, block)
        return rows, index, bad
