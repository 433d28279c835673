"""Files written whole or not at all: beside themselves, synced, then renamed into place.

Whatever happens on the way (a full disk, an error of the disk, a kill), what stood at the path stays. What a killed
writer leaves ends in ``.new``; nothing reads it, and the next writer of the same file writes over it.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Provide a file to write, beside ``path``; it takes that place when the block ends without an error.

    Raises ``OSError``, with nothing left behind, where it cannot be written.
    """
    file = _beside(path)
    new = Path(file.name)
    with file:  # locked until it is closed, so that no other writer takes it for a dead one's
        try:
            yield file
            _sync(file)
            new.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                new.unlink()  # half a file would keep a full disk full
            raise
    sync(path.parent)


def write(path: Path, *pieces: bytes | memoryview) -> None:
    """Replace a file by these bytes; ``OSError`` where they cannot be written, and then the old file stays."""
    with replacing(path) as file:
        file.writelines(pieces)


def write_together(contents: Mapping[Path, bytes | Iterable[bytes]]) -> None:
    """Replace several files by bytes, or by their pieces: none before the disk has all; the last named one first."""
    with contextlib.ExitStack() as stack:
        for path, content in contents.items():
            file = stack.enter_context(replacing(path))
            file.writelines([content] if isinstance(content, bytes) else content)
            _sync(file)


def write_synced(path: Path, *pieces: bytes | memoryview) -> None:
    """Write a file in place, where nothing reads it yet, and wait until the disk has it."""
    with path.open("wb") as file:
        file.writelines(pieces)
        _sync(file)


def sync(path: Path) -> None:
    """Wait until the disk has a file, or a folder's entries: a file's new name is not kept by syncing the file."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _beside(path: Path) -> IO[bytes]:
    """Open an empty file beside ``path`` that no other writer is at work on."""
    for number in itertools.count():
        new = path.with_name(f"{path.name}.{number}.new" if number else f"{path.name}.new")
        while True:
            file = open(new, "w+b", opener=_without_truncating)  # noqa: SIM115 - the caller closes it
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # its writer is alive
                file.close()
                break
            except OSError:  # a file system without locks
                pass
            if _is_at(file, new):
                file.truncate()
                return file
            file.close()  # another writer has just moved it to its place
    raise AssertionError("there is always another number")


def _without_truncating(path: str, flags: int) -> int:
    return os.open(path, flags & ~os.O_TRUNC, 0o666)


def _is_at(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
