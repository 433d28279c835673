"""Sequences in FASTA files: a class each, in a folder a class, or with the class in each record's header.

A header says its class as ``label=EI`` (or class=, target=), or as its last field (``>seq1|EI``, ``>seq1 EI``) where
these repeat. A sequence may go over several lines.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from convscope.data.listing import Listing
from convscope.data.sources.candidate import SPLITS, Candidate
from convscope.data.sources.cells import packed
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, ending
from convscope.data.sources.splitnames import split_of, split_word
from convscope.data.sources.tabular import place
from convscope.data.sources.text_listing import TextRows, listing_of
from convscope.data.sources.text_table import told_apart
from convscope.data.sources.textlines import lines_of, opened
from convscope.errors import DataError
from convscope.text import listed

ENDINGS = (".fasta", ".fa", ".fna", ".fas", ".faa")
_LABEL = re.compile(r"(?:^|[\s|;\[])(?:label|class|target)=([^\s|;\]]+)", re.IGNORECASE)
_SPLIT = re.compile(r"(?:^|[\s|;\[])split=([^\s|;\]]+)", re.IGNORECASE)


class Record(NamedTuple):
    """One sequence: the line of its header, the header without its mark, and its letters."""

    line: int
    header: str
    sequence: str


def find(files: Files, columns: Columns, names: Sequence[str] | None = None) -> list[Candidate]:
    """Return a candidate where there are FASTA files."""
    names = [name for name in files.names if ending(name) in ENDINGS] if names is None else names
    if not names:
        return []
    read_all = functools.partial(read, files, names, columns)
    return [Candidate("FASTA files", ", ".join(names), read_all, files=tuple(names))]


def read(files: Files, names: Sequence[str], columns: Columns) -> Listing:
    """List the sequences of FASTA files, classes as headers, folders or files say.

    Raises:
        DataError: letters before the first header, a record without a sequence, or nothing that tells classes.
    """
    records = [[*records_in(files, name)] for name in names]
    each = [(name, record) for name, held in zip(names, records, strict=True) for record in held]
    if not each:
        raise DataError(f"{files.path}: no record in {listed(names, 3)}; expected lines that begin with >")
    headers = [record.header for _, record in each]
    said, labels = _labels(headers)
    if not labels:
        said, by_file = classes_of_files(names)
        labels = [by_file[name] for name, _ in each] if by_file else []
    if not labels:
        raise DataError(
            f"{place(files, names[0])}: nothing tells the classes of its {len(each):,} sequences: give a file for each "
            "class, or write it into each header (>name label=EI)"
        )
    rows = TextRows(
        texts=packed(record.sequence for _, record in each),
        refs=packed(f"{record.line} of {name}" for name, record in each),
        labels=labels,
        split=[_split(name, record.header) for name, record in each],
        ids=[header.split()[0] if header else "" for header in headers],
        line_of=lambda row, letter: _line_of(files, each[row][0], each[row][1].line, letter),
    )
    kind = f"FASTA {'files' if len(names) > 1 else 'file'} {listed(names, 3)} (class={said})"
    return listing_of(files, rows, kind, columns)


def _line_of(files: Files, name: str, header: int, letter: int) -> int:
    """Return the line that holds a letter (from 0) of the record whose header is line ``header`` of a file.

    The file is read anew: this is for a message about it.
    """
    with opened(files, name) as stream:
        for number, text in enumerate(lines_of(stream, place(files, name), "line"), 1):
            if number <= header or text.startswith(";"):
                continue
            letters = len("".join(text.split()))
            if letter < letters:
                return number
            letter -= letters
    return header


def records_in(files: Files, name: str) -> Iterator[Record]:
    """Yield the records of a FASTA file; comments (;) and blank lines are left out.

    Raises:
        DataError: letters before the first header, or a record without any; file and line are named.
    """
    with opened(files, name) as stream:
        yield from records_of(lines_of(stream, place(files, name), "line"), place(files, name))


def records_of(lines: Iterable[str], where: str) -> Iterator[Record]:
    """Yield the records in the lines of a FASTA file; raises as ``records_in``.

    >>> [record.sequence for record in records_of([">a", "AC", "gt", ">b", "T"], "a.fa")]
    ['ACgt', 'T']
    """
    line, header, parts = 0, "", list[str]()
    for number, text in enumerate(lines, 1):
        text = text.strip()
        if text.startswith(">"):
            if line:
                yield _whole(where, line, header, parts)
            line, header, parts = number, text[1:].strip(), []
        elif text and not text.startswith(";"):
            if not line:
                raise DataError(f"{where} line {number}: expected a header (>name), found {text[:30]!r}")
            parts.append("".join(text.split()))
    if line:
        yield _whole(where, line, header, parts)


def _whole(where: str, line: int, header: str, parts: list[str]) -> Record:
    sequence = "".join(parts).rstrip("*")
    if not sequence:
        raise DataError(f"{where} line {line}: no sequence below >{header[:40]}; fill it in or remove the record")
    return Record(line, header, sequence)


def _labels(headers: Sequence[str]) -> tuple[str, list[str]]:
    """Return what headers say of classes, and how; nothing where they do not."""
    told = [_LABEL.search(header) for header in headers]
    if all(told):
        return "label= in the header", [match[1] for match in told if match]
    for mark, called in (("|", "behind the last | of the header"), (None, "the last word of the header")):
        fields = [header.split(mark) for header in headers]
        labels = [each[-1].strip() for each in fields]
        if all(len(each) > 1 and each[-1].strip() for each in fields) and 1 < len(set(labels)) <= len(labels) / 2:
            return called, labels
    return "", []


def classes_of_files(names: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return what tells classes apart and the class of each file: its folder's name, else its own; none for one class.

    >>> classes_of_files(["train/pos/1.txt", "train/neg/1.txt"])[1]
    {'train/pos/1.txt': 'pos', 'train/neg/1.txt': 'neg'}
    >>> classes_of_files(["male_train.txt", "female.txt"])
    ('the file', {'male_train.txt': 'male', 'female.txt': 'female'})
    """
    folders = [[part for part in name.split("/")[:-1] if part.lower() not in SPLITS] for name in names]
    labels = [parts[-1] if parts else "" for parts in folders]
    if all(labels) and len(set(labels)) > 1:
        return "the folder", dict(zip(names, labels, strict=True))
    stems = [name.rpartition("/")[2].rpartition(".")[0] for name in names]
    if len(set(stems)) < 2:
        return "", {}
    plain = [_without_split(stem) for stem in stems]
    known = [*dict.fromkeys(plain)]
    if len(known) < 2:
        return "", {}
    short = dict(zip(known, told_apart(known), strict=True))
    return "the file", {name: short[stem] for name, stem in zip(names, plain, strict=True)}


def _without_split(stem: str) -> str:
    words = [word for word in re.split(r"[\W_]+", stem) if word.lower() not in SPLITS]
    return "_".join(words) if split_word(stem) and words else stem


def _split(name: str, header: str) -> str:
    *folders, last = name.split("/")
    told = _SPLIT.search(header)
    return SPLITS.get(told[1].lower(), "") if told else split_of(folders) or split_word(last.rpartition(".")[0])
