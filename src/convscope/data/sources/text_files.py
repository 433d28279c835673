"""Texts in files: a folder of text files for each class (below splits, perhaps), or a file for each, a text a line."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from convscope.data.listing import Listing
from convscope.data.sources.candidate import SPLITS, Candidate
from convscope.data.sources.cells import Joined, RowNames, packed
from convscope.data.sources.columns import Columns
from convscope.data.sources.fasta import classes_of_files
from convscope.data.sources.files import Files, ending, is_image
from convscope.data.sources.splitnames import split_of, split_word
from convscope.data.sources.tabular import place
from convscope.data.sources.text_listing import TextRows, listing_of
from convscope.data.sources.textlines import lines_of, opened
from convscope.errors import DataError

_ABOUT = re.compile(r"^(readme|licen[cs]e|copying|notice|changelog|classes|labels|requirements)", re.IGNORECASE)


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate where text files, and nothing but, tell classes by their folders or their names."""
    names = [name for name in files.names if ending(name) == ".txt" and not _ABOUT.match(name.rpartition("/")[2])]
    if any(map(is_image, files.names)):
        return []
    said, by_file = classes_of_files(names)
    if not by_file or (said != "the folder" and not all(_has_lines(files, name) for name in names)):
        return []
    read_all = functools.partial(read, files, names, columns)
    return [Candidate("text files", ".", read_all, files=tuple(names))]


def read(files: Files, names: Sequence[str], columns: Columns) -> Listing:
    """List texts: each file of a class's folder is one; of a file for a class each line is.

    Raises:
        DataError: an empty file or line, or bytes that are no text.
    """
    said, by_file = classes_of_files(names)
    whole = said == "the folder"
    parts = [_whole(files, name) if whole else _lines(files, name) for name in names]
    sizes = [len(texts) for texts, _ in parts]
    rows = TextRows(
        texts=Joined(texts for texts, _ in parts),
        refs=Joined(refs for _, refs in parts),
        labels=[by_file[name] for name, size in zip(names, sizes, strict=True) for _ in range(size)],
        split=[_split(name) for name, size in zip(names, sizes, strict=True) for _ in range(size)],
        ids=names if whole else (),
    )
    kind = "text files, a folder a class" if whole else f"text files {', '.join(names)}, a class each, a text a line"
    return listing_of(files, rows, kind, columns)


def _has_lines(files: Files, name: str) -> bool:
    """Tell whether a file holds several texts, or bytes that are none, which reading it says: a note is no class."""
    try:
        with opened(files, name) as stream:
            filled = (line for line in lines_of(stream, place(files, name)) if line.strip())
            return len(list(islice(filled, 2))) == 2
    except DataError:
        return True


def _whole(files: Files, name: str) -> tuple[Sequence[str], Sequence[str]]:
    with opened(files, name) as stream:
        text = "".join(lines_of(stream, place(files, name))).strip()
    if not text:
        raise DataError(f"{place(files, name)}: is empty; fill it in or remove the file")
    return [text], [name]


def _lines(files: Files, name: str) -> tuple[Sequence[str], Sequence[str]]:
    rows: list[int] = []

    def read() -> Iterator[str]:
        with opened(files, name) as stream:
            for number, line in enumerate(lines_of(stream, place(files, name)), 1):
                if text := line.strip():
                    rows.append(number)
                    yield text

    texts = packed(read())
    if not rows:
        raise DataError(f"{place(files, name)}: is empty; expected a text a line")
    return texts, RowNames(rows, name)


def _split(name: str) -> str:
    *folders, last = name.split("/")
    inner = [folder for folder in folders if folder.lower() in SPLITS]
    return split_of(inner) or split_word(last.rpartition(".")[0])
