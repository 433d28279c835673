"""Zip and tar archives read in place: nothing is unpacked to disk, and what could harm is refused by name.

A tar has no table of contents: listing it reads it through once, decoding once more.
"""

from __future__ import annotations

import bisect
import bz2
import contextlib
import gzip
import hashlib
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from convscope import atomic
from convscope.data.names import composed
from convscope.data.sources.files import Files, Folder, Names, Payload, file_stamp, is_hidden
from convscope.errors import DataError

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
NAMES = ("names", "folders", "hidden", "doubled")  # what is remembered of a tar beside where its files lie
MOST_MEMBERS = 20_000_000
MOST_RATIO = 200  # deflated photographs stay below 5, drawings below 100
FREE_SIZE = 64 << 20  # bytes that may come out of an archive before the ratio is looked at
BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError
)  # fmt: skip


def open_files(path: Path, cache: Path) -> Files:
    """Open a folder, zip or tar; the ``cache`` folder remembers where the files lie in a tar.

    Raises:
        DataError: the archive is damaged, encrypted, a bomb, or holds names that point outside of it.
    """
    if path.is_dir():
        return Folder(path)
    return Zip(path) if zipfile.is_zipfile(path) else Tar(path, cache)


class _Archive:
    """What zip and tar share: which names are taken, and which refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: list[str] = []
        self.folders: set[str] = set()
        self.hidden: list[str] = []
        self.doubled: list[str] = []

    def _admit(self, members: Iterator[tuple[str, bool]]) -> None:
        seen: set[str] = set()
        forms: dict[str, str] = {}  # by name, how a folder's was written first
        for raw, is_folder in members:
            name = _plain(raw)
            parts = name.split("/")
            if ".." in parts or name.startswith("/") or parts[0].endswith(":"):
                raise DataError(f"{self.path} holds {raw!r}, a name that points outside the archive; refused")
            if name == ".":  # the folder that was packed
                continue
            if any(map(is_hidden, parts)):
                self.hidden.append(name)
            elif is_folder:
                self.folders.add(name)
            elif name in seen:
                forms_too = "" if name.isascii() else ", perhaps in two Unicode forms (NFC, NFD)"
                raise DataError(f"{self.path} holds {name!r} twice{forms_too}; which one is meant?")
            else:
                seen.add(name)
                self.folders.update("/".join(parts[:k]) for k in range(1, len(parts)))
            if not raw.isascii():
                self._note_forms(_unix(raw).split("/")[: None if is_folder else -1], forms)
            if len(seen) > MOST_MEMBERS:
                raise DataError(f"{self.path} holds more than {MOST_MEMBERS:,} files; refused as a bomb")
        self.names = sorted(seen)

    def _note_forms(self, folders: list[str], forms: dict[str, str]) -> None:
        for k in range(1, len(folders) + 1):
            written = "/".join(folders[:k])
            if forms.setdefault(composed(written), written) != written:
                self.doubled.append(composed(written))
                return


class Zip(_Archive):
    """The files of a zip archive; its directory stands at its end, so any file can be read directly."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except BROKEN as error:
            raise _damaged(path, error) from None
        infos = self._zip.infolist()
        for info in infos:
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise DataError(f"{path} holds {info.filename!r}, a link or device; refused")
            if info.flag_bits & 1:
                raise DataError(f"{path} is encrypted ({info.filename!r}); unpack it with its password first")
            _check_ratio(path, info.filename, info.file_size, info.compress_size)
        _check_ratio(path, "all files together", sum(i.file_size for i in infos), path.stat().st_size)
        self._admit((_written(info), info.is_dir()) for info in infos)
        self._info = {_plain(_written(info)): info for info in infos}

    def read(self, name: str) -> bytes:
        """Return one file's bytes, its checksum verified."""
        return self._zip.read(self._info[name])

    def items(self, names: Names) -> Iterator[tuple[int, Payload]]:
        """Yield bytes in the order of the archive."""
        for i in sorted(range(len(names)), key=lambda i: self._info[names[i]].header_offset):
            try:
                yield i, self.read(names[i])
            except BROKEN as error:
                yield i, error

    def fingerprint(self, names: Names) -> str:
        """Return a hash of the archive's size, time, head and tail, and of its files' names, sizes and checksums."""
        # The listing alone would call a copy unchanged whose content was damaged on the way.
        hashed = hashlib.blake2b(file_stamp(self.path).encode(), digest_size=16)
        for name in names:
            info = self._info[name]
            hashed.update(f"{name}\0{info.file_size} {info.CRC}\n".encode())
        return hashed.hexdigest()


