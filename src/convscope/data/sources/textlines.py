"""The text of a file, line by line, in one Unicode form: UTF-8, or UTF-16 where its first bytes say so."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import BinaryIO

from convscope.data.names import composed
from convscope.data.sources.files import Contents, Folder
from convscope.errors import DataError

CHUNK = 1 << 20
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb\xbf": "utf-8"}


def opened(files: Contents, name: str) -> BinaryIO:
    """Open one of some files to be read: on disk as it lies, of an archive as a whole in memory."""
    return files.locate(name).open("rb") if isinstance(files, Folder) else io.BytesIO(files.read(name))


def lines_of(stream: BinaryIO, where: str, word: str = "row") -> Iterator[str]:
    """Yield the lines of a file from its begin on, with their ends; ``word`` is what messages call a line.

    Raises:
        DataError: it is neither UTF-8 nor marked as UTF-16, or holds zero bytes; the line is named.
    """
    encoding, mark = _encoding(stream)
    stream.seek(mark)
    reader = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        for number, line in enumerate(reader, 1):
            if "\0" in line:
                raise DataError(
                    f"{where} {word} {number}: not UTF-8 text, but perhaps UTF-16 (it holds zero bytes); save it as "
                    "UTF-8"
                )
            yield line if line.isascii() else composed(line)
        return
    except UnicodeDecodeError:
        pass
    finally:
        with contextlib.suppress(ValueError):  # closed before: a reader was left in the middle
            reader.detach()  # else the stream is closed with its reader
    raise _undecodable(stream, encoding, where, word)


def occurs(stream: BinaryIO, text: str) -> bool:
    """Tell whether a file holds a text."""
    encoding, mark = _encoding(stream)
    wanted, kept = text.encode(encoding), b""
    stream.seek(mark)
    while chunk := stream.read(CHUNK):
        if wanted in kept + chunk:
            return True
        kept = chunk[1 - len(wanted) :]
    return False


def _encoding(stream: BinaryIO) -> tuple[str, int]:
    """Return a file's encoding, and how many bytes say so."""
    stream.seek(0)
    head = stream.read(3)
    return next(((_MARKS[mark], len(mark)) for mark in _MARKS if head.startswith(mark)), ("utf-8", 0))


def _undecodable(stream: BinaryIO, encoding: str, where: str, word: str) -> DataError:
    """Say where a file is no text, and what its line would be in the encoding that it may have."""
    stream.seek(0)
    place = 0
    for number, line in enumerate(stream, 1):
        try:
            line.decode(encoding) if encoding == "utf-8" else None
        except UnicodeDecodeError as error:
            shown = line.decode("latin-1").strip()[:60]
            return DataError(
                f"{where}: not UTF-8 text at byte {place + error.start} ({word} {number}, as Latin-1 {shown!r}); save "
                "it as UTF-8, as iconv -f latin1 -t utf8 does"
            )
        place += len(line)
    return DataError(f"{where}: not {encoding.upper()} text; save it as UTF-8")
