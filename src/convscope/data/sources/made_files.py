"""Images that lie in several files, one a channel, or many in one file, one a page: shown as files of their own.

Each is handed out as the bytes of a ``.npy`` file, so that whoever reads files reads these.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from convscope.data.decode import open_image
from convscope.data.decode.encoded import Unreadable, stored
from convscope.data.sources.files import Files, Names, Payload
from convscope.errors import DataError

PAGED = (".tif", ".tiff")


class Made:
    """Files beside those of ``files``, under names of their own."""

    def __init__(self, files: Files, names: Sequence[str]) -> None:
        self.path = files.path
        self.names = list(names)
        self.folders, self.hidden, self.doubled = files.folders, files.hidden, files.doubled
        self._files = files

    def _sources(self, names: Names) -> list[str]:
        raise NotImplementedError

    def fingerprint(self, names: Names) -> str:
        """Return a hash of the names, and of what tells that the files behind them changed."""
        hashed = hashlib.blake2b(self._files.fingerprint(self._sources(names)).encode(), digest_size=16)
        for name in names:
            hashed.update(f"{name}\0".encode("utf-8", "surrogateescape"))
        return hashed.hexdigest()


class Pages(Made):
    """The pages of stacks: ``stack.tif[0]``, ``stack.tif[1]``, ...; ``depths`` tells how many each has."""

    def __init__(self, files: Files, depths: Mapping[str, int]) -> None:
        super().__init__(files, [f"{name}[{page}]" for name, depth in depths.items() for page in range(depth)])
        self._held: tuple[str, np.ndarray] = ("", np.zeros(0))

    def read(self, name: str) -> bytes:
        """Return one page."""
        stack, page = _split(name)
        if self._held[0] != stack:
            self._held = stack, read_stack(self._files, stack)
        return as_npy(self._held[1][page])

    def items(self, names: Names) -> Iterator[tuple[int, Payload]]:
        """Yield (position in ``names``, the page), stack by stack."""
        order = sorted(range(len(names)), key=lambda i: _split(names[i])[0])
        for stack, those in groupby(order, key=lambda i: _split(names[i])[0]):
            try:
                values = read_stack(self._files, stack)
            except DataError as error:
                yield from ((i, error) for i in those)
                continue
            yield from ((i, as_npy(values[_split(names[i])[1]])) for i in those)

    @property
    def files(self) -> Files:
        """The files whose pages these are."""
        return self._files

    def stacks(self, names: Names) -> list[str]:
        """Return which stacks the pages are of, each once, in their order."""
        return list(dict.fromkeys(_split(name)[0] for name in names))

    def _sources(self, names: Names) -> list[str]:
        return self.stacks(names)


class Channels(Made):
    """Images whose channels are files of their own: ``parts`` tells which."""

    def __init__(self, files: Files, parts: Mapping[str, Sequence[str]]) -> None:
        super().__init__(files, list(parts))
        self._parts = parts

    def read(self, name: str) -> bytes:
        """Return one image, channels last."""
        return _joined([self._files.read(part) for part in self._parts[name]])

    def items(self, names: Names) -> Iterator[tuple[int, Payload]]:
        """Yield (position in ``names``, the image)."""
        for i, name in enumerate(names):
            try:
                yield i, self.read(name)
            except (Unreadable, OSError, DataError) as error:
                yield i, error

    def _sources(self, names: Names) -> list[str]:
        return [part for name in names for part in self._parts[name]]


def read_stack(files: Files, name: str) -> np.ndarray:
    """Return a stack (pages, H, W) or (pages, H, W, C); ``DataError`` where the file is none."""
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(files.read(name))) as file:
            return file.series[0].asarray(maxworkers=1)
    except (OSError, ValueError, IndexError, tifffile.TiffFileError) as error:
        raise DataError(f"{name} cannot be read as a TIFF ({error}); is it complete?") from None


def stack_shape(files: Files, name: str) -> tuple[int, ...] | None:
    """Return (pages, H, W), or (pages, H, W, C), of a file of several pages; ``None`` for any other."""
    import tifffile

    if not name.lower().endswith(PAGED):
        return None
    try:
        with tifffile.TiffFile(io.BytesIO(files.read(name))) as file:
            series = file.series[0]
            axes, shape = series.axes, series.shape
    except (OSError, ValueError, IndexError, tifffile.TiffFileError):
        return None  # decoding says why
    pages = axes[:1] not in ("S", "C", "Y") and len(shape) in (3, 4) and axes[1:3] == "YX"
    return tuple(shape) if pages and shape[0] > 1 else None


def as_npy(values: np.ndarray) -> bytes:
    """Return an array as the bytes of a ``.npy`` file."""
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()


def _joined(parts: Sequence[bytes]) -> bytes:
    planes = [open_image(part).pixels() for part in parts]
    shapes = {plane.shape[:2] for plane in planes}
    if len(shapes) > 1:
        raise Unreadable(f"its channels are of different sizes ({', '.join(map(str, sorted(shapes)))})")
    return as_npy(stored(np.concatenate(planes, axis=-1)))


def _split(name: str) -> tuple[str, int]:
    stack, _, page = str(name).removesuffix("]").rpartition("[")
    return stack, int(page)