class Tar(_Archive):
    """The files of a tar archive, plain or compressed, read from front to back; the cache keeps where each lies."""

    def __init__(self, path: Path, cache: Path) -> None:
        super().__init__(path)
        self._stamp = file_stamp(path)
        memory = cache / "archives" / f"{self._stamp}.npz"
        try:
            with np.load(memory, allow_pickle=False) as known:
                self.names, folders, self.hidden, self.doubled = (_unpacked(known[key]) for key in NAMES)
                self.folders, self._where = set(folders), known["where"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            where: dict[str, tuple[int, int]] = {}
            self._admit(self._members(where))
            self._where = np.array([where[name] for name in self.names], np.int64).reshape(-1, 2)
            with contextlib.suppress(OSError):  # it only saves reading the archive once more
                memory.parent.mkdir(parents=True, exist_ok=True)
                texts = {key: _packed(getattr(self, key)) for key in NAMES}
                with atomic.replacing(memory) as new:
                    np.savez(new, where=self._where, **texts)  # pyright: ignore

    def _members(self, where: dict[str, tuple[int, int]]) -> Iterator[tuple[str, bool]]:
        with self._open() as stream:
            bounded: Any = _Bounded(self.path, stream)
            with tarfile.open(fileobj=bounded, mode="r:") as tar:
                for member in tar:
                    if not (member.isdir() or member.isreg()) or member.issparse():
                        raise DataError(f"{self.path} holds {member.name!r}, a link or device; refused")
                    where[_plain(member.name)] = member.offset_data, member.size
                    tar.members = []  # type: ignore[assignment]  # else it keeps them all
                    yield member.name, member.isdir()

    @contextlib.contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        try:
            with self.path.open("rb") as raw:
                opener = _decompressor(raw.peek(6))
                if opener is None:
                    yield raw
                else:
                    with opener(raw) as stream:
                        yield stream
        except BROKEN as error:
            raise _damaged(self.path, error) from None

    def read(self, name: str) -> bytes:
        """Return one file's bytes; a compressed archive is read from its start to there."""
        ((_, data),) = self.items([name])
        assert isinstance(data, bytes)
        return data

    def items(self, names: Names) -> Iterator[tuple[int, Payload]]:
        """Yield bytes in the order of the archive."""
        with self._open() as stream:
            at = np.fromiter((bisect.bisect_left(self.names, name) for name in names), np.int64, len(names))
            for i in np.argsort(self._where[at, 0]):
                offset, size = self._where[at[i]].tolist()
                stream.seek(offset)
                data = stream.read(size)
                if len(data) < size:
                    raise EOFError(f"it ends within {names[i]}")
                yield int(i), data

    def fingerprint(self, names: Names) -> str:
        """Return a hash of the names and of the archive's size, time, head and tail."""
        hashed = hashlib.blake2b(self._stamp.encode(), digest_size=16)
        for name in names:
            hashed.update(f"{name}\0".encode("utf-8", "surrogateescape"))
        return hashed.hexdigest()


class _Bounded:
    """A decompressed stream that stops when far more comes out than went in."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path, self._stream, self._packed = path, stream, path.stat().st_size
        self.tell = stream.tell

    def read(self, size: int) -> bytes:
        self._check(size)
        return self._stream.read(size)

    def seek(self, position: int) -> int:
        self._check(position - self.tell())
        return self._stream.seek(position)

    def _check(self, more: int) -> None:
        _check_ratio(self._path, "its content", self.tell() + more, self._packed)


def _packed(texts: Iterable[str]) -> np.ndarray:
    return np.frombuffer("\0".join(texts).encode("utf-8", "surrogateescape"), np.uint8)


def _unpacked(packed: np.ndarray) -> list[str]:
    return packed.tobytes().decode("utf-8", "surrogateescape").split("\0") if packed.size else []


def _written(info: zipfile.ZipInfo) -> str:
    """Return a zip member's name; macOS writes UTF-8 without the flag that says so, which reads as code page 437."""
    if not info.flag_bits & 0x800 and not info.filename.isascii():
        with contextlib.suppress(UnicodeError):
            return info.filename.encode("cp437").decode("utf-8")
    return info.filename


def _plain(name: str) -> str:
    """Return a member's name as all others are written."""
    return composed(_unix(name))


def _unix(name: str) -> str:
    """Return a member's name with slashes; Windows may separate by backslashes."""
    return name.replace("\\", "/").removeprefix("./").rstrip("/") or "."


def _decompressor(head: bytes) -> Any:
    for magic, opener in ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open)):
        if head.startswith(magic):
            return opener
    return None


def _check_ratio(path: Path, what: str, unpacked: int, packed: int) -> None:
    if unpacked > FREE_SIZE and unpacked > MOST_RATIO * packed:
        raise DataError(
            f"{path}: {what} would unpack to {unpacked:,} bytes or more from {packed:,} (over {MOST_RATIO} to 1); "
            "refused as a bomb. If you trust it, unpack it yourself and give the folder"
        )


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} cannot be read as a zip or tar archive ({error}); is it complete?")
